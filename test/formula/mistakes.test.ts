import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { diagnose } from "./support.ts";

/** What people write, and what they are told, in turns of two lines. */
const LINES = readFileSync(new URL("../golden/mistakes.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "");
const MISTAKES = LINES.flatMap((text, index) => (index % 2 === 0 ? [{ text, told: LINES[index + 1] ?? "" }] : []));

it("forty typical mistakes and more are listed", () => {
  expect(MISTAKES.length).toBeGreaterThanOrEqual(40);
});

it.each(MISTAKES)("is told what to write instead of $text", ({ text, told }) => {
  expect(
    `  ${diagnose(text)
      .map(({ message }) => message)
      .join(" | ")}`,
  ).toBe(told);
});
