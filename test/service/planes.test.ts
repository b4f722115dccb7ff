import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampledPixels } from "../../src/service/sampled-pixels.ts";
import { type ArraySpec, buildImage } from "../fixtures/zarr-builder.ts";
import { imageInfo } from "../plan/image-info.ts";
import { codeOf, openPipeline, type Pipeline } from "./support.ts";

const SIDE = 96;
/** Light of each plane's middle: the first and the last show noise alone. */
const PEAKS = [0, 800, 3900, 1500, 0];

/** Noise of a few counts on a ground of 100, and a round spot. */
function focus(place: readonly number[]): number {
  const [z = 0, y = 0, x = 0] = place.slice(-3);
  const noise = ((x * 7919 + y * 104_729 + z * 31) % 17) - 8;
  const spot = (PEAKS[z] ?? 0) * Math.exp(-((x - 48) ** 2 + (y - 48) ** 2) / 500);
  return Math.round(100 + noise + spot);
}

const STACK: ArraySpec = { shape: [5, SIDE, SIDE], chunk: [1, SIDE, SIDE], value: focus };
/** Two channels, four times and three planes: each sample tells its place. */
const SERIES: ArraySpec = {
  shape: [4, 2, 3, 20, 30],
  chunk: [1, 1, 1, 20, 30],
  value: ([t = 0, c = 0, z = 0, y = 0, x = 0]) => 1000 * (t + 1) + 100 * c + 10 * z + ((x + y) % 7),
};

async function zarr(key: string, spec: Parameters<typeof buildImage>[0]): Promise<Record<string, Uint8Array>> {
  const files = [...(await buildImage(spec))];
  return Object.fromEntries(files.map(([path, bytes]) => [`${key}.zarr/${path}`, bytes]));
}

const channel = { label: "GFP", color: "00ff00", active: true };

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    ...(await zarr("focus", { axes: "zyx", levels: [STACK] })),
    ...(await zarr("told", { axes: "zyx", levels: [STACK], omero: { channels: [channel], rdefs: { defaultZ: 3 } } })),
    ...(await zarr("beyond", {
      axes: "zyx",
      levels: [STACK],
      omero: { channels: [channel], rdefs: { defaultZ: 5, defaultT: 0 } },
    })),
    ...(await zarr("odd", {
      axes: "zyx",
      levels: [STACK],
      omero: { channels: [channel], rdefs: { defaultZ: "one" } },
    })),
    ...(await zarr("series", { axes: "tczyx", levels: [SERIES] })),
  });
});
afterAll(() => pipeline.close());

async function windowOf(key: string, text: string): Promise<readonly number[]> {
  const { formula } = await pipeline.bind(key, text);
  const [range] = formula.windows;
  return range ? [range.low, range.high] : [];
}

describe("the default window of a stack", () => {
  it("is one for all planes: noise stays dark, and no plane is white", async () => {
    const [low = 0, high = 0] = await windowOf("focus", "@1[z=0]");
    expect(low).toBeGreaterThan(85);
    expect(low).toBeLessThan(100);
    expect(high).toBeGreaterThan(3700);
    expect(high).toBeLessThan(4010);
    for (const z of [1, 2, 3, 4]) expect(await windowOf("focus", `@1[z=${z}]`)).toEqual([low, high]);
    for (const text of ["stretch(@1[z=0], 1, 99)", "zscale(@1[z=0])", "@1[z=0] + 1"])
      expect(await windowOf("focus", text)).toEqual(await windowOf("focus", text.replace("z=0", "z=2")));
  });

  it("is measured once, whichever plane is asked for", async () => {
    await pipeline.bind("focus", "@1[z=1] * 3");
    const before = pipeline.asked.statistics;
    await pipeline.bind("focus", "@1[z=4] * 3");
    expect(pipeline.asked.statistics).toBe(before);
  });

  it("is that of the planes that are meant where a number is of several", async () => {
    const [, high = 0] = await windowOf("focus", "zmax(@1)");
    expect(high).toBeGreaterThan(3700);
    const [, step = 0] = await windowOf("focus", "@1[z=1] - @1[z=0]");
    expect(step).toBeLessThan(900);
  });

  it("is of all times too, and of a number that is of one plane of several times of all planes", async () => {
    expect(await windowOf("series", "@1[z=0, t=0]")).toEqual(await windowOf("series", "@1[z=2, t=3]"));
    const [low = 0, high = 0] = await windowOf("series", "@1[z=0, t=0]");
    expect(high - low).toBeGreaterThan(2000);
    const rise = await windowOf("series", "@1[z=0, t=1] - @1[z=0, t=0] + @2[z=0, t=0]");
    expect(rise).toEqual(await windowOf("series", "@1[z=2, t=1] - @1[z=2, t=0] + @2[z=2, t=0]"));
    expect(rise[0]).toBeGreaterThan(2000);
  });

  it("does not change what means are of: the plane that they name", async () => {
    const meanOf = async (z: number) =>
      (await pipeline.bind("focus", `window(mean(@1[z=${z}]), 0, 1)`)).formula.canonical;
    expect(await meanOf(0)).not.toBe(await meanOf(2));
  });

  it("takes no more pixels of all planes than of one", () => {
    const info = imageInfo(4096, 4096, [
      {},
      { width: 2048, height: 2048 },
      { width: 1024, height: 1024 },
      { width: 512, height: 512 },
    ]);
    expect(sampledPixels(info).level).toBe(2);
    expect(sampledPixels(info, 4).level).toBe(2);
    expect(sampledPixels(info, 9).level).toBe(3);
    const plain = imageInfo(40_000, 40_000, [{ chunkWidth: 512, chunkHeight: 512 }]);
    expect(sampledPixels(plain).regions).toHaveLength(16);
    expect(sampledPixels(plain, 8).regions).toHaveLength(2);
    expect(sampledPixels(plain, 9).regions).toHaveLength(1);
  });
});

describe("the plane that is shown when nobody names one", () => {
  const planeOf = async (key: string, choice = {}) => {
    const image = await pipeline.images.get(key);
    const { plane } = await pipeline.formulas.bind(image, "@1", choice);
    return plane;
  };

  it("is the file's own, else the middle one", async () => {
    expect(await planeOf("told")).toEqual({ z: 3, t: 0 });
    expect(await planeOf("focus")).toEqual({ z: 2, t: 0 });
    expect(await planeOf("beyond")).toEqual({ z: 2, t: 0 });
    expect(await planeOf("odd")).toEqual({ z: 2, t: 0 });
    expect(await planeOf("series")).toEqual({ z: 1, t: 1 });
  });

  it("is named along the axes that are not asked for alone", async () => {
    expect(await planeOf("series", { z: 2 })).toEqual({ z: 2, t: 1 });
    expect(await planeOf("series", { t: 0 })).toEqual({ z: 1, t: 0 });
    expect(await codeOf(() => planeOf("told", { z: 5 }))).toBe("BAD_REQUEST");
  });

  it("is the other image's own where that has another number of planes and the request names none", async () => {
    const written = async (key: string, text: string, choice = {}) => {
      const bound = await pipeline.formulas.bind(await pipeline.images.get(key), text, choice);
      return bound.valid ? bound.formula.canonical : bound.diagnostics[0]?.message;
    };
    expect(await written("series", "window(told.GFP, 0, 1)")).toContain("GFP[z=3]");
    expect(await written("told", "window(focus.b1, 0, 1)")).toContain("b1[z=3]");
    expect(await written("series", "window(told.GFP, 0, 1)", { z: 0 })).toContain("GFP[z=0]");
    expect(await written("told", "window(series.b1, 0, 1)", { z: 4 })).toMatch(/no plane z=4/);
  });
});
