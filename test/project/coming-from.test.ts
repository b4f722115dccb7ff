import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkFormula, type FormulaScope, type ScopeChannel } from "../../src/formula/index.ts";

const page = readFileSync(new URL("../../docs/coming-from.md", import.meta.url), "utf8");

const CHANNELS = ["B02", "B03", "B04", "B08"].map(
  (name): ScopeChannel => ({ name, dataType: "uint16", nan: true, scale: 0.0001, offset: 0 }),
);
const IMAGE = { channels: CHANNELS, depth: 10, times: 1 };
const SCOPE: FormulaScope = {
  ...{ ...IMAGE, plane: { z: 0, t: 0 } },
  images: new Map([
    ["after", IMAGE],
    ["2019", IMAGE],
  ]),
};

/** Cells of a row; a bar that is escaped is part of its cell. */
const cells = (line: string): readonly string[] => line.split(/(?<!\\)\|/).map((cell) => cell.trim());
const rows = page.split("\n").filter((line) => line.startsWith("| `"));
/** The second cell, without its backticks. */
const formulas = rows.map((line) => (cells(line)[2] ?? "").replace(/^`|`$/g, ""));

describe("docs/coming-from.md", () => {
  it("has a table for each tool", () => {
    expect(page.match(/^## /gm)?.length).toBe(7);
    expect(rows.length).toBeGreaterThan(60);
  });

  it.each(formulas)("tells a formula that works: %s", (text) => {
    const result = checkFormula(text, SCOPE);
    const errors = result.ok ? [] : result.diagnostics.map(({ message }) => message);
    expect(errors).toEqual([]);
  });
});
