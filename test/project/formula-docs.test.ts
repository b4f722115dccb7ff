import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formulaPage, hasPicture, pictureName } from "../../scripts/formula-page.ts";
import { presetsPage } from "../../scripts/presets-page.ts";
import { settingsPage } from "../../scripts/settings-page.ts";
import { functionTable } from "../../src/formula/index.ts";

const docs = new URL("../../docs/", import.meta.url);

test("docs/formula.md is what the table of functions says: after a change, run npm run docs", () => {
  expect(readFileSync(new URL("formula.md", docs), "utf8")).toBe(formulaPage());
});

test("docs/presets.md is what the library says: after a change, run npm run docs", () => {
  expect(readFileSync(new URL("presets.md", docs), "utf8")).toBe(presetsPage());
});

test("docs/settings.md is what the table of settings says: after a change, run npm run docs", () => {
  expect(readFileSync(new URL("settings.md", docs), "utf8")).toBe(settingsPage());
});

test("docs/formula.md shows a picture of every function", () => {
  const missing = functionTable.filter(hasPicture).map((row) => `formula/${pictureName(row)}.webp`);
  expect(missing.filter((path) => !existsSync(new URL(path, docs)))).toEqual([]);
});
