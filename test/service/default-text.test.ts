import { PNG as Decoder } from "pngjs";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFormula } from "../../src/formula/index.ts";
import { defaultText } from "../../src/service/default-text.ts";
import { formulaScope } from "../../src/service/scope.ts";
import { plainChannel } from "../../src/source/plain-info.ts";
import type { ChannelInfo } from "../../src/source/types.ts";
import { short, TAG } from "../fixtures/tiff-builder.ts";
import { imageInfo } from "../plan/image-info.ts";
import { openPipeline, type Pipeline, PNG, servedImage } from "./support.ts";

type Facts = Partial<ChannelInfo> & Pick<ChannelInfo, "name">;

function imageOf(...channels: readonly Facts[]) {
  const all = channels.map((facts, index) => plainChannel({ index, dataType: "uint16", ...facts }));
  return servedImage({ ...imageInfo(10, 10), channels: all });
}

/** The default of an image, which is a formula of it. */
function textOf(...channels: readonly Facts[]): string {
  const image = imageOf(...channels);
  const text = defaultText(image);
  const result = checkFormula(text, formulaScope(image, { z: 0, t: 0 }));
  expect(result.ok || result.diagnostics).toBe(true);
  return text;
}

const named = (...names: readonly string[]) => textOf(...names.map((name) => ({ name })));

describe("the formula of an image that is asked for without one", () => {
  it("is the catalogue's, before anything else", () => {
    const image = imageOf({ name: "red", active: true }, { name: "green" }, { name: "blue" });
    expect(defaultText({ ...image, defaultFormula: "ndi(@1, @2)" })).toBe("ndi(@1, @2)");
  });

  it("is a merge of the channels that the file calls active, in their colors, whose windows the pixels judge", () => {
    const red = { name: "red", active: true, color: "#00ff00", window: [10, 900] } as const;
    expect(textOf(red, { name: "green", active: false }, { name: "blue", active: true })).toBe(
      'screen(tint(@1, "#00ff00"), tint(@3, "#ffffff"))',
    );
  });

  it("is none of them where the file calls none active, nor their merge", () => {
    const off = { active: false, color: "#00ff00" };
    expect(textOf(...["red", "green", "blue"].map((name) => ({ name, ...off })))).toBe("rgb(@1, @2, @3)");
    expect(textOf(...["a", "b"].map((name) => ({ name, ...off })))).toBe("@1");
  });

  it("is true color where there are channels of these names, in whatever order and spelling", () => {
    expect(named("Blue", "Green", "NIR", "RED")).toBe("rgb(@4, @2, @1)");
  });

  it("is true color whatever is beside the colors", () => {
    expect(named("red", "green", "blue", "b4")).toBe("rgb(@1, @2, @3)");
    expect(named("red", "green", "blue", "b4", "b5", "b6")).toBe("rgb(@1, @2, @3)");
    expect(named("class", "red", "green", "blue")).toBe("rgb(@2, @3, @4)");
    expect(named("Red", "green", "blue", "RED")).toBe("rgb(@1, @2, @3)");
    const alpha = { name: "alpha", alpha: true };
    expect(textOf({ name: "red" }, { name: "green" }, { name: "blue" }, alpha)).toBe("rgb(@1, @2, @3)");
    expect(textOf(alpha, { name: "red" }, { name: "green" }, { name: "blue" })).toBe("rgb(@2, @3, @4)");
  });

  it("is true color wherever three samples of one thing are, the first of several", () => {
    expect(named("HE red", "HE green", "HE blue", "IHC red", "IHC green", "IHC blue")).toBe("rgb(@1, @2, @3)");
    expect(named("DAPI", "HE red", "HE green", "HE blue")).toBe("rgb(@2, @3, @4)");
    expect(named("HE red", "IHC green", "HE blue")).toBe("@1");
    expect(named("infrared", "evergreen", "blue")).toBe("@1");
  });

  it.each([
    [["B02", "B03", "B04", "B08"], "rgb(@3, @2, @1)"],
    [["S2_B08_10m", "S2_B04_10m", "S2_B03_10m", "S2_B02_10m"], "rgb(@2, @3, @4)"],
    [["SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7"], "rgb(@4, @3, @2)"],
    [["SR_B4", "SR_B3", "SR_B2"], "rgb(@1, @2, @3)"],
    [["SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7"], "rgb(@3, @2, @1)"],
    [["sur_refl_b01", "sur_refl_b02", "sur_refl_b03", "sur_refl_b04"], "rgb(@1, @4, @3)"],
    [["Coastal_Blue", "blue", "green_i", "green", "red", "nir"], "rgb(@5, @4, @2)"],
    [["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A"], "rgb(@4, @3, @2)"],
    [["b01", "b02", "b03", "b04", "b8a", "b09"], "rgb(@4, @3, @2)"],
    [["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B10", "B11", "QA_PIXEL"], "rgb(@4, @3, @2)"],
    [["BAND_B", "BAND_G", "BAND_R", "BAND_N"], "rgb(@3, @2, @1)"],
    [["B1", "B2", "B3", "B4", "B5", "B7", "QA_PIXEL"], "@1"],
    [["B2", "B3", "B4", "B5"], "@1"],
    [["b04", "b03"], "@1"],
    [["sur_refl_b02", "sur_refl_b03", "sur_refl_b04"], "@1"],
    [["B04", "B03", "B02", "B04"], "@1"],
    [["AB04", "AB03", "AB02"], "@1"],
  ])("is true color where names are those of a known sensor's bands: %j", (names, wanted) => {
    expect(named(...names)).toBe(wanted);
  });

  it("is true color where numbers of bands are told to be red, green and blue by their wavelengths", () => {
    const bands = (...wavelengths: readonly number[]) =>
      wavelengths.map((wavelengthNm, index) => ({ name: `B${index + 1}`, wavelengthNm }));
    expect(textOf(...bands(443, 492, 560, 665, 704))).toBe("rgb(@4, @3, @2)");
    expect(textOf(...bands(485, 560, 660, 830))).toBe("rgb(@3, @2, @1)");
    expect(textOf(...bands(418, 422, 426, 430))).toBe("@1");
    expect(textOf(...["B4", "B3", "B2"].map((name) => ({ name: `x_${name}` })))).toBe("@1");
  });

  it("is no true color of codes", () => {
    expect(textOf(...["B04", "B03", "B02"].map((name) => ({ name, kind: "categorical" as const })))).toBe("@1");
  });

  it("is the first channel that is not the opacity of others", () => {
    expect(named("b1", "b2", "b3")).toBe("@1");
    expect(named("red", "green")).toBe("@1");
    expect(textOf({ name: "alpha", alpha: true }, { name: "gray" })).toBe("@2");
    expect(textOf({ name: "gray" }, { name: "alpha", alpha: true })).toBe("@1");
  });

  it("is in the colors of classes, where each of a few has one", () => {
    const classes = [-1, 0, 41].map((value) => ({ value, name: null, color: `#0000${value + 30}` }));
    const codes = { name: "cover", kind: "categorical", classes } as const;
    expect(textOf(codes)).toBe('classes(@1, -1: "#000029", 0: "#000030", 41: "#000071")');
    expect(textOf({ ...codes, classes: [...classes, { value: 50, name: "ice", color: null }] })).toBe("@1");
    const many = Array.from({ length: 65 }, (_, value) => ({ value, name: null, color: "#123456" }));
    expect([textOf({ ...codes, classes: many.slice(1) }), textOf({ ...codes, classes: many })]).toEqual([
      expect.stringMatching(/^classes\(@1, 1: "#123456".*64: "#123456"\)$/),
      "@1",
    ]);
    const labels = imageOf(codes);
    expect(defaultText({ ...labels, info: { ...labels.info, format: "OME-Zarr 0.4" } })).toBe("@1");
    expect(textOf({ ...codes, kind: "continuous" })).toBe("@1");
  });

  it("is a merge of the channels that have colors, the brightest first", () => {
    const stained = [
      { name: "DAPI", color: "#0000ff" },
      { name: "CD4", color: "#00ff00" },
      { name: "none" },
      { name: "CD8", color: "#ff0000" },
    ];
    expect(textOf(...stained)).toBe('screen(tint(@2, "#00ff00"), tint(@4, "#ff0000"), tint(@1, "#0000ff"))');
    expect(textOf({ name: "GFP", color: "#00ff00" })).toBe('tint(@1, "#00ff00")');
  });

  it("merges eight channels at most, those of the brightest colors", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      name: `c${index}`,
      color: `#0000${(index + 16).toString(16)}`,
    }));
    const merged = [...textOf(...many).matchAll(/@(\d+)/g)].map(([, ordinal]) => Number(ordinal));
    expect(merged).toEqual([20, 19, 18, 17, 16, 15, 14, 13]);
  });

  it("merges none where the file leaves all white, or where colors are of classes", () => {
    expect(textOf({ name: "a", color: "#ffffff" }, { name: "b", color: "#ffffff" })).toBe("@1");
    expect(textOf({ name: "a", color: "#ff0000", kind: "categorical" })).toBe("@1");
  });

  it("is what plates print", () => {
    const bytes = ["cyan", "magenta", "yellow", "black"].map((name) => ({ name, dataType: "uint8" }) as const);
    expect(textOf(...bytes)).toBe(
      "rgb((1 - norm(@1)) * (1 - norm(@4)), (1 - norm(@2)) * (1 - norm(@4)), (1 - norm(@3)) * (1 - norm(@4)))",
    );
    expect(textOf(...bytes.slice(0, 3))).toBe("@1");
    expect(textOf(...bytes.map((plate) => ({ ...plate, dataType: "float32" }) as const))).toContain("window(@4, 0, 1)");
  });

  it("is the sRGB that a profile makes, unless the server passes numbers through", () => {
    const made = ["srgb red", "srgb green", "srgb blue"].map((name) => ({ name, derived: true }));
    const colors = [{ name: "red" }, { name: "green" }, { name: "blue" }];
    expect(textOf(...colors, ...made)).toBe("rgb(norm(@4), norm(@5), norm(@6))");
    expect(textOf({ name: "gray" }, { name: "alpha", alpha: true }, ...made)).toBe("rgb(norm(@3), norm(@4), norm(@5))");
    expect(defaultText(imageOf(...colors, ...made), "stored")).toBe("rgb(@1, @2, @3)");
    expect(defaultText(imageOf({ name: "b1" }, ...made), "stored")).toBe("@1");
    const named = made.map(({ name }) => ({ name }));
    expect(textOf({ name: "dapi" }, ...named.slice(0, 2))).toBe("@1");
    expect(textOf(...colors, ...named)).toBe("rgb(@1, @2, @3)");
  });

  it("is inverted where large numbers mean darkness, unless the server passes numbers through", () => {
    const image = imageOf({ name: "b1" });
    const negative = { ...image, info: { ...image.info, negative: true } };
    expect([defaultText(negative), defaultText(negative, "stored")]).toEqual(["invert(@1)", "@1"]);
  });
});

describe("the picture of an image that is asked for without a formula", () => {
  let pipeline: Pipeline;
  let photograph: Buffer;
  const raw = Uint8Array.from({ length: 16 * 8 * 3 }, (_, at) => (at * 37) & 255);
  beforeAll(async () => {
    const cmyk = [
      [0, 255, 255, 0],
      [255, 0, 255, 0],
      [0, 0, 0, 255],
      [0, 0, 0, 0],
    ] as const;
    photograph = await sharp(raw, { raw: { width: 16, height: 8, channels: 3 } })
      .png()
      .withIccProfile("p3")
      .toBuffer();
    pipeline = await openPipeline({
      "p3.png": photograph,
      "fax.tif": { ...{ width: 2, height: 1, type: "bit", value: (x) => x }, tags: { [TAG.photometric]: short(0) } },
      "cmyk.tif": {
        ...{ width: 4, height: 1, samples: 4, value: (x, _, sample) => cmyk[x]?.[sample] ?? 0 },
        tags: { [TAG.photometric]: short(5), [TAG.extraSamples]: null },
      },
    });
  });
  afterAll(() => pipeline.close());

  const region = (width: number, height: number) => ({ x: 0, y: 0, width, height });
  const rgb = (bytes: Uint8Array) => [...Decoder.sync.read(Buffer.from(bytes)).data.filter((_, at) => at % 4 < 3)];

  it("is what libvips shows of a photograph with a color profile, to the level", async () => {
    const formula = await pipeline.bind("p3", null);
    const { bytes } = await pipeline.tiles.region({ formula, region: region(16, 8), maxSize: 16, encoding: PNG });
    const expected = await sharp(photograph).toColourspace("srgb").raw().toBuffer();
    expect(Math.max(...rgb(bytes).map((value, at) => Math.abs(value - (expected[at] ?? -1))))).toBeLessThanOrEqual(1);
    const stored = await pipeline.bind("p3", "rgb(red, green, blue)");
    const other = await pipeline.tiles.region({ formula: stored, region: region(16, 8), maxSize: 16, encoding: PNG });
    expect(rgb(other.bytes)).toEqual([...(await sharp(photograph, { ignoreIcc: true }).raw().toBuffer())]);
  });

  it("is upright where 0 is white", async () => {
    const formula = await pipeline.bind("fax", null);
    const { bytes } = await pipeline.tiles.region({ formula, region: region(2, 1), maxSize: 2, encoding: PNG });
    expect(rgb(bytes)).toEqual([255, 255, 255, 0, 0, 0]);
  });

  it("shows the colors of plates", async () => {
    const formula = await pipeline.bind("cmyk", null);
    const region = { x: 0, y: 0, width: 4, height: 1 };
    const { bytes } = await pipeline.tiles.region({ formula, region, maxSize: 4, encoding: PNG });
    const pixels = Decoder.sync.read(Buffer.from(bytes)).data.filter((_, at) => at % 4 < 3);
    expect([...pixels]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255]);
  });
});
