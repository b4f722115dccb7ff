import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integerExponent } from "../../src/formula/functions/power.ts";
import {
  type CheckedFormula,
  checkFormula,
  completeFormula,
  componentsOf,
  type Expr,
  type Formula,
  functionTable,
  interpret,
} from "../../src/formula/index.ts";
import { printNumber } from "../../src/formula/print.ts";
import { effort } from "../fixtures/effort.ts";
import { randomPlanes, readerOf } from "../kernel/random-planes.ts";
import { anyTree, EVERY_TYPE, trees, write, writeDifferently } from "./random-formula.ts";
import { answersTo, canonical, channel, checked, complete, scopeOf, written } from "./support.ts";

const RUNS = effort(300, 1500);

function check(text: string): CheckedFormula {
  return checked(text, EVERY_TYPE);
}

function finish(formula: CheckedFormula): Formula {
  return completeFormula(
    formula,
    answersTo(formula, (index) => [-1.5 - index, 98.25]),
  );
}

const completed = (text: string) => finish(check(text));

/** NaN equals NaN, −0 is not 0. */
function sameValues(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

describe("the canonical text", () => {
  it("of a canonical text is itself, and so are its hash, type of picture, values and windows", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const first = completed(write(tree));
        const second = completed(first.canonical);
        expect(second.canonical).toBe(first.canonical);
        expect(second.hash).toBe(first.hash);
        expect(second.values.map(({ text }) => text)).toEqual(first.values.map(({ text }) => text));
        expect(second.windows).toEqual(first.windows);
        expect(second.channels).toEqual(first.channels);
        expect(check(first.canonical).measured).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("is the same under other spacing, comments, spellings, parentheses, order of operands and let", () => {
    fc.assert(
      fc.property(anyTree, fc.integer(), (tree, seed) => {
        const [plain, different] = [write(tree), writeDifferently(tree, seed)];
        // Window by window the texts leave open the same ones, perhaps in another order; equal ranges make them comparable.
        const range = [1, 2] as const;
        const [one, other] = [check(plain), check(different)].map((formula) =>
          completeFormula(
            formula,
            answersTo(formula, () => range),
          ),
        );
        expect(other?.canonical, different).toBe(one?.canonical);
        expect(other?.hash).toBe(one?.hash);
      }),
      { numRuns: RUNS },
    );
  });

  it("means what was written: read back, it gives the same values bit for bit", () => {
    fc.assert(
      fc.property(anyTree, fc.integer(), (tree, seed) => {
        const first = completed(write(tree));
        const second = completed(first.canonical);
        const planes = randomPlanes(EVERY_TYPE, 4, seed);
        const [a, b] = [first.display, second.display];
        if (!a || !b) throw new Error("one output makes a picture");
        for (const index of [0, 1, 2, 3]) {
          const read = readerOf(planes, index);
          expect(sameValues(interpret(a, read), interpret(b, read)), first.canonical).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("orders operands, whatever order they came in, and folds constants", () => {
    for (const [one, other] of [
      ["red+2*(uv1-green)", "(uv1 - green)*2 + red"],
      ["red + green + blue", "blue + (green + red)"],
      ["min(red, green, 3)", "minimum(3,green,red)"],
      ["red == green", "green == red"],
      ["2 * 3 + red", "red + 6"],
      ["pow(red, 2)", "red ** 2"],
      ["red > 1 ? 2 : 3", "if(red > 1, 2, 3)"],
      ["tint(red, 'orange')", 'tint(red, "#FFA500")'],
      ["tint(red, '#F80')", 'tint(red, "#ff8800")'],
      ["colormap(red, 'Viridis')", 'colormap(red, "viridis")'],
      ["red", "window(red, 0, 255)"],
      ["red;green;blue", "rgb(red, green, blue)"],
      ["let d = uv1 - green; red + 2*d", "red + 2*(uv1 - green)"],
      ["red /* why */ + green", "red+green /* so */"],
      ["((red))", "red"],
      ["(red - green) / (red + green)", "ndi(red, green)"],
      ["(red - green) / (green + red)", "normalized_difference(red, green)"],
      ["max(red, max(green, 3))", "maximum(red, max(3, green))"],
      ["red * green * 2", "green * red * 2"],
      ["red != green", "green != red"],
      ["@1 + b2", "red + green"],
      ["`red`", "RED"],
      ["-(-red)", "red"],
      ["1e2 * red", "red * 100"],
      ["(red > 1) & (green > 2)", "red > 1 && green > 2"],
      ["~(red > 1)", "!(red > 1)"],
      ["zmax(red)", "red"],
      ["sharpen(red)", "red + (red - blur(red, 1)) * 1"],
      ["laplace(red)", "conv(red, 0, 1, 0, 1, -4, 1, 0, 1, 0)"],
      ["ramp(red, 0: 'black', 1: 'white')", "ramp(red, 0.0: '#000', 2 - 1: '#ffffff')"],
      ['blend(red, green, "Soft Light")', 'blend(red, green, "soft_light")'],
      ["arctan2(red, green)", "atan2(red, green)"],
      ["cos(0) * red", "1 * red"],
    ] as const) {
      expect(complete(one).hash, one).toBe(complete(other).hash);
    }
  });

  it("keeps apart what differs in any bit", () => {
    const texts = [
      "red - green",
      "green - red",
      "red + green - blue",
      "red + (green - blue)",
      "(red + green) + blue",
      "red + (green + blue)",
      "red * 2",
      "red + red",
      "red / 2",
      "red * 0.5",
      "red / 3",
      "red * 0.33333334",
      "0",
      "-0",
      "red ^ 2",
      "red * red",
      "min(red, green)",
      "max(red, green)",
      "ndi(red, green)",
      "ndi(green, red)",
      "invert(invert(red))",
      "red; red; red",
      "gray(red)",
      "blur(red, 1)",
      "blur(red, 1.0000001)",
      "blur(green, 1)",
      "gradx(red)",
      "grady(red)",
      'ramp(red, 0: "black", 1: "white")',
      'ramp(red, 0: "black", 1.0000001: "white")',
      'intervals(red, 0: "black", 1: "white")',
      'colormap(red, "viridis")',
      'colormap(red, "viridis_r")',
      'blend(red, green, "hue")',
      'blend(green, red, "hue")',
      'blend(red, green, "color")',
      "over(tint(red, 'red'), gray(green))",
      "over(gray(green), tint(red, 'red'))",
      "window(red, 0, 254)",
      "norm(red)",
    ];
    // (red + green) + blue and red + (green + blue) round differently.
    expect(texts.length).toBeGreaterThanOrEqual(30);
    expect(new Set(texts.map((text) => complete(text).hash)).size).toBe(texts.length);
  });

  it("has numbers in the fewest digits that give the same float", () => {
    for (const [text, number] of [
      ["0.1", "0.1"],
      ["0.10000000149011612", "0.1"],
      ["1e3", "1000"],
      ["1e21", "1e21"],
      ["1e-7", "1e-7"],
      ["16777217", "16777216"],
      ["3.4028234663852886e38", "3.4028235e38"],
      ["1e-45", "1e-45"],
      ["1e-50", "0"],
      ["1e400", "1e999"],
      ["-1e400", "-1e999"],
      [".5", "0.5"],
      ["5.", "5"],
      ["0/0", "(0 / 0)"],
      ["-0", "-0"],
    ] as const) {
      expect(written(text), text).toBe(number);
    }
    fc.assert(
      fc.property(fc.float(), (value) => {
        const [output] = checked(printNumber(Math.fround(value))).outputs;
        expect(output?.kind === "const" && Object.is(output.value, Math.fround(value))).toBe(true);
      }),
    );
  });

  it("writes channels by their stored names, and so is independent of how they were found", () => {
    const scope = scopeOf([channel("UV-1"), channel("Green")]);
    expect(canonical("uv1 - GREEN", scope)).toBe(canonical("`UV-1`-@2", scope));
    expect(canonical("b1 - b2", scope)).toContain("`UV-1` - Green");
  });

  it("is hashed together with a version, by SHA-256", () => {
    expect(complete("red").hash).toMatch(/^[0-9a-f]{64}$/);
    expect(complete("red").hash).toBe(complete("  red  /* the same */").hash);
  });
});

describe("constants", () => {
  const EDGES = [0, -0, 1, -1, 0.5, 2.5, -3.75, 255, 1e-45, -1e-40, 3.4028234663852886e38, -1e38].concat(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  );
  const floats = scopeOf(["a", "b", "c"].map((name) => channel(name, "float32", { nan: true })));
  const numeric = functionTable.filter(
    (row) =>
      row.rewrite === undefined &&
      row.neighbourhood === undefined &&
      row.result !== "shade" &&
      row.result !== "color" &&
      row.parameters.every(({ type }) => type === "number" || type === "any"),
  );

  it.each(numeric.map((row) => ({ name: row.name, row })))(
    "are folded by $name as pixels are calculated",
    ({ row }) => {
      const count = Math.min(row.parameters.length, 3);
      const operate = (args: readonly string[]) => {
        if (/^\w+$/.test(row.name) && row.name !== "neg") return `${row.name}(${args.join(", ")})`;
        const [a, b] = args;
        return b === undefined ? `${row.name === "neg" ? "-" : row.name}(${a})` : `(${a}) ${row.name} (${b})`;
      };
      const [live] = checked(operate(["a", "b", "c"].slice(0, count)), floats).outputs;
      const compare = (values: readonly number[]) => {
        const [folded] = checked(operate(values.map((value) => printNumber(Math.fround(value)))), floats).outputs;
        if (!live || !folded) throw new Error("A formula has an output.");
        // A whole exponent is a sequence of multiplications, which a channel as exponent cannot be.
        const structural = row.name === "^" && folded.kind === "const" && isWhole(values[1] ?? 0);
        const expected = interpret(live, (index) => Math.fround(values[index] ?? 0));
        if (!structural)
          expect(
            sameValues(
              interpret(folded, () => 0),
              expected,
            ),
            `${values}`,
          ).toBe(true);
        expect(folded.kind).toBe("const");
      };
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.constantFrom(...EDGES), fc.float()), { minLength: count, maxLength: count }),
          compare,
        ),
        { numRuns: effort(60, 300) },
      );
    },
  );
});

function isWhole(value: number): boolean {
  const [output] = checked(printNumber(Math.fround(value))).outputs;
  return output !== undefined && integerExponent(output) !== null;
}

describe("bounds", () => {
  function everyNode(root: Expr): readonly Expr[] {
    const seen = new Set<Expr>();
    const visit = (expr: Expr): void => {
      if (seen.has(expr)) return;
      seen.add(expr);
      if (expr.kind === "call") expr.args.forEach(visit);
    };
    visit(root);
    return [...seen];
  }

  it("hold every value of every part of a formula, and say where there may be none", () => {
    fc.assert(
      fc.property(anyTree, fc.integer(), (tree, seed) => {
        const { display } = completed(write(tree));
        const planes = randomPlanes(EVERY_TYPE, 6, seed);
        if (!display) throw new Error("one output makes a picture");
        for (const expr of everyNode(display)) {
          const { min, max, nan } = expr.interval;
          for (let index = 0; index < 6; index++) {
            // Alpha is always within 0…1 and has no part in the bounds of the colours.
            for (const value of interpret(expr, readerOf(planes, index)).slice(0, 3)) {
              const overflow = min === Number.NEGATIVE_INFINITY || max === Number.POSITIVE_INFINITY;
              const sound = Number.isNaN(value) ? nan || overflow : value >= min && value <= max;
              expect(sound, `${value} of ${expr.text} in ${min} … ${max}${nan ? " or none" : ""}`).toBe(true);
            }
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("have as many components as can be told without a pixel", () => {
    fc.assert(
      fc.property(anyTree, fc.integer(), (tree, seed) => {
        const { display } = completed(write(tree));
        if (!display) throw new Error("one output makes a picture");
        const read = readerOf(randomPlanes(EVERY_TYPE, 1, seed), 0);
        for (const expr of everyNode(display)) expect(componentsOf(expr)).toBe(interpret(expr, read).length);
      }),
      { numRuns: RUNS },
    );
  });

  it("of shades lie within 0 … 1, so that colormaps are never read beside their tables", () => {
    fc.assert(
      fc.property(trees.shade, fc.integer(), (tree, seed) => {
        const { display } = completed(write(tree));
        if (!display) throw new Error("a shade is a picture");
        const planes = randomPlanes(EVERY_TYPE, 6, seed);
        for (let index = 0; index < 6; index++) {
          const [value] = interpret(display, readerOf(planes, index));
          expect(Number.isNaN(value) || ((value ?? -1) >= 0 && (value ?? 2) <= 1), `${value} of ${display.text}`).toBe(
            true,
          );
        }
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ["red", 0, 255, false],
    ["red - green", -255, 255, false],
    ["red + 0.1", Math.fround(0.1), Math.fround(255.1), false],
    ["ndi(red, green)", -1, 1, true],
    ["(red - green) / (green + red)", -1, 1, true],
    ["red / (green + 1)", 0, 255, false],
    ["red / green", -Infinity, Infinity, true],
    ["norm(nir)", 0, 1, false],
    ["sqrt(norm(red))", 0, 1, false],
    ["norm(red) ^ 0.5", 0, 1, false],
    ["red ^ 2", 0, 65025, false],
    ["(red - 200) ^ 2", 0, 40000, false],
    ["(red - 255) ^ 3", -16581375, 0, false],
    ["round(red / 2 + 2.5)", 2, 130, false],
    ["abs(red - 100)", 0, 155, false],
    ["red > green", 0, 1, false],
    ["heat > 1", 0, 1, true],
    ["coalesce(heat, 3)", -Infinity, Infinity, false],
    ["isnan(red)", 0, 0, false],
    ["isnan(1 / (red - 5))", 0, 1, false],
    ["isnan(exp(nir))", 0, 1, false],
    ["valid(red)", 1, 1, false],
    ["valid(exp(nir))", 0, 1, false],
    ["coalesce(exp(nir), heat)", -Infinity, Infinity, true],
    ["coalesce(red, heat)", -Infinity, Infinity, false],
    ["smoothstep(0, 9, exp(nir))", 0, 1, false],
    ["sin(red)", -1, 1, false],
    ["mix(red, green, 0.5)", -255 * 2 ** -21, Math.fround(255 + 255 * 2 ** -21), false],
  ])("of %s are %d … %d", (text, min, max, nan) => {
    expect(checked(text).outputs[0]?.interval).toEqual({ min, max, nan });
  });
});

describe("random formulas", () => {
  it("are all accepted: none is refused for what its own canonical text would be", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const result = checkFormula(write(tree), EVERY_TYPE);
        expect(result.ok ? [] : result.diagnostics).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
