import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { own } from "../../src/core/owner.ts";
import { JPEG, openPipeline, type Pipeline } from "./support.ts";

const SIDE = 2048;
/** Seconds of one worker for the whole image. */
const HEAVY = Array.from({ length: 60 }, (_, k) => `exp(sin(b1*${k + 1}))`).join(" + ");
const NEIGHBORS = "median(median(blur(b1, 8), 4), 4)";

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ "plate.tif": { width: SIDE, height: SIDE, tile: [256, 256], codec: "deflate" } });
});
afterAll(() => pipeline.close());

function client(name: string) {
  const controller = new AbortController();
  // Each tile listens.
  setMaxListeners(0, own(controller.signal, name));
  return controller;
}

const tile = async (formula: string, x: number, signal: AbortSignal) =>
  pipeline.tiles.tile(
    { formula: await pipeline.bind("plate", formula), level: 0, x, y: 0, tileSize: 256, pad: false, encoding: JPEG },
    signal,
  );

const region = async (formula: string, signal: AbortSignal) =>
  pipeline.tiles.region(
    {
      ...{ formula: await pipeline.bind("plate", formula), encoding: JPEG },
      ...{ region: { x: 0, y: 0, width: SIDE, height: SIDE }, maxSize: SIDE },
    },
    signal,
  );

describe("with one worker", () => {
  it.each([
    ["many operations for each pixel", (n: number) => `window(${HEAVY} + ${n}, 0, 200)`],
    ["many neighbors for each pixel", (n: number) => `window(${NEIGHBORS} + ${n}, 0, 300)`],
  ])("a client's tiles come while another's regions of %s are made", async (_, formulaOf) => {
    const [greedy, polite] = [client("greedy"), client("polite")];
    let ended = 0;
    const regions = [1, 2, 3, 4].map((n) =>
      region(formulaOf(n), greedy.signal).then(
        () => ended++,
        () => ended++,
      ),
    );
    await expect.poll(() => pipeline.renderer.metrics().queued, { interval: 1 }).toBeGreaterThan(1);
    for (let x = 0; x < 6; x++) await tile(`window(b1 * ${x + 2}, 0, 255)`, x, polite.signal);
    // In the order of their coming, all of the regions would have been first.
    expect(ended).toBeLessThan(regions.length);
    greedy.abort();
    await Promise.all(regions);
  });
});
