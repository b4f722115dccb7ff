import { join } from "node:path";
import { fromFile } from "geotiff";
import { built } from "../built.ts";
import type { Group } from "../group.ts";
import { benchFormula, benchImage, scaleImage } from "../images.ts";
import { measure } from "../measure.ts";
import { Pipeline } from "../pipeline.ts";
import { note, type Row } from "../row.ts";

const { localPath, openSource } = await built.source();

/** What happens once: a formula's shape is compiled, a file is opened. */
export const rows: Group = async ({ folder }) => {
  const image = await benchImage(folder, 8, 256, 256 * 64);
  const pipeline = await Pipeline.open(image, 2 ** 20);
  // One more addition each time: code that was never emitted before.
  const text = (n: number) => `window(${"green + ".repeat(n % 60)}${benchFormula(image, 2 + n / 1000)}, 0, 1)`;
  const parsed = await measure((n) => pipeline.kernel(benchFormula(image, 3 + n / 1000)), { calls: 500, warmup: 3000 });
  const compiled = await measure((n) => pipeline.kernel(text(n)), { calls: 12, warmup: 0 });
  await pipeline.close();

  const scale = join(scaleImage(folder), "demo-100k.ome.tif");
  const open = await measure(async () => (await openSource(localPath(scale), { remote: null })).close(), {
    calls: 40,
    warmup: 20,
  });
  const geotiff = await measure(
    async () => {
      const tiff = await fromFile(scale);
      for (let index = 0; index < 15; index++) await tiff.getImage(index);
      await tiff.close();
    },
    { calls: 20, warmup: 10 },
  );
  const row = (name: string, unit: string, values: typeof open, targets: Row["targets"] = []): Row => ({
    ...{ name, unit, targets },
    ...values,
  });
  return [
    row("formula text to kernel, shape known", "formula", parsed),
    row("formula text to kernel, shape new", "formula", compiled),
    row("open the scale image (15 channels, 5 levels)", "file", open, [
      note("faster than geotiff.js", geotiff.cpu / open.cpu, "times"),
    ]),
  ];
};
