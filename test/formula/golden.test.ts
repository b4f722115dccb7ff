import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { completeFormula, functionTable } from "../../src/formula/index.ts";
import { answersTo, channel, checked, scopeOf } from "./support.ts";

interface Entry {
  readonly text: string;
  readonly canonical: string;
  readonly hash: string;
}

/** Every example of the language and formulas at random, as they were when the form was given its version. */
const GOLDEN = JSON.parse(
  readFileSync(new URL("../golden/formulas.json", import.meta.url), "utf8"),
) as readonly Entry[];

/** Channels that the examples speak of. */
const SCOPE = scopeOf([
  ...["red", "green", "blue", "NIR-1", "FIR-1", "UV-1"].map((name) => channel(name, "uint8")),
  channel("deep", "uint16", { nan: true, scale: 0.5, offset: -10 }),
  channel("heat", "float32", { nan: true, window: [-20, 300] }),
]);

it("200 formulas have the canonical text and the hash of the release before: what changes them changes the version of the form", () => {
  expect(GOLDEN.length).toBeGreaterThanOrEqual(200);
  const now = GOLDEN.map(({ text }): Entry => {
    const formula = checked(text, SCOPE);
    const { canonical, hash } = completeFormula(
      formula,
      answersTo(formula, (index) => [index - 0.5, index + 99.25]),
    );
    return { text, canonical, hash };
  });
  expect(now).toEqual(GOLDEN);
});

it("the formulas of the golden file use every function", () => {
  const texts = GOLDEN.map(({ text }) => text).join("\n");
  expect(functionTable.filter(({ example }) => !texts.includes(example)).map(({ name }) => name)).toEqual([]);
});
