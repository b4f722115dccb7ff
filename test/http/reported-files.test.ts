import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NEEDS_REPORTED_FILES, reportedFiles } from "../fixtures/needs.ts";
import { type Running, runServer } from "./running.ts";

/** What GDAL, rasterio, tifffile and the tags themselves say of files that were once read wrongly without a word. */

let server: Running;
const folder = mkdtempSync(join(tmpdir(), "bandloom-reported-"));
beforeAll(async () => {
  for (const kind of ["geo", "bio"] as const)
    if (!NEEDS_REPORTED_FILES.skip) cpSync(reportedFiles(kind), folder, { recursive: true });
  server = await runServer({}, { dataFolder: folder });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const query = (formula: string | null) => (formula === null ? "" : `?f=${encodeURIComponent(formula)}`);

/** Values of a formula over the tile at the top left of a zoom, row by row. */
async function numbers(key: string, formula: string, zoom = 0, place = "0/0"): Promise<Float32Array> {
  const answer = await server.get(`/tiles/${key}/${zoom}/${place}.npy${query(formula)}`);
  const bytes = await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(new TextDecoder().decode(bytes));
  // Header of version 1: magic, version, its length in two bytes.
  const start = 10 + new DataView(bytes).getUint16(8, true);
  return new Float32Array(bytes.slice(start));
}

async function picture(key: string, formula: string | null = null, zoom = 0, place = "0/0"): Promise<PNG> {
  const answer = await server.get(`/tiles/${key}/${zoom}/${place}.png${query(formula)}`);
  return PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
}

const missing = (values: Float32Array) => values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
const sum = (values: Float32Array) => values.reduce((all, value) => all + (Number.isNaN(value) ? 0 : value), 0);
const colorAt = ({ data, width }: PNG, x: number, y: number) => [...data.subarray((y * width + x) * 4).subarray(0, 4)];
const transparent = ({ data }: PNG) => data.filter((value, at) => at % 4 === 3 && value === 0).length;

function median(values: Float32Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** What GraphQL answers, errors with it. */
async function ask(text: string) {
  const answer = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: text }),
  });
  return (await answer.json()) as { readonly data: unknown; readonly errors?: readonly unknown[] };
}

describe("files of satellites and maps that were read wrongly", NEEDS_REPORTED_FILES, () => {
  it("show a fourth band that is no alpha as none", async () => {
    const shown = await picture("rgb-nir");
    expect([colorAt(shown, 5, 5), transparent(shown)]).toEqual([[10, 30, 50, 255], 0]);
  });

  it("have no data where their alpha is 0, in every formula and picture", async () => {
    expect(missing(await numbers("rgba", "(red - green) / (red + green)"))).toBe(1024);
    for (const key of ["rgba", "rgb-nir-alpha", "gray-alpha"])
      expect([key, transparent(await picture(key))]).toEqual([key, 1024]);
    expect(transparent(await picture("rgba", "rgb(blue, green, red)"))).toBe(1024);
    const statistics = await server.get(`/statistics/rgba.json?f=red&bins=8`);
    expect(await statistics.json()).toMatchObject({ validCount: 3072 });
  });

  it("have no data where their text of it is not quite the number", async () => {
    const values = await numbers("nodata-worldclim", "@1 + 0");
    expect([missing(values), Math.min(...values.filter((value) => !Number.isNaN(value)))]).toEqual([1500, 0]);
    expect(sum(values) / 10_500).toBeCloseTo(49.351, 3);
  });

  it("have codes where they have a palette, and the palette's colors", async () => {
    expect(sum(await numbers("landcover-palette", "b1 == 41"))).toBe(2800);
    const shown = await picture("landcover-palette");
    expect([colorAt(shown, 50, 8), transparent(shown)]).toEqual([[104, 171, 95, 255], 1200]);
  });

  it("have codes alone at coarse zooms, where they are asked for so", async () => {
    const codes = new Set(await numbers("classes", "nearest(@1)"));
    expect([...codes].filter((code) => ![11, 21, 41, 42, 82, 90].includes(code))).toEqual([]);
  });

  it("have no data where a mask beside them says so", async () => {
    expect(transparent(await picture("external-mask"))).toBe(1500);
  });

  it("have slopes on the ground where their pixels are degrees", async () => {
    // GDAL 3.11 gives 49.0 too; with one scale for both axes (gdaldem -s 111120) it is 43.
    expect(median(await numbers("dem-degrees", "slope(@1)"))).toBeCloseTo(49, 0);
  });

  it("mean the band that is meant, and divide to the floor", async () => {
    expect((await numbers("s2-four-bands", "B4"))[0]).toBe(619);
    expect((await numbers("s2-four-bands", "@1//2"))[0]).toBe(1550);
  });

  it("explain a mistake as it was written, however it was sent", async () => {
    for (const encoded of ["B9%20-%20B02", "B9+-+B02"]) {
      const answer = await server.get(`/tiles/s2-four-bands/0/0/0.npy?f=${encoded}`);
      expect([answer.status, (await answer.json()) as object]).toMatchObject([
        400,
        { message: expect.stringContaining("There is no channel B9.") },
      ]);
    }
    for (const encoded of ["B02%20B03", "2%20B08", "2+B08"])
      expect((await server.get(`/tiles/s2-four-bands/0/0/0.npy?f=${encoded}`)).status).toBe(400);
  });

  it("have the bits of their quality band", async () => {
    expect(sum(await numbers("qa-pixel", "bitand(QA_PIXEL, 8) != 0"))).toBe(904);
    expect(sum(await numbers("qa-pixel", "bit(QA_PIXEL, 4)"))).toBe(490);
    const refused = await server.get("/tiles/qa-pixel/0/0/0.npy?f=(QA_PIXEL%20%26%208)%20!%3D%200");
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("bitand(QA_PIXEL, 8)")]);
  });

  it("are named where they cannot be read, and spoil no list", async () => {
    const { data, errors } = await ask("{ images(first: 100) { nodes { key } problems { key message } } }");
    expect(errors).toBeUndefined();
    const { images } = data as { images: { problems: { key: string; message: string }[] } };
    const told = Object.fromEntries(images.problems.map(({ key, message }) => [key, message]));
    expect(told.bits12).toContain("gdal_translate -ot UInt16 -co NBITS=16");
    expect(told["bscale-blank"]).toMatch(/FITS.*convert/);
    expect(Object.keys(told)).not.toContain("rgb-nir");
  });
});

describe("files of microscopes and scanners that were read wrongly", NEEDS_REPORTED_FILES, () => {
  it("have the samples of JPEG that other readers find", async () => {
    // The pixel at 168, 264 lies in the first tile of the second row.
    expect((await numbers("jpeg95", "blue + 0", 2, "0/1"))[(264 - 256) * 256 + 168]).toBe(144);
  });

  it("are listed by the endings of their scanners", async () => {
    const { data } = await ask('{ slide: image(key: "slide") { width } vectra: image(key: "vectra") { width } }');
    expect(data).toEqual({ slide: { width: 640 }, vectra: { width: 320 } });
  });

  it("show all planes by one window, and first the plane that the file names", async () => {
    const brightest = async (formula: string | null) => {
      const { data } = await picture("focus", formula);
      return data.reduce((most, value, at) => (at % 4 === 3 ? most : Math.max(most, value)), 0);
    };
    expect(await brightest(null)).toBe(255);
    expect((await picture("focus")).data.equals((await picture("focus", 'tint(GFP[z=2], "#00ff00")')).data)).toBe(true);
    expect(await brightest("GFP[z=0]")).toBeLessThan(8);
    expect(await brightest("GFP[z=4]")).toBeLessThan(8);
  });

  it("have no data where nothing was scanned", async () => {
    // The tile at 0, 0 of 256 × 256; zoom 1 is full size.
    const zoom = await finest("sparse");
    expect(missing(await numbers("sparse", "red + 0", zoom))).toBe(256 * 256);
    expect(transparent(await picture("sparse", null, zoom))).toBe(256 * 256);
  });

  it("show inks and the colors of channels", async () => {
    const inks = await picture("cmyk");
    const [red, green, black] = [10, 48, 80].map((x) => colorAt(inks, x, 32));
    expect(Math.min(red?.[0] ?? 0, green?.[1] ?? 0)).toBeGreaterThan(130);
    expect(Math.max(red?.[1] ?? 255, green?.[0] ?? 255, ...(black ?? [255]).slice(0, 3))).toBeLessThan(60);
    const { data } = await ask('{ image(key: "coloured") { formula } }');
    for (const color of ["#0000ff", "#00ff00", "#ff0000"])
      expect((data as { image: { formula: string } }).image.formula).toContain(color);
  });

  async function finest(key: string): Promise<number> {
    const { data } = await ask(`{ image(key: "${key}") { levels { zoom } } }`);
    const { image } = data as { image: { levels: { zoom: number }[] } };
    return Math.max(...image.levels.map(({ zoom }) => zoom));
  }
});
