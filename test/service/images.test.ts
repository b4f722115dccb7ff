import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { codeOf, openPipeline, type Pipeline, PNG } from "./support.ts";

let pipeline: Pipeline;
beforeAll(async () => {
  // Images are looked at again after a second, which passes when a test says so.
  vi.useFakeTimers({ toFake: ["performance"] });
  pipeline = await openPipeline({
    "odd.tif": { width: 257, height: 255, tile: [64, 64], codec: "deflate" },
    "plates/p1.ome.tif": { width: 1, height: 1 },
    "masked.tif": { width: 30, height: 20 },
    "changing.tif": { width: 30, height: 20, seed: 1 },
    "text.tif": new TextEncoder().encode("This is no image."),
    "empty.tif": new Uint8Array(0),
    "mended.tif": new Uint8Array(9),
  });
});
afterAll(async () => {
  vi.useRealTimers();
  await pipeline.close();
});

const nextCheck = () => vi.advanceTimersByTime(1_001);

describe("an image of the catalogue", () => {
  it("is described with its levels, its name and the identity of its bytes", async () => {
    const image = await pipeline.images.get("plates/p1");
    expect(image).toMatchObject({ key: "plates/p1", name: "p1", levels: 1, info: { width: 1, height: 1 } });
    expect(image.revision).toMatch(/^[0-9a-f]{32}$/);
    expect((await pipeline.images.get("odd")).levels).toBe(2);
  });

  it("is described once for all who ask, and then at hand without a promise", async () => {
    const before = pipeline.asked.descriptions;
    pipeline.images.recheck("odd");
    expect(pipeline.images.fresh("odd")).toBeNull();
    const [one, other] = await Promise.all([pipeline.images.get("odd"), pipeline.images.get("odd")]);
    expect(one).toBe(other);
    expect(pipeline.images.fresh("odd")).toBe(one);
    expect(pipeline.asked.descriptions).toBe(before + 1);
  });

  it("is not described again as long as its file is the same", async () => {
    const image = await pipeline.images.get("odd");
    const before = pipeline.asked.descriptions;
    nextCheck();
    expect(pipeline.images.fresh("odd")).toBeNull();
    expect(await pipeline.images.get("odd")).toBe(image);
    expect(pipeline.asked.descriptions).toBe(before);
  });

  it("is another revision when a mask is put beside it, and is again what it was without", async () => {
    const before = await pipeline.images.get("masked");
    await pipeline.put("masked.tif.msk", { width: 30, height: 20, value: (x) => x % 2 });
    nextCheck();
    const masked = await pipeline.images.get("masked");
    expect([before, masked].map(({ info }) => info.channels[0]?.masked)).toEqual([false, true]);
    expect(masked.revision).not.toBe(before.revision);
    rmSync(join(pipeline.folder, "masked.tif.msk"));
    nextCheck();
    expect((await pipeline.images.get("masked")).revision).toBe(before.revision);
    expect(await pipeline.images.keys({ search: "masked" })).toEqual(["masked"]);
  });

  it("is not found under a key of nothing", async () => {
    for (const key of ["nope", "../odd", "odd.tif", "", "__proto__"])
      expect(await codeOf(() => pipeline.images.get(key)), key).toBe("NOT_FOUND");
    expect(pipeline.images.fresh("nope")).toBeNull();
  });

  it("is found by a part of its key, in any case", async () => {
    expect(await pipeline.images.keys({ search: "LATES/P" })).toEqual(["plates/p1"]);
    expect(await pipeline.images.keys()).toContain("odd");
  });

  it("cannot be read when its file is none, without harm to others", async () => {
    for (const key of ["text", "empty"]) {
      expect(await codeOf(() => pipeline.images.get(key))).toBe("SOURCE_UNREADABLE");
      expect(pipeline.images.fresh(key)).toBeNull();
    }
    expect((await pipeline.images.get("odd")).info.width).toBe(257);
  });

  it("is not read again within a second when it could not be read, and can be once it is mended", async () => {
    expect(await codeOf(() => pipeline.images.get("mended"))).toBe("SOURCE_UNREADABLE");
    const before = pipeline.asked.descriptions;
    expect(await codeOf(() => pipeline.images.get("mended"))).toBe("SOURCE_UNREADABLE");
    expect(pipeline.asked.descriptions).toBe(before);
    await pipeline.put("mended.tif", { width: 3, height: 2 });
    expect((await pipeline.images.get("mended")).info.width).toBe(3);
  });

  it("is read again ever more seldom while its file stays as it is", async () => {
    await pipeline.put("hopeless.tif", new Uint8Array(11));
    const refusals = async (seconds: number) => {
      const before = pipeline.asked.descriptions;
      for (let second = 0; second < seconds; second++) {
        expect(await codeOf(() => pipeline.images.get("hopeless"))).toBe("SOURCE_UNREADABLE");
        nextCheck();
      }
      return pipeline.asked.descriptions - before;
    };
    // At 0, 1, 3, 7, 15, 31 and 63 seconds, then once in 64.
    expect(await refusals(64)).toBe(7);
    expect(await refusals(640)).toBeLessThanOrEqual(11);
    await pipeline.put("hopeless.tif", { width: 3, height: 2 });
    expect((await pipeline.images.get("hopeless")).info.width).toBe(3);
  });

  it("has another revision, other keys and other URLs once its file is replaced", async () => {
    const before = await pipeline.bind("changing", "window(b1, 0, 255)");
    await pipeline.put("changing.tif", { width: 30, height: 20, seed: 2 });
    nextCheck();
    const after = await pipeline.bind("changing", "window(b1, 0, 255)");
    expect(after.image.revision).not.toBe(before.image.revision);
    expect(after.formula.hash).toBe(before.formula.hash);
    expect(after.version).not.toBe(before.version);
    expect(after.id).not.toBe(before.id);
    const place = { level: 0, x: 0, y: 0, tileSize: 256, pad: false, encoding: PNG };
    const [one, other] = [before, after].map((formula) => pipeline.tiles.tileKey({ formula, ...place }));
    expect(one).not.toBe(other);
  });

  it("keeps its revision when a copy of it takes its place", async () => {
    const path = join(pipeline.folder, "copied.tif");
    const time = new Date(1_700_000_000_000);
    const write = async () => {
      await pipeline.put("copied.tif", buildTiff({ directories: [{ width: 30, height: 20 }] }));
      utimesSync(path, time, time);
      pipeline.images.recheck("copied");
      return (await pipeline.images.get("copied")).revision;
    };
    expect(await write()).toBe(await write());
  });

  it("is gone within a second of its file", async () => {
    await pipeline.put("brief.tif", { width: 3, height: 2 });
    await pipeline.images.get("brief");
    rmSync(join(pipeline.folder, "brief.tif"));
    nextCheck();
    expect(await codeOf(() => pipeline.images.get("brief"))).toBe("NOT_FOUND");
  });
});
