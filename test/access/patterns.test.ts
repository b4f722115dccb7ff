import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matcherOf, patternProblem } from "../../src/access/patterns.ts";
import { readerOf } from "../../src/access/readers.ts";

/** Of a key. */
const LONGEST = 1_024;

describe("a pattern", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["plates/**", ["plates/a", "plates/a/b", "plates/.a/b"], ["plates", "platesx/a", "plate/a", "x/plates/a"]],
    ["plates/*", ["plates/a", "plates/.a"], ["plates/a/b", "plates"]],
    ["*", ["a", "a.b"], ["a/b"]],
    ["**/sky", ["sky", "a/sky", "a/b/sky"], ["asky", "sky/a"]],
    ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz"]],
    ["run-?", ["run-1"], ["run-12", "run-", "run-/"]],
    ["run-[0-9][!x]", ["run-1a"], ["run-1x", "run-a1", "run-1/"]],
    ["{lab,home}/a", ["lab/a", "home/a"], ["la/a", "lab,home/a"]],
    ["Scan (1)+|$^@!a", ["Scan (1)+|$^@!a"], ["Scan 1", "Scan (1)"]],
    ["!a", ["!a"], ["b"]],
    ['"a"', ['"a"'], ["a"]],
    ["a.b", ["a.b"], ["axb"]],
    ["Plates", ["Plates"], ["plates"]],
  ])("%s matches what it says, and no more", (pattern, good, bad) => {
    expect(patternProblem(pattern)).toBeNull();
    const matches = matcherOf([pattern]);
    expect([good.filter(matches), bad.filter(matches)]).toEqual([good, []]);
  });

  it.each([
    ["", "an empty part"],
    ["/a", "an empty part"],
    ["a//b", "an empty part"],
    ["a/", "an empty part"],
    ["../a", "begins with a dot"],
    ["a\\b", "backslash"],
    ["a**", "** beside"],
    ["**/a/**/b/**", "more than 2 times **"],
    ["*a*b*", "more than 2 *"],
    ["a[", "brackets"],
    ["a]b", "brackets"],
    ["{a", "brackets"],
    ["{a}", "brackets"],
    ["{a/b,c}", "brackets"],
    ["{a*,b}", "brackets"],
    ["{1..9,a}", "brackets"],
    ["{a,{b,c}}", "brackets"],
    ["[[:alpha:]]", "brackets"],
    ["[z-a]", "cannot be understood"],
    [`{${Array.from({ length: 33 }, (_, n) => n).join(",")}}`, "more than 32 alternatives"],
    ["a".repeat(513), "longer than 512"],
  ])("%j is refused with what to write", (pattern, reason) => {
    expect(patternProblem(pattern)).toContain(reason);
  });

  it("that has no problem can always be asked, and matches itself where it has no wildcard", () => {
    const characters = fc.constantFrom(..."ab*?[]{},/.!^(+)|$\"-@ é~#&'`\\");
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (pattern) => {
        fc.pre(patternProblem(pattern) === null);
        const matches = matcherOf([pattern]);
        expect(matches("no/such.key")).toBeTypeOf("boolean");
        if (!/[*?[{]/.test(pattern)) expect([matches(pattern), matches(`${pattern}x`)]).toEqual([true, false]);
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes no long time for any key", () => {
    const hostile = ["**/*a*b/**/*c*d", "**/*a*a/**/*a*b", "*a*b/**/a/**/*a*b", "**/?*a?*b/**"];
    const parts = ["a", "aa", "a/", "ab/", "aab/", "ac/cc/", "abcd/"];
    for (const pattern of hostile) {
      expect(patternProblem(pattern)).toBeNull();
      const matches = matcherOf([pattern]);
      for (const part of parts) {
        const before = process.cpuUsage();
        matches(part.repeat(LONGEST / part.length).replace(/\/$/, ""));
        const { user } = process.cpuUsage(before);
        // Microseconds: some thousand, where one wildcard more takes minutes.
        expect(user).toBeLessThan(1_000_000);
      }
    }
  });
});

describe("a reader", () => {
  it("of ** reads everything, and is told so", () => {
    expect(readerOf(["a", "**"], null).everything).toBe(true);
    expect(readerOf(["*"], null).everything).toBe(false);
  });

  it("of no pattern reads nothing", () => {
    expect(readerOf([], null).mayRead(["a", "b"])).toEqual([false, false]);
  });

  it("answers key by key in order, the second time too, with few patterns and with many", () => {
    for (const count of [1, 20]) {
      const reader = readerOf(
        Array.from({ length: count }, (_, n) => `lab-${n}/**`),
        null,
      );
      const keys = ["lab-0/a", "x", `lab-${count - 1}/b`, "x", "lab-99/a"];
      const expected = [true, false, true, false, false];
      expect([reader.mayRead(keys), reader.mayRead(keys)]).toEqual([expected, expected]);
    }
  });
});
