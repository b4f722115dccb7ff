import { PNG as Decoder } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServedTile, TileRequest } from "../../src/service/types/tile.ts";
import { pixel } from "../fixtures/tiff-pixels.ts";
import { codeOf, JPEG, NPY, openPipeline, type Pipeline, PNG } from "./support.ts";

const ODD = { width: 257, height: 255, tile: [64, 64], codec: "deflate", seed: 1 } as const;
const PLAIN = "window(b1, 0, 255)";

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "odd.tif": ODD,
    "large.tif": { width: 512, height: 512, tile: [128, 128], codec: "deflate", samples: 3 },
    "changing.tif": { ...ODD, seed: 2 },
    "grown.tif": ODD,
    // The first of its chunks cannot be inflated.
    "broken.tif": {
      ...ODD,
      replaceChunk: (chunk: number, stored: Uint8Array) => (chunk === 0 ? new Uint8Array(9) : stored),
    },
  });
});
afterAll(() => pipeline.close());

async function request(key: string, text: string, place: Partial<TileRequest> = {}): Promise<TileRequest> {
  return {
    formula: await pipeline.bind(key, text),
    level: 0,
    x: 0,
    y: 0,
    tileSize: 64,
    pad: false,
    encoding: PNG,
    ...place,
  };
}

function served(tile: ServedTile | Error | undefined): ServedTile {
  if (tile === undefined || tile instanceof Error) throw tile ?? new Error("No tile.");
  return tile;
}

const pixels = ({ bytes }: { bytes: Uint8Array }) => Decoder.sync.read(Buffer.from(bytes));

describe("tiles", () => {
  it("hold the pixels of their place, cut at the edge or padded with nothing", async () => {
    const cut = pixels(await pipeline.tiles.tile(await request("odd", PLAIN, { x: 4, y: 3 })));
    expect([cut.width, cut.height]).toEqual([1, 63]);
    expect(cut.data[4 * 5]).toBe(pixel(ODD, 256, 192 + 5, 0));
    const whole = pixels(await pipeline.tiles.tile(await request("odd", PLAIN, { x: 4, y: 3, pad: true })));
    expect([whole.width, whole.height]).toEqual([64, 64]);
    expect([whole.data[4 * 64 * 5], whole.data[3], whole.data[7]]).toEqual([pixel(ODD, 256, 192 + 5, 0), 255, 0]);
  });

  it("say their size before they are rendered", async () => {
    expect(pipeline.tiles.size(await request("odd", PLAIN, { x: 4, y: 3 }))).toEqual({ width: 1, height: 63 });
    expect(pipeline.tiles.size(await request("odd", PLAIN, { x: 4, y: 3, pad: true }))).toEqual({
      width: 64,
      height: 64,
    });
  });

  it("of one formula are rendered as one job, and each once", async () => {
    const before = pipeline.asked.jobs.length;
    const places = Array.from({ length: 16 }, (_, index) => ({ x: index % 4, y: Math.floor(index / 4) }));
    const requests = await Promise.all(places.map((place) => request("large", "b1; b2; b3", place)));
    const tiles = await pipeline.tiles.tiles([...requests, ...requests]);
    expect(tiles.map((tile) => served(tile).cache)).toEqual([
      ...Array(16).fill("RENDERED"),
      ...Array(16).fill("SHARED"),
    ]);
    expect(pipeline.asked.jobs.length).toBe(before + 1);
    expect(pipeline.asked.jobs.at(-1)?.pictures).toHaveLength(16);
    const again = await pipeline.tiles.tiles(requests);
    expect(again.map((tile) => served(tile).cache)).toEqual(Array(16).fill("MEMORY"));
    expect(pipeline.asked.jobs.length).toBe(before + 1);
  });

  it("that are asked for at the same time by different requests share one render", async () => {
    const before = pipeline.asked.jobs.length;
    const one = await request("odd", "window(b1, 0, 200)");
    const tiles = await Promise.all(Array.from({ length: 5 }, () => pipeline.tiles.tile(one)));
    expect(tiles.filter(({ cache }) => cache === "RENDERED")).toHaveLength(1);
    expect(pipeline.asked.jobs.length).toBe(before + 1);
    expect(pipeline.tiles.peek(pipeline.tiles.tileKey(one))?.bytes).toEqual(tiles[0]?.bytes);
  });

  it("that nobody waits for are rendered behind all others, and never waited for", async () => {
    const before = pipeline.asked.jobs.length;
    const one = await request("odd", "window(b1, 0, 190)");
    const ahead = pipeline.tiles.tilesAhead([one]);
    await pipeline.jobBehind(before);
    const live = await pipeline.tiles.tile(one);
    expect(live.cache).toBe("RENDERED");
    expect(pipeline.asked.priorities.slice(before)).toEqual(["background", "live"]);
    expect((await ahead).map((tile) => served(tile).bytes)).toEqual([live.bytes]);
    expect((await pipeline.tiles.tilesAhead([one])).map((tile) => served(tile).cache)).toEqual(["MEMORY"]);
    expect(pipeline.asked.jobs.length).toBe(before + 2);
  });

  it("that somebody waits for already are not rendered ahead as well", async () => {
    const before = pipeline.asked.jobs.length;
    const one = await request("odd", "window(b1, 0, 191)");
    const live = pipeline.tiles.tile(one);
    await pipeline.jobBehind(before);
    const [ahead] = await pipeline.tiles.tilesAhead([one]);
    expect(served(ahead).bytes).toEqual((await live).bytes);
    expect(pipeline.asked.jobs.length).toBe(before + 1);
  });

  it("of equivalent formulas are one tile", async () => {
    const first = await pipeline.tiles.tile(await request("large", "window(b1 + 2*(b2 - b3), 0, 255)"));
    const second = await pipeline.tiles.tile(await request("large", "let d = b2 - b3; window(d*2 + @1, 0, 255)"));
    expect(second).toMatchObject({ key: first.key, cache: "MEMORY" });
  });

  it("have no alpha where no pixel can lack data, and gray bytes where the formula is gray", async () => {
    const types = async (text: string) => {
      const { bytes } = await pipeline.tiles.tile(await request("large", text));
      return bytes[25]; // Colour type of a PNG (its specification, 11.2.2): 0 gray, 2 colour, 6 colour with alpha.
    };
    expect(await types("window(b1, 0, 200)")).toBe(0);
    expect(await types("b1; b2; b2")).toBe(2);
    expect(await types("b1 / b2")).toBe(6);
  });

  it("that cannot be decoded fail alone, each time anew, and are mended with their file", async () => {
    const requests = await Promise.all([0, 1].map((x) => request("broken", PLAIN, { x })));
    for (let attempt = 0; attempt < 2; attempt++) {
      const before = pipeline.asked.jobs.length;
      const [bad, good] = await pipeline.tiles.tiles(requests);
      expect(await codeOf(() => served(bad))).toBe("SOURCE_UNREADABLE");
      expect(served(good).cache).toBe(attempt === 0 ? "RENDERED" : "MEMORY");
      expect(pipeline.asked.jobs.length).toBe(before + 1);
    }
    await pipeline.put("broken.tif", ODD);
    pipeline.images.recheck("broken");
    expect(pixels(await pipeline.tiles.tile(await request("broken", PLAIN))).width).toBe(64);
  });

  it("of a file that was replaced a moment ago are those of the new file, under the new key", async () => {
    const old = await request("changing", PLAIN);
    const after = { ...ODD, seed: 3 };
    await pipeline.put("changing.tif", after);
    const tiles = await pipeline.tiles.tiles([old, { ...old, x: 1 }]);
    const [first, second] = tiles.map((tile) => pixels(served(tile)).data);
    expect(first?.[0]).toBe(pixel(after, 0, 0, 0));
    expect(second?.[4 * 64 * 9]).toBe(pixel(after, 64, 9, 0));
    expect(served(tiles[0]).key).not.toBe(pipeline.tiles.tileKey(old));
    expect(pipeline.tiles.peek(pipeline.tiles.tileKey(old))).toBeNull();
    expect(served(tiles[0]).key).toBe(pipeline.tiles.tileKey(await request("changing", PLAIN)));
  });

  it("of a file that was replaced by one of another size are refused until it is looked at again", async () => {
    const old = await request("grown", PLAIN);
    await pipeline.put("grown.tif", { ...ODD, width: 100 });
    expect(await codeOf(() => pipeline.tiles.tile(old))).toBe("SOURCE_FAILED");
    expect((await pipeline.images.get("grown")).info.width).toBe(100);
  });

  it("are rendered no more when nobody waits for them", async () => {
    const before = pipeline.asked.aborted;
    const jobs = pipeline.asked.jobs.length;
    const leave = new AbortController();
    const one = await request("large", "window(b1, 1, 9)");
    const left = codeOf(() => pipeline.tiles.tile(one, leave.signal));
    await pipeline.jobBehind(jobs);
    leave.abort(new DOMException("The client left.", "AbortError"));
    expect(await left).not.toBe("no error");
    expect(pipeline.asked.aborted).toBe(before + 1);
    expect(pipeline.tiles.peek(pipeline.tiles.tileKey(one))).toBeNull();
    expect((await pipeline.tiles.tile(one)).cache).toBe("RENDERED");
  });

  it("go on for those who stay", async () => {
    const jobs = pipeline.asked.jobs.length;
    const leave = new AbortController();
    const one = await request("large", "window(b1, 2, 9)");
    const left = codeOf(() => pipeline.tiles.tile(one, leave.signal));
    const stays = pipeline.tiles.tile(one);
    await pipeline.jobBehind(jobs);
    leave.abort(new DOMException("The client left.", "AbortError"));
    expect(await left).not.toBe("no error");
    expect((await stays).bytes.length).toBeGreaterThan(0);
  });

  it("of a formula that makes no picture are numbers or nothing", async () => {
    const two = await request("large", "b1; b2");
    expect(await codeOf(() => pipeline.tiles.tile({ ...two, encoding: JPEG }))).toBe("FORMULA_INVALID");
    const { bytes } = await pipeline.tiles.tile({ ...two, encoding: NPY });
    expect(Buffer.from(bytes).toString("latin1")).toContain("'shape': (2, 64, 64)");
  });
});
