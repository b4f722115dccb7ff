import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectGolden } from "../fixtures/golden.ts";
import { NEEDS_REAL_IMAGES, sharedData } from "../fixtures/needs.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";

const SENTINEL = "sentinel2-T19UDP-13ch-u16";
const FLY = "fly-3ch-u8-pyramid";
const PICTURE = `base64 width height`;

interface Encoded {
  readonly base64: string;
  readonly width: number;
  readonly height: number;
}

interface Answer {
  readonly image: {
    readonly render: {
      readonly valid: boolean;
      readonly canonical: string;
      readonly window: readonly { readonly min: number; readonly max: number }[];
      readonly region: Encoded;
      readonly tiles: { readonly nodes: readonly (Encoded & { readonly x: number; readonly y: number })[] };
    };
  };
}

const render = (key: string, formula: string, fields: string) =>
  `{ image(key: "${key}") { render(formula: ${JSON.stringify(formula)}) { valid canonical window { min max } ${fields} } } }`;

const whole = (width: number, height: number) =>
  `region(region: {x: 0, y: 0, width: ${width}, height: ${height}}, maxSize: 687, encoding: {format: PNG}) { ${PICTURE} }`;

describe("real images through the real program", NEEDS_REAL_IMAGES, () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-real-"));
  let server: RunningServer;

  beforeAll(async () => {
    for (const name of [`${SENTINEL}.tif`, `${FLY}.ome.tif`, "landsat7-olinda-6ch-u8.tif"]) {
      copyFileSync(sharedData(name), join(data, name));
    }
    mkdirSync(join(data, "human"));
    copyFileSync(sharedData("human-3ch/AS_09125_050116030001_D03f00d0.tif"), join(data, "human", "d0.tif"));
    server = await startServer({ data });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  async function picture(key: string, formula: string, width: number, height: number) {
    const answer = (await server.query<Answer>(render(key, formula, whole(width, height)))).image.render;
    return { ...answer, bytes: Buffer.from(answer.region.base64, "base64") };
  }

  it("shows NDVI of Sentinel-2 with a colormap over its natural range, sea and clouds apart from land", async () => {
    const { bytes, canonical } = await picture(SENTINEL, 'colormap((B08-B04)/(B08+B04), "rdylgn")', 687, 687);
    expect(canonical).toContain("ndi(B08, B04)");
    expect(canonical).toMatch(/window\(.*, -1, 1\)/);
    await expectGolden("sentinel2-ndvi", bytes);
  });

  it("shows true colour with a window from the image's own percentiles, no data transparent", async () => {
    const { bytes, window } = await picture(SENTINEL, "B04; B03; B02", 687, 687);
    expect(window).toHaveLength(3);
    for (const { min, max } of window) expect(max).toBeGreaterThan(min);
    const { data: pixels, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    const alphas = Array.from({ length: info.width * info.height }, (_, index) => pixels[index * 4 + 3]);
    expect(alphas.filter((alpha) => alpha === 0).length).toBeGreaterThan(1000);
    expect(alphas.filter((alpha) => alpha === 255).length).toBeGreaterThan(100_000);
    await expectGolden("sentinel2-true-colour", bytes);
  });

  it("joins the tiles of an automatic window without a seam: together they are the region, pixel by pixel", async () => {
    const tiles = `tiles(level: 0, x: {from: 0, to: 2}, y: {from: 0, to: 2}, encoding: {format: PNG}) { nodes { x y ${PICTURE} } }`;
    const answer = (await server.query<Answer>(render(SENTINEL, "B04; B03; B02", `${whole(687, 687)} ${tiles}`))).image
      .render;
    expect(answer.tiles.nodes).toHaveLength(9);
    const region = await rgba(answer.region.base64);
    const joined = await sharp({ create: { width: 687, height: 687, channels: 4, background: "#00000000" } })
      .composite(
        answer.tiles.nodes.map(({ x, y, base64 }) => ({
          input: Buffer.from(base64, "base64"),
          left: x * 256,
          top: y * 256,
        })),
      )
      .raw()
      .toBuffer();
    expect(Buffer.compare(joined, region)).toBe(0);
  });

  it("merges the three stains of a fly's cells, each in its colour", async () => {
    const formula = 'add(tint(DNA, "#4060ff"), tint(FITC, "#30e050"), tint(Rhodamine, "#ff4030"))';
    const { bytes } = await picture(FLY, formula, 1000, 1006);
    await expectGolden("fly-merge", bytes);
  });

  it("reads interleaved strips, and an image in a subfolder", async () => {
    const landsat = await picture("landsat7-olinda-6ch-u8", "@3; @2; @1", 349, 352);
    await expectGolden("landsat7-true-colour", landsat.bytes);
    const human = await picture("human/d0", "@1", 512, 512);
    await expectGolden("human-d0", human.bytes);
  });
});

async function rgba(base64: string): Promise<Buffer> {
  return await sharp(Buffer.from(base64, "base64")).ensureAlpha().raw().toBuffer();
}
