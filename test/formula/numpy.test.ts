import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { interpret } from "../../src/formula/index.ts";
import { needsPython } from "../fixtures/needs.ts";
import { channel, complete, scopeOf } from "./support.ts";

/** Debian's python3-numpy belongs to Debian's Python, which need not be the first on the path. */
const { python, options } = needsPython("numpy", ["/usr/bin/python3", "python3"]);

const SCOPE = scopeOf(["a", "b", "c"].map((name) => channel(name, "float32")));

/** Numbers that lie close, far, on halves, and at the ends of ranges. */
const NUMBERS = [
  ...[0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 7, 10, 0.1, -0.1, 1e-3, 1e-20, 1e20, -1e20, 255, 65_535, 16_777_215],
  ...[Math.PI, Math.E, 100.25, -99.75, 0.999_999_9, 1.000_000_1, 3.4e38, -3.4e38, 1.2e-38, 33.3, -12.125],
].map(Math.fround);

interface Case {
  /** Formula here. */
  readonly ours: string;
  /** What numpy calculates of float32 arrays a, b, c; `d` calculates in float64 and rounds once. */
  readonly theirs: string;
  /** Differences in units of the last place that are allowed. */
  readonly ulps: number;
}

const exact = (ours: string, theirs = ours): Case => ({ ours, theirs, ulps: 0 });
const near = (ours: string, theirs = `d(np.${ours})`, ulps = 1): Case => ({ ours, theirs, ulps });

const CASES: readonly Case[] = [
  ...["a + b", "a - b", "a * b", "a / b", "-a", "a + b * c", "(a - b) / (a + b)", "a * a - b / c", "2 * a + 0.1"].map(
    (text) => exact(text, text.replace("2 *", "f(2) *").replace("0.1", "f(0.1)")),
  ),
  exact("a % b", "a - b * np.trunc(a / b)"),
  exact("abs(a)", "np.abs(a)"),
  exact("a // b", "d(a // b)"),
  ...["bitand", "bitor", "bitxor"].map((name) =>
    exact(`${name}(a, b)`, `bits("${name.replace("bit", "bitwise_")}", a, b)`),
  ),
  exact("shift(a, 3)", 'bits("left_shift", a, f(3))'),
  exact("shift(a, -3)", 'bits("right_shift", a, f(3))'),
  exact("bit(a, 2)", "bits('bitwise_and', bits('right_shift', a, f(2)), f(1))"),
  exact("floor(a)", "np.floor(a)"),
  exact("ceil(a)", "np.ceil(a)"),
  exact("trunc(a)", "np.trunc(a)"),
  exact("round(a)", "np.rint(a)"),
  exact("sign(a)", "np.sign(a)"),
  exact("sqrt(a)", "np.sqrt(a)"),
  exact("min(a, b)", "np.minimum(a, b)"),
  exact("max(a, b, c)", "np.maximum(np.maximum(a, b), c)"),
  exact("clamp(a, -2, 9)", "np.clip(a, f(-2), f(9))"),
  exact("where(a > b, a, c)", "np.where(a > b, a, c)"),
  exact("(a < b) + (a == c) + (b != c) + (a >= c)", "f(1)*(a < b) + f(1)*(a == c) + f(1)*(b != c) + f(1)*(a >= c)"),
  exact("(a > 0) & (b > 0)", "f(1)*((a > 0) & (b > 0))"),
  exact("a ** 2", "a * a"),
  exact("ndi(a, b)", "(a - b) / (a + b)"),
  near("exp(a)"),
  near("expm1(a)"),
  near("log(a)"),
  near("log1p(a)"),
  near("log2(a)"),
  near("log10(a)"),
  near("arcsin(a)"),
  near("arccos(a)"),
  near("arctan(a)"),
  near("arctan2(a, b)"),
  near("sinh(a)"),
  near("cosh(a)"),
  near("tanh(a)", "d(np.tanh(a))", 2),
  near("arcsinh(a)"),
  near("hypot(a, b)", "d(np.hypot(a, b))", 2),
  near("where(abs(a) <= 8192, sin(a), 0)", "d(np.where(np.abs(a) <= 8192, np.sin(a), 0))", 2),
  near("where(abs(a) <= 8192, cos(a), 0)", "d(np.where(np.abs(a) <= 8192, np.cos(a), 0))", 2),
  near("pow(abs(a), b)", "d(np.power(np.abs(a), b))", 2),
  exact("1.16*(b-a)/(a+b+0.16)", "f(1.16)*(b-a)/(a+b+f(0.16))"),
];

const PROGRAM = `
import json, sys, numpy as np
np.seterr(all="ignore")
a, b, c = (np.array(x, dtype=np.float32) for x in json.loads(sys.argv[1]))
f = np.float32
def bits(name, x, y):
    whole = lambda v: (np.trunc(v) == v) & (np.abs(v) <= 2**24)
    known = whole(x) & whole(y)
    integers = [np.where(known, v, 0).astype(np.int64) for v in (x, y)]
    return np.where(known, getattr(np, name)(*integers).astype(np.float32), np.float32(np.nan))
def run(text):
    if text.startswith("d("):
        wide = {"np": np, "a": a.astype(np.float64), "b": b.astype(np.float64), "c": c.astype(np.float64)}
        return eval(text[1:], wide).astype(np.float32)
    return np.asarray(eval(text), dtype=np.float32)
print(json.dumps([[int(v) for v in run(text).view(np.int32)] for text in json.loads(sys.argv[2])]))
`;

/** Every pair of numbers, and a third that differs from both. */
const TRIPLES = NUMBERS.flatMap((a, i) =>
  NUMBERS.map((b, j) => [a, b, NUMBERS[(i * 7 + j) % NUMBERS.length] ?? 0] as const),
);

function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** Place of a float among all floats, so that neighbours differ by one. */
function placeOf(bits: number): number {
  return bits < 0 ? -(bits & 0x7fff_ffff) : bits;
}

function numpy(): readonly (readonly number[])[] {
  const inputs = [0, 1, 2].map((index) => TRIPLES.map((triple) => triple[index]));
  const texts = CASES.map(({ theirs }) => theirs);
  const done = spawnSync(python ?? "", ["-c", PROGRAM, JSON.stringify(inputs), JSON.stringify(texts)], {
    ...{ encoding: "utf8", maxBuffer: 2 ** 28 },
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as number[][];
}

describe("a formula gives numpy's numbers", options, () => {
  const answers = python ? numpy() : [];

  it.each(CASES.map((one, index) => ({ ...one, index })))(
    "$ours, within $ulps units of the last place",
    ({ ours, ulps, index }) => {
      const [value] = complete(ours, SCOPE).values;
      if (!value) throw new Error("no value");
      let compared = 0;
      for (const [at, triple] of TRIPLES.entries()) {
        const bits = answers[index]?.[at] ?? 0;
        const theirs = new Float32Array(Int32Array.of(bits).buffer)[0] ?? Number.NaN;
        const [found = Number.NaN] = interpret(value, (channelIndex) => triple[channelIndex] ?? Number.NaN);
        // Infinities are no data here.
        if (!Number.isFinite(theirs)) {
          expect(found, `${ours} of ${triple}`).toBeNaN();
          continue;
        }
        compared++;
        const distance = Math.abs(placeOf(bitsOf(found)) - placeOf(bits));
        expect(distance, `${ours} of ${triple}: ${found} and ${theirs}`).toBeLessThanOrEqual(ulps);
      }
      expect(compared).toBeGreaterThanOrEqual(100);
    },
  );
});
