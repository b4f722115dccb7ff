import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFormula } from "../../src/formula/index.ts";
import { effort } from "../fixtures/effort.ts";
import { channel, checked, diagnose, refusal, SCOPE, scopeOf } from "./support.ts";

/** The limit stated for hostile text is 50 ms; ten times that says that something grows faster than the text. */
const HANG_MS = 500;

/** A moment in which the machine does something else is no fault of the text: it is read once more then, and the processor's time counts. */
const TRIES = 3;

function timed(text: string, scope = SCOPE) {
  let best = Number.POSITIVE_INFINITY;
  let result = checkFormula(text, scope);
  for (let tries = 0; tries < TRIES && best >= HANG_MS; tries++) {
    const before = process.cpuUsage();
    result = checkFormula(text, scope);
    const { user, system } = process.cpuUsage(before);
    best = (user + system) / 1000;
  }
  expect(best, text.slice(0, 40)).toBeLessThan(HANG_MS);
  return result;
}

/** Offsets within the text, a line and a column from 1, one line of printable message. */
function expectWellFormed(text: string, scope = SCOPE): void {
  for (const { from, to, line, column, message, suggestions } of diagnose(text, scope)) {
    expect(from).toBeGreaterThanOrEqual(0);
    expect(to).toBeGreaterThanOrEqual(from);
    expect(to).toBeLessThanOrEqual(text.length);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    for (const { label } of suggestions) expect(label).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  }
}

const HUGE = 100_000;

describe("hostile text", () => {
  it.each([
    ["parentheses", "(".repeat(HUGE), "TOO_LONG"],
    ["minus signs", `${"-".repeat(HUGE)}red`, "TOO_LONG"],
    ["terms", Array(50_000).fill("b1").join("+"), "TOO_LONG"],
    ["a megabyte of one name", "a".repeat(1 << 20), "TOO_LONG"],
    ["a megabyte of emoji", "😀".repeat(1 << 19), "TOO_LONG"],
    ["parentheses within the length", "(".repeat(16_000), "TOO_DEEP"],
    ["minus signs within the length", `${"-".repeat(16_000)}red`, "TOO_DEEP"],
    ["exclamation marks", `${"!".repeat(16_000)}red`, "TOO_DEEP"],
    ["exponents", Array(5000).fill("b1").join("^"), "TOO_DEEP"],
    ["conditions", `${"b1?".repeat(5000)}1`, "TOO_DEEP"],
    ["calls", "abs(".repeat(4000), "TOO_DEEP"],
    ["terms within the length", Array(5400).fill("b1").join("+"), "TOO_MANY_NODES"],
    ["outputs", Array(5400).fill("b1").join(";"), "TOO_MANY_NODES"],
    ["arguments", `min(${Array(5400).fill("b1").join(",")})`, "TOO_MANY_NODES"],
    ["open comments", "/* ".repeat(5400), "UNEXPECTED_CHARACTER"],
    ["slashes and stars", `red ${"/ *".repeat(5400)}`, "UNEXPECTED_TOKEN"],
    ["backticks", "`".repeat(16_383), "BAD_STRING"],
    ["quotes", `"${" ".repeat(16_000)}`, "BAD_STRING"],
    ["digits", "9".repeat(16_000), null],
    ["an exponent of many digits", `1e${"9".repeat(16_000)}`, null],
    ["a long name", "a".repeat(16_000), "UNKNOWN_NAME"],
    ["a long number's tail", `1${"a".repeat(16_000)}`, "BAD_NUMBER"],
    ["spaces", " ".repeat(16_000), "EMPTY"],
    ["short lines", `${"\n".repeat(16_000)}#`, "UNEXPECTED_CHARACTER"],
    ["planes", `red${"[z=0]".repeat(3000)}`, "UNEXPECTED_TOKEN"],
    ["bindings", "let a = 1;".repeat(1600), "TOO_MANY_NODES"],
  ])("of many %s is answered at once", (_, text, code) => {
    const result = timed(text);
    if (code === null) expect(result.ok).toBe(true);
    else expect(result).toMatchObject({ ok: false, diagnostics: [{ code }] });
    expectWellFormed(text);
  });

  it("of many misspelt names on an image of many channels is answered at once", () => {
    const many = scopeOf(
      Array.from({ length: 5000 }, (_, index) => channel(`some channel with a long name, ${index}`)),
    );
    timed(Array(490).fill("some_chanel_with_a_long_nam").join("+"), many);
    timed(Array(490).fill("b4999").join("+"), many);
  });

  it("of any kind never throws, and what is wrong lies within it", () => {
    const pieces = fc.constantFrom(
      ...[
        "red",
        "b1",
        "@2",
        "1",
        "1e",
        ".",
        "(",
        ")",
        "[",
        "]",
        "+",
        "-",
        "*",
        "/",
        "^",
        "!",
        "~",
        "&",
        "|",
        "<",
        "=",
        "?",
        ":",
      ],
      ...[
        ";",
        ",",
        "let",
        "use",
        "`",
        '"',
        "'",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        "sqrt",
        "rgb(",
        "#fff",
        "\u0000",
        "\ud800",
        "é",
      ],
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(" ")),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expectWellFormed(text);
      }),
      { numRuns: effort(1000, 5000) },
    );
  });

  it("as names of channels never throws either", () => {
    const names = fc.array(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
      ),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(names, (found) => {
        const scope = scopeOf(found.map((name) => channel(name, "uint16")));
        expectWellFormed("x + sqr(y)", scope);
        found.forEach((_, index) => {
          const [output] = checked(`@${index + 1}`, scope).outputs;
          const again = checked(output?.text ?? "", scope).outputs[0];
          expect(again?.kind === "channel" && again.channel).toBe(index);
        });
      }),
      { numRuns: effort(400, 2000) },
    );
  });

  it.each([
    ["a right-to-left override", "\u202ered"],
    ["a zero-width joiner", "\u200dred"],
    ["a joiner within a name", "r\u200ded"],
    ["a lone surrogate", "\ud800"],
    ["a NUL", "red\u0000"],
    ["an emoji", "😀"],
    ["full-width digits", "red + ２"],
    ["Arabic digits", "red + ٢"],
    ["a minus of typography", "red − 1"],
    ["a byte order mark", "\ufeffred"],
    ["a line separator", "red +\u2028 green"],
  ])("with %s is refused, and the message is printable", (_, text) => {
    const found = refusal(text);
    expect(found.severity).toBe("error");
    expectWellFormed(text);
  });

  it("in a quoted text is not echoed as it is", () => {
    for (const text of ['tint(red, "\u202eevil\ud800")', 'colormap(red, "\u0007bell")', "`\u202e`", "red + '\u0000'"]) {
      expectWellFormed(text);
    }
  });
});
