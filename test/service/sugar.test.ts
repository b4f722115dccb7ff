import { describe, expect, it } from "vitest";
import { checkFormula } from "../../src/formula/index.ts";
import { displayText, layersText } from "../../src/service/sugar.ts";
import type { Layer } from "../../src/service/types/formula.ts";
import { codeOf } from "./support.ts";

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
