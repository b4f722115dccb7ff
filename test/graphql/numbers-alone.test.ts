import { describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";

const rendering = (below: string, formula = "red; uv1") =>
  `{ image(key: "demo") { render(formula: "${formula}") { ${below} } } }`;
const NPY = "encoding: {format: NPY}";
const PLACE = "level: 0, x: 0, y: 0";
const REGION = "region: {x: 0, y: 0, width: 9, height: 9}";

/** Statistics that were made, for windows and for who asks. */
async function measuresOf(query: string): Promise<number> {
  const { ask, close, measured } = await inProcess();
  const { errors } = await ask(query);
  expect(errors).toEqual([]);
  await close();
  return measured.length;
}

describe("windows of a formula in an operation", () => {
  it.each([
    ["statistics { mean }", 1],
    ["valid source id type bounds { min } statistics { mean }", 1],
    ["probe(points: [{x: 1, y: 1}]) { values { number } }", 0],
    [`tile(${PLACE}, ${NPY}) { base64 }`, 0],
    [`region(${REGION}, ${NPY}) { byteLength width }`, 0],
    [`tiles(level: 0, x: {from: 0, to: 1}, y: {from: 0, to: 0}, ${NPY}) { nodes { x base64 } }`, 0],
  ])("are not measured for numbers alone: %s", async (below, measures) => {
    expect(await measuresOf(rendering(below))).toBe(measures);
  });

  it.each([
    ["statistics { mean } hash", 3],
    ["canonical", 2],
    ["statistics { mean } ... on Rendering { window { min } }", 3],
    ["probe(points: [{x: 1, y: 1}]) { values { number } color }", 2],
    [`tile(${PLACE}) { base64 }`, 2],
    [`tile(${PLACE}, ${NPY}) { url }`, 2],
    [`tile(${PLACE}, ${NPY}) { id }`, 2],
    [`a: tile(${PLACE}, ${NPY}) { base64 } b: tile(${PLACE}) { base64 }`, 2],
    [`region(${REGION}) { byteLength }`, 2],
  ])("are measured where something shows or names them: %s", async (below, measures) => {
    expect(await measuresOf(rendering(below, "red; uv1; fir1"))).toBe(measures + 1);
  });

  it("are not measured for statistics of channels", async () => {
    expect(await measuresOf('{ image(key: "demo") { channels { statistics { mean } } } }')).toBe(15);
  });
});
