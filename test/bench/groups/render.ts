import type { Group } from "../group.ts";
import { type BenchImage, benchFormula, benchImage } from "../images.ts";
import { type Measured, measure } from "../measure.ts";
import { OrdinaryWay } from "../ordinary.ts";
import { Pipeline } from "../pipeline.ts";
import { atLeast, atMost, note, type Row } from "../row.ts";

/** Pixels a side: more tiles than are ever asked for, so that each cold one is read and decoded. */
const TILES_A_SIDE = 64;
/** Room for the tiles that stay decoded, and far too little for all. */
const CACHE_BYTES = 64 * 2 ** 20;
/** Tiles whose chunks stay decoded while formulas change. */
const WARM = 16;
/** V8 takes so many tiles until it has compiled the way of a tile for good. */
const WARMUP = 2000;

interface Pair {
  readonly cold: Measured;
  readonly changed: Measured;
  readonly ordinaryCold: Measured;
  readonly ordinaryChanged: Measured;
}

/** A tile of three deflate channels: read, decoded, evaluated, encoded; and again with another formula. */
export const rows: Group = async ({ folder }) => {
  const small = await measured(await benchImage(folder, 8, 256, 256 * TILES_A_SIDE), 300);
  const large = await measured(await benchImage(folder, 16, 512, 512 * TILES_A_SIDE), 100);
  const row = (name: string, values: Measured, targets: Row["targets"] = []): Row => ({
    ...values,
    name,
    unit: "tile",
    targets,
  });
  return [
    row("cold tile, u8, 256 px", small.cold, [
      atMost("CPU", small.cold.cpu, 1, "ms"),
      atLeast("faster than the ordinary way", small.ordinaryCold.cpu / small.cold.cpu, 7, "times"),
    ]),
    row("new formula on decoded chunks, u8, 256 px", small.changed, [atMost("CPU", small.changed.cpu, 0.35, "ms")]),
    row("cold tile, u16, 512 px", large.cold, [
      note("faster than the ordinary way", large.ordinaryCold.cpu / large.cold.cpu, "times"),
    ]),
    row("new formula on decoded chunks, u16, 512 px", large.changed, [
      atLeast("faster than cold", large.cold.cpu / large.changed.cpu, 3, "times"),
    ]),
    row("ordinary way, cold, u8, 256 px", small.ordinaryCold),
    row("ordinary way, new formula, u8, 256 px", small.ordinaryChanged),
    row("ordinary way, cold, u16, 512 px", large.ordinaryCold),
    row("ordinary way, new formula, u16, 512 px", large.ordinaryChanged),
  ];
};

async function measured(image: BenchImage, calls: number): Promise<Pair> {
  const pipeline = await Pipeline.open(image, CACHE_BYTES);
  const kernel = pipeline.kernel(benchFormula(image));
  const cold = await measure((n) => pipeline.tile(kernel, n), { calls, warmup: WARMUP });
  for (let n = 0; n < WARM; n++) await pipeline.tile(kernel, n);
  // A factor never used before: the text is parsed, checked and bound anew, its code is known.
  const changed = await measure((n) => pipeline.tile(pipeline.kernel(benchFormula(image, 3 + n / 1000)), n % WARM), {
    calls,
    warmup: WARMUP,
  });
  await pipeline.close();
  const ordinary = await OrdinaryWay.open(image);
  const side = TILES_A_SIDE;
  const read = (n: number) => ordinary.read(n % side, Math.floor(n / side) % side);
  const few = Math.ceil(calls / 5);
  const ordinaryCold = await measure(async (n) => ordinary.render(await read(n)), { calls: few, warmup: 2 * few });
  const decoded = await read(0);
  const ordinaryChanged = await measure((n) => ordinary.render(decoded, 3 + n / 1000), { calls: few, warmup: 2 * few });
  await ordinary.close();
  return { cold, changed, ordinaryCold, ordinaryChanged };
}
