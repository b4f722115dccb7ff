import type { Region, Size } from "../../core/geometry.ts";
import { type Halo, mirrored, type Pass, passHalo, perPixel, runPass } from "../../formula/index.ts";
import { type NeighbourhoodStage, TAP_BYTES } from "../../kernel/index.ts";
import type { ServedLevel } from "../../plan/index.ts";
import type { Scope } from "./arena.ts";
import { gatherInputs, runInParts } from "./evaluate.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { pitchOf } from "./pitch.ts";

const FLOAT_BYTES = 4;

/** Neighbours that are looked at before other jobs may come between: some milliseconds. */
const PART_TAPS = 1 << 20;

/** A plane of numbers over a region of a level. */
interface Plane {
  readonly region: Region;
  readonly values: Float32Array;
}

/** The plane of a stage over a region: an address that is good until `scope` ends. */
export async function stagePlane(
  job: JobContext,
  image: OpenImage,
  stage: NeighbourhoodStage,
  served: ServedLevel,
  region: Region,
  scope: Scope,
): Promise<number> {
  const pitch = pitchOf(image.info, served.level);
  let plane = await argumentPlane(job, image, stage, served, grownBy(region, stage.passes, served));
  for (const [index, pass] of stage.passes.entries()) {
    job.checkCancelled();
    const wanted = grownBy(region, stage.passes.slice(index + 1), served);
    const divisors = Float64Array.from({ length: wanted.height }, (_, y) => perPixel(pass, pitch, wanted.y + y));
    plane = { region: wanted, values: await afterPass(job, pass, divisors, plane, wanted, served) };
  }
  const address = scope.allocate(plane.values.byteLength);
  new Float32Array(job.bench.arena.memory.buffer, address, plane.values.length).set(plane.values);
  return address;
}

/**
 * A pass over a plane: runs of pixels whose neighbours are all there are calculated in WebAssembly, the others with care. There is a divisor
 * for each row of `wanted`.
 */
async function afterPass(
  job: JobContext,
  pass: Pass,
  divisors: Float64Array,
  plane: Plane,
  wanted: Region,
  { size }: ServedLevel,
): Promise<Float32Array> {
  const { arena, pixels } = job.bench;
  const { width, height } = wanted;
  const halo = passHalo(pass);
  const stride = width + 2 * halo.x;
  using scope = arena.scope();
  const from = scope.allocate(stride * (height + 2 * halo.y) * FLOAT_BYTES);
  const to = scope.allocate(width * height * FLOAT_BYTES);
  const divisorsAt = scope.allocate(divisors.byteLength);
  const taps = scope.allocate(pass.taps.length * TAP_BYTES);
  const view = new DataView(arena.memory.buffer);
  new Float64Array(arena.memory.buffer, divisorsAt, height).set(divisors);
  for (const [index, { dx, dy, weight }] of pass.taps.entries()) {
    view.setInt32(taps + index * TAP_BYTES, (dy * stride + dx) * FLOAT_BYTES, true);
    view.setFloat64(taps + index * TAP_BYTES + TAP_BYTES / 2, weight, true);
  }
  pad(plane, wanted, halo, size, new Float32Array(arena.memory.buffer, from, stride * (height + 2 * halo.y)));
  const count = pass.taps.length;
  const rows = Math.max(1, Math.floor(PART_TAPS / (width * count)));
  for (let top = 0; top < height; top += rows) {
    if (job.isDue) await job.breathe();
    const band = Math.min(rows, height - top);
    const quick = (x: number, y: number, run: number) => {
      const centre = from + ((top + y + halo.y) * stride + halo.x + x) * FLOAT_BYTES;
      const into = to + ((top + y) * width + x) * FLOAT_BYTES;
      const odd =
        pass.kind === "median"
          ? pixels.median(centre, into, run, taps, count)
          : pixels.weigh(centre, into, run, taps, count, divisorsAt + (top + y) * divisors.BYTES_PER_ELEMENT);
      return odd === 0;
    };
    // Made anew for each band: other jobs may have moved the memory.
    const { buffer } = arena.memory;
    const padded = new Float32Array(buffer, from + top * stride * FLOAT_BYTES, stride * (band + 2 * halo.y));
    runPass(
      pass,
      (y) => divisors[top + y] as number,
      padded,
      { width, height: band },
      new Float32Array(buffer, to + top * width * FLOAT_BYTES, width * band),
      quick,
    );
  }
  return new Float32Array(arena.memory.buffer, to, width * height).slice();
}

async function argumentPlane(
  job: JobContext,
  image: OpenImage,
  { kernel }: NeighbourhoodStage,
  served: ServedLevel,
  region: Region,
): Promise<Plane> {
  const { arena } = job.bench;
  using scope = arena.scope();
  const inputs = await gatherInputs(job, image, kernel, served, region, scope);
  const pixels = region.width * region.height;
  const address = scope.allocate(pixels * FLOAT_BYTES);
  await runInParts(job, kernel, inputs, [address], pixels);
  return { region, values: new Float32Array(arena.memory.buffer, address, pixels).slice() };
}

/** The region with what passes read beyond it, as far as the level goes. */
export function grownBy({ x, y, width, height }: Region, passes: readonly Pass[], { size }: ServedLevel): Region {
  const halos = passes.map(passHalo);
  const sum = (axis: "x" | "y") => halos.reduce((total, halo) => total + halo[axis], 0);
  const [left, top] = [Math.max(0, x - sum("x")), Math.max(0, y - sum("y"))];
  const [right, bottom] = [Math.min(size.width, x + width + sum("x")), Math.min(size.height, y + height + sum("y"))];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Fills in the part of a plane that a pass reads for a region; what lies beyond the level is mirrored at its edge. */
function pad({ region, values }: Plane, wanted: Region, halo: Halo, size: Size, padded: Float32Array): void {
  const width = wanted.width + 2 * halo.x;
  const height = wanted.height + 2 * halo.y;
  const [left, right] = [Math.max(0, halo.x - wanted.x), Math.min(width, size.width - wanted.x + halo.x)];
  for (let row = 0; row < height; row++) {
    const from = (mirrored(wanted.y - halo.y + row, size.height) - region.y) * region.width;
    const column = (x: number) => from + mirrored(wanted.x - halo.x + x, size.width) - region.x;
    padded.set(values.subarray(column(left), column(left) + right - left), row * width + left);
    for (let x = 0; x < left; x++) padded[row * width + x] = values[column(x)] as number;
    for (let x = right; x < width; x++) padded[row * width + x] = values[column(x)] as number;
  }
}
