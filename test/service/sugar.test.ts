import { describe, expect, it } from "vitest";
import type { DataType } from "../../src/core/dtype.ts";
import { checkFormula } from "../../src/formula/index.ts";
import { formulaScope } from "../../src/service/scope.ts";
import { defaultText, displayText, layersText } from "../../src/service/sugar.ts";
import type { Layer } from "../../src/service/types/formula.ts";
import { plainChannel } from "../../src/source/plain-info.ts";
import { imageInfo } from "../plan/image-info.ts";
import { codeOf, servedImage } from "./support.ts";

function imageOf(...names: readonly string[]) {
  const info = imageInfo(10, 10, [{}], names.length);
  return servedImage({ ...info, channels: info.channels.map((one, index) => ({ ...one, name: names[index] ?? "" })) });
}

const SCOPE = {
  channels: ["red", "green", "uv1"].map((name) => ({
    name,
    dataType: "uint16" as const,
    nan: true,
    scale: 1,
    offset: 0,
  })),
  depth: 1,
  times: 1,
  plane: { z: 0, t: 0 },
};

function layer(expression: string, changes: Partial<Layer> = {}): Layer {
  return { expression, color: "#ff8000", visible: true, blend: "screen", ...changes };
}

describe("display options as formula text", () => {
  it("nest in one order: window, gamma, invert, colormap, colour of no data", () => {
    const all = { window: [0, 9], gamma: 2, invert: true, colormap: "viridis", nodataColor: "#F80" };
    expect(displayText("red - green", all)).toBe(
      'over(colormap(invert(gamma(window(red - green, 0, 9), 2)), "viridis"), colour("#ff8800"))',
    );
    expect(displayText("red", {})).toBe("red");
    expect(displayText("red", { percentiles: [2, 98] })).toBe("stretch(red, 2, 98)");
  });

  it("keep a prelude in front, and show each output by itself", () => {
    expect(displayText("let d = red - green; d * 2 /* twice */", { window: [0, 9] })).toBe(
      "let d = red - green; window(d * 2, 0, 9)",
    );
    expect(displayText("red; green; uv1", { window: [0, 1, 2, 3, 4, 5], nodataColor: "black" })).toBe(
      'over(rgb(window(red, 0, 1), window(green, 2, 3), window(uv1, 4, 5)), colour("#000000"))',
    );
  });

  it.each([
    ["red + 2*(uv1 - green)", { window: [0, 1e21], gamma: 0.5 }],
    ["let d = red; d", { percentiles: [1, 99], colormap: "jet", invert: true }],
    ["red; green; uv1", { gamma: 2.2, nodataColor: "navy" }],
    ["red > 3 ? green : uv1", { window: [-1e-7, 1] }],
    ["red /* comment */", { invert: true }],
  ])("make a formula of %s with %j", (source, options) => {
    const result = checkFormula(displayText(source, options), SCOPE);
    expect(result.ok || result.diagnostics).toBe(true);
  });

  it.each([
    ["red", { window: [0, 1], percentiles: [2, 98] }],
    ["red", { window: [0] }],
    ["red", { window: [0, Number.POSITIVE_INFINITY] }],
    ["red; green; uv1", { window: [0, 1, 2, 3] }],
    ["red; green; uv1", { colormap: "jet" }],
    ["red", { colormap: 'jet"), red, ("' }],
    ["red", { gamma: Number.NaN }],
    ["red", { nodataColor: "not a colour" }],
  ])("are refused where they contradict each other: %s with %j", async (source, options) => {
    expect(await codeOf(() => displayText(source, options))).toBe("BAD_REQUEST");
  });

  it("leave a text alone that is no formula, so that its diagnostics are about it", () => {
    expect(displayText("red + ´", { gamma: 2 })).toBe("red + ´");
    expect(displayText("", { gamma: 2 })).toBe("");
  });

  it("leave a text alone that is too long for a formula, whatever it holds", () => {
    const text = "red+".repeat(250_000);
    expect(displayText(text, { gamma: 2 })).toBe(text);
  });
});

describe("layers as formula text", () => {
  it("are tinted and blended from the lowest to the highest; hidden ones are left out", () => {
    const layers = [
      layer("red", { window: [0, 9] }),
      layer("green", { visible: false }),
      layer("uv1", { color: "#00f" }),
    ];
    expect(layersText(layers)).toBe('screen(tint(window(red, 0, 9), "#ff8000"), tint(uv1, "#0000ff"))');
  });

  it.each(["over", "add", "screen", "multiply"])("make a formula with the blend %s", (blend) => {
    const result = checkFormula(layersText([layer("red - green"), layer("uv1", { blend }), layer("green")]), SCOPE);
    expect(result.ok || result.diagnostics).toBe(true);
  });

  it("put a layer over what is below it", () => {
    expect(layersText([layer("red"), layer("uv1", { blend: "over" })])).toBe(
      'over(tint(uv1, "#ff8000"), tint(red, "#ff8000"))',
    );
  });

  it("of one blend are arguments of one call, so that sixty-four make a formula", () => {
    const three = ["red", "green", "uv1"].map((name) => layer(name));
    expect(layersText(three)).toBe('screen(tint(red, "#ff8000"), tint(green, "#ff8000"), tint(uv1, "#ff8000"))');
    expect(layersText(three.map((one) => ({ ...one, blend: "over" })))).toBe(
      'over(tint(uv1, "#ff8000"), tint(green, "#ff8000"), tint(red, "#ff8000"))',
    );
    const mixed = [three[0], { ...layer("green"), blend: "add" }, three[2]].flatMap((one) => one ?? []);
    expect(layersText(mixed)).toBe('screen(add(tint(red, "#ff8000"), tint(green, "#ff8000")), tint(uv1, "#ff8000"))');
    const many = Array.from({ length: 64 }, (_, index) => layer(`@${index + 1}`, { window: [0, 4000] }));
    const scope = { ...SCOPE, channels: many.map((_, index) => ({ ...SCOPE.channels[0], name: `c${index}` })) };
    const result = checkFormula(layersText(many), scope as typeof SCOPE);
    expect(result.ok || result.diagnostics).toBe(true);
  });

  it("are refused where they are more than a formula has parts", async () => {
    const many = (count: number) => Array.from({ length: count }, () => layer("red"));
    expect(await codeOf(() => layersText(many(30_000)))).toBe("LIMIT_EXCEEDED");
    expect(await codeOf(() => layersText(many(1000)))).toBe("no error");
    expect(await codeOf(() => layersText(many(1000).concat(layer("red", { visible: false }))))).toBe("no error");
  });

  it("are black when none is visible", () => {
    const result = checkFormula(layersText([layer("red", { visible: false })]), SCOPE);
    expect(result.ok || result.diagnostics).toBe(true);
  });

  it.each(["let d = red; d", "red; green; uv1"])("refuse %s: a layer is one expression", async (expression) => {
    expect(await codeOf(() => layersText([layer(expression)]))).toBe("BAD_REQUEST");
  });
});

describe("the formula of an image that is asked for without one", () => {
  const channels = [
    plainChannel({ index: 0, name: "red", dataType: "uint16", active: true, color: "#00ff00", window: [10, 900] }),
    plainChannel({ index: 1, name: "green", dataType: "uint16", active: false }),
    plainChannel({ index: 2, name: "blue", dataType: "uint16", active: true }),
  ];
  const image = imageOf("red", "green", "blue");

  it("is the catalogue's, before anything else", () => {
    const info = { ...image.info, channels };
    expect(defaultText({ ...image, info, defaultFormula: "ndi(@1, @2)" })).toBe("ndi(@1, @2)");
  });

  it("is a merge of the channels that the file calls active, in their colours and windows", () => {
    const info = { ...image.info, channels };
    const text = defaultText({ ...image, info });
    expect(text).toBe('screen(tint(window(@1, 10, 900), "#00ff00"), tint(@3, "#ffffff"))');
    expect(checkFormula(text, formulaScope({ ...image, info }, { z: 0, t: 0 })).ok).toBe(true);
  });

  it("is none of them where the file calls none active", () => {
    const off = channels.map((channel) => ({ ...channel, active: false }));
    expect(defaultText({ ...image, info: { ...image.info, channels: off } })).toBe("rgb(@1, @2, @3)");
  });

  it("is true colour where there are channels of these names, in whatever order and spelling", () => {
    expect(defaultText(imageOf("Blue", "Green", "NIR", "RED"))).toBe("rgb(@4, @2, @1)");
  });

  it("is transparent where an alpha channel says so, from nothing to all that its type can hold", () => {
    const typed = (dataType: DataType, ...names: readonly string[]) => {
      const image = imageOf(...names);
      const channels = image.info.channels.map((channel) => ({ ...channel, dataType }));
      const typedImage = { ...image, info: { ...image.info, channels } };
      const text = defaultText(typedImage);
      expect(checkFormula(text, formulaScope(typedImage, { z: 0, t: 0 })).ok).toBe(true);
      return text;
    };
    expect(typed("uint8", "red", "green", "blue", "alpha")).toBe("rgba(@1, @2, @3, window(@4, 0, 255))");
    expect(typed("uint16", "alpha", "red", "green", "blue")).toBe("rgba(@2, @3, @4, window(@1, 0, 65535))");
    expect(typed("float32", "gray", "alpha")).toBe("rgba(@1, @1, @1, window(@2, 0, 1))");
    expect(typed("uint8", "nir", "alpha")).toBe("@1");
  });

  it.each([[["b1", "b2", "b3"]], [["red", "green"]], [["Red", "green", "blue", "RED"]]])(
    "is the first channel of %j",
    (names) => {
      expect(defaultText(imageOf(...names))).toBe("@1");
    },
  );
});
