import { expect, it } from "vitest";
import { createRenderer } from "../../src/render/index.ts";
import { JPEG, openPipeline } from "./support.ts";

it("The time of a tile is what its worker took, however many wait for the worker", async () => {
  const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
  const pipeline = await openPipeline({
    "plate.tif": { width: 1024, height: 1024, tile: [256, 256], codec: "deflate", value },
  });
  const renderer = createRenderer({ workers: 1 });
  try {
    const formula = await pipeline.bind("plate", "b1");
    await pipeline.tiles.tile({ formula, level: 0, x: 0, y: 0, tileSize: 256, pad: false, encoding: JPEG });
    const [job] = pipeline.asked.jobs;
    if (!job) throw new Error("nothing was rendered");
    await renderer.ready;
    const begin = performance.now();
    const pictures = (await Promise.all(Array.from({ length: 32 }, () => renderer.pictures(job)))).flat();
    const elapsed = performance.now() - begin;
    const times = pictures.map((picture) => (picture instanceof Error ? Number.NaN : picture.renderMs));
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThanOrEqual(elapsed);
  } finally {
    await renderer.close();
    await pipeline.close();
  }
});
