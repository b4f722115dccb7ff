import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NPY, openPipeline, type Pipeline, valuesOf } from "./support.ts";

const WIDTH = 60;
const HEIGHT = 40;
const value = (x: number, y: number) => (x * 7919 + y * 104_729) % 40_000;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ "deep.tif": { width: WIDTH, height: HEIGHT, type: "uint16", value } });
});
afterAll(() => pipeline.close());

async function numbersOf(text: string) {
  const image = await pipeline.images.get("deep");
  const before = pipeline.asked.statistics;
  const bound = await pipeline.formulas.bind(image, text, { numbersAlone: true });
  if (!bound.valid) throw new Error(bound.diagnostics[0]?.message);
  return { bound, measures: pipeline.asked.statistics - before, values: bound.formula.values.map((one) => one.text) };
}

describe("a formula that is asked for its numbers alone", () => {
  it.each([
    ["b1 * 3", ["b1 * 3"], 0],
    ["stretch(b1 * 5, 2, 98)", ["b1 * 5"], 0],
    ["zscale(b1 * 7); b1; b1 * 2", ["b1 * 7", "b1", "b1 * 2"], 0],
    ["gamma(invert(b1 * 11), 2)", ["b1 * 11"], 0],
    ["screen(tint(b1 * 13, 'red'), tint(b1 * 17, 'blue'))", ["b1 * 13", "b1 * 17"], 0],
    ["b1 * 19; b1", ["b1 * 19", "b1"], 0],
    ["equalize(b1 * 23)", null, 1],
    ["b1 * 29 - mean(b1 * 29)", null, 1],
    ["stretch(b1 - mean(b1 * 31))", null, 1],
    ["b1 * 37 + 2 * stretch(b1 * 37)", null, 1],
  ] as const)("is measured only for what they need: %s", async (text, values, measures) => {
    const { bound, measures: made, values: found } = await numbersOf(text);
    expect(made).toBe(measures);
    if (values) expect(found.map((one) => one.replace(/(\d+) \* b1/, "b1 * $1"))).toEqual(values);
    const whole = await pipeline.bind("deep", text);
    expect(whole.formula.values.map((one) => one.text)).toEqual(bound.formula.values.map((one) => one.text));
  });

  it("gives the numbers that the picture has, as tiles and as statistics", async () => {
    const { bound } = await numbersOf("b1 * 41");
    const whole = await pipeline.bind("deep", "b1 * 41");
    const tile = { level: 0, x: 0, y: 0, tileSize: 64, pad: false, encoding: NPY };
    const [one, other] = await pipeline.tiles.tiles([
      { formula: bound, ...tile },
      { formula: whole, ...tile },
    ]);
    if (!one || !other || one instanceof Error || other instanceof Error) throw new Error("no tile");
    expect(valuesOf(one.bytes)).toEqual(valuesOf(other.bytes));
    expect(valuesOf(one.bytes)[WIDTH + 1]).toBe(Math.fround(41 * value(1, 1)));
    const asked = { level: null, region: null, bins: 8, percentiles: [50] };
    const measured = await pipeline.tiles.statistics({ formula: bound, ...asked });
    expect(measured).toEqual(await pipeline.tiles.statistics({ formula: whole, ...asked }));
  });

  it("is another formula than that of the picture, whichever is asked for first", async () => {
    const { bound } = await numbersOf("b1 * 43");
    const whole = await pipeline.bind("deep", "b1 * 43");
    expect(whole.formula.windows).not.toEqual(bound.formula.windows);
    expect((await numbersOf("b1 * 43")).bound).toBe(bound);
    const first = await pipeline.bind("deep", "b1 * 47");
    expect((await numbersOf("b1 * 47")).bound).not.toBe(first);
  });

  it("pays for nothing that is not measured", async () => {
    const image = await pipeline.images.get("deep");
    const paid: number[] = [];
    const pay = (work: readonly unknown[]) => paid.push(work.length);
    await pipeline.formulas.bind(image, "b1 * 53", { numbersAlone: true }, undefined, pay);
    await pipeline.formulas.bind(image, "b1 * 53", {}, undefined, pay);
    expect(paid).toEqual([0, 1]);
  });
});
