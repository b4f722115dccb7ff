import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createServices, type ServiceOptions, type Services } from "../../src/service/index.ts";
import type { TileRequest } from "../../src/service/types/tile.ts";
import { short, TAG } from "../fixtures/tiff-builder.ts";
import { codeOf, imageFolder, PNG } from "./support.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: Partial<ServiceOptions> & { dataFolder: string }) {
  const events: string[] = [];
  const services = await createServices({
    ...{ cacheFolder: null, cacheBytes: 2 ** 26, memoryBytes: 2 ** 24, workers: 1 },
    onEvent: ({ level, message }) => events.push(`${level}: ${message}`),
    ...options,
  });
  return { services, events };
}

async function folder() {
  const made = await imageFolder({ "a.tif": { width: 30, height: 20 } });
  closing.push(made.remove);
  return made.folder;
}

async function tileOf({ images, formulas }: Services): Promise<TileRequest> {
  const formula = await formulas.bind(await images.get("a"), "window(b1, 0, 255)");
  if (!formula.valid) throw new Error("The formula is refused.");
  return { formula, level: 0, x: 0, y: 0, tileSize: 64, pad: false, encoding: PNG };
}

describe("the services", () => {
  it("pass stored numbers through where they are told to, under another formula", async () => {
    const negative = { "a.tif": { width: 30, height: 20, tags: { [TAG.photometric]: short(0) } } };
    const { folder: dataFolder, remove } = await imageFolder(negative);
    closing.push(remove);
    const found = [];
    for (const color of ["srgb", "stored"] as const) {
      const { services } = await start({ dataFolder, color });
      closing.push(() => services.close());
      const image = await services.images.get("a");
      found.push([services.formulas.defaultText(image), (await services.formulas.bind(image, null)).source]);
    }
    expect(found).toEqual([
      ["invert(@1)", "invert(@1)"],
      ["@1", "@1"],
    ]);
  });

  it("serve a tile from the embedded store after a restart", async () => {
    const dataFolder = await folder();
    const options = { dataFolder, cacheFolder: join(dataFolder, ".bandloom") };
    const first = await start(options);
    expect((await first.services.tiles.tile(await tileOf(first.services))).cache).toBe("RENDERED");
    await first.services.close();
    const { services } = await start(options);
    closing.push(() => services.close());
    expect((await services.tiles.tile(await tileOf(services))).cache).toBe("EMBEDDED");
    expect(await services.images.keys()).toEqual(["a"]);
    expect(services.stats().cache.map(({ name }) => name)).toEqual(["memory", "embedded"]);
    expect(services.stats().version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("go on with memory alone, and say so once, where the cache folder cannot be made", async () => {
    const dataFolder = await folder();
    const { services, events } = await start({ dataFolder, cacheFolder: join(dataFolder, "a.tif", "cache") });
    closing.push(() => services.close());
    expect(events).toEqual(["warn: The cache folder cannot be made: tiles are kept in memory only."]);
    expect((await services.tiles.tile(await tileOf(services))).cache).toBe("RENDERED");
    expect((await services.tiles.tile(await tileOf(services))).cache).toBe("MEMORY");
  });

  it("are ready until they are closed, and then refuse work", async () => {
    const { services } = await start({ dataFolder: await folder() });
    const request = await tileOf(services);
    expect(services.readiness()).toBeNull();
    await services.close();
    expect(services.readiness()).not.toBeNull();
    expect(await codeOf(() => services.tiles.tile(request))).toBe("OVERLOADED");
  });

  it("write absolute URLs below the public URL", async () => {
    const { services } = await start({ dataFolder: await folder(), publicUrl: "https://sky.example.org" });
    closing.push(() => services.close());
    expect(services.tiles.tileUrl(await tileOf(services))).toMatch(
      /^https:\/\/sky\.example\.org\/tiles\/a\/0\/0\/0\.png\?/,
    );
  });
});
