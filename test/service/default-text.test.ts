import { PNG as Decoder } from "pngjs";
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

  it("is the first channel that is not the opacity of others", () => {
    expect(named("b1", "b2", "b3")).toBe("@1");
    expect(named("red", "green")).toBe("@1");
    expect(textOf({ name: "alpha", alpha: true }, { name: "gray" })).toBe("@2");
    expect(textOf({ name: "gray" }, { name: "alpha", alpha: true })).toBe("@1");
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
});

describe("the picture of an image that is asked for without a formula", () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    const cmyk = [
      [0, 255, 255, 0],
      [255, 0, 255, 0],
      [0, 0, 0, 255],
      [0, 0, 0, 0],
    ] as const;
    pipeline = await openPipeline({
      "cmyk.tif": {
        ...{ width: 4, height: 1, samples: 4, value: (x, _, sample) => cmyk[x]?.[sample] ?? 0 },
        tags: { [TAG.photometric]: short(5), [TAG.extraSamples]: null },
      },
    });
  });
  afterAll(() => pipeline.close());

  it("shows the colors of plates", async () => {
    const formula = await pipeline.bind("cmyk", null);
    const region = { x: 0, y: 0, width: 4, height: 1 };
    const { bytes } = await pipeline.tiles.region({ formula, region, maxSize: 4, encoding: PNG });
    const pixels = Decoder.sync.read(Buffer.from(bytes)).data.filter((_, at) => at % 4 < 3);
    expect([...pixels]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255]);
  });
});
