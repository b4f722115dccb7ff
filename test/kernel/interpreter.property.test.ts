import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkFormula,
  completeFormula,
  type Expr,
  type Formula,
  functionTable,
  interpret,
  interpretBytes,
} from "../../src/formula/index.ts";
import { compileKernel, type KernelOutput } from "../../src/kernel/index.ts";
import { effort } from "../fixtures/effort.ts";
import { anyTree, EVERY_TYPE, generator, type Tree, treesOf, write } from "../formula/random-formula.ts";
import { answersTo } from "../formula/support.ts";
import { Arena } from "./arena.ts";
import { type RandomPlane, randomPlanes, readerOf } from "./random-planes.ts";
import { runKernel } from "./run-kernel.ts";

const FORMULAS = effort(400, 20_000);
/** With each function at the root. */
const EACH = effort(8, 100);
const NAN_BITS = 0x7fc00000;

function completed(text: string, seed: number): Formula {
  const result = checkFormula(text, EVERY_TYPE);
  if (!result.ok) throw new Error(`${text}: ${result.diagnostics[0]?.message}`);
  const random = generator(seed);
  return completeFormula(
    result.checked,
    answersTo(result.checked, () => {
      const low = Math.round(random() * 400 - 200);
      return [low, low + random() * 300];
    }),
  );
}

/** Bytes of each output plane, pixel by pixel, by the reference interpreter. */
function expected(expressions: readonly Expr[], output: KernelOutput, planes: readonly RandomPlane[], pixels: number) {
  const readers = Array.from({ length: pixels }, (_, index) => readerOf(planes, index));
  const [only] = expressions;
  if (output !== "float32" && only) {
    return [Uint8Array.from(readers.flatMap((read) => interpretBytes(only, output, read)))];
  }
  return expressions.flatMap((expr) => {
    const values = readers.map((read) => interpret(expr, read));
    return (values[0] ?? []).map((_, component) => {
      const plane = new Float32Array(values.map((value) => value[component] ?? Number.NaN));
      const bits = new Uint32Array(plane.buffer);
      plane.forEach((value, index) => {
        if (Number.isNaN(value)) bits[index] = NAN_BITS;
      });
      return new Uint8Array(plane.buffer);
    });
  });
}

function note(reached: Set<string>, root: Expr): void {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr) || expr.kind !== "call") return;
    seen.add(expr);
    reached.add(expr.row.name);
    expr.args.forEach(visit);
  };
  visit(root);
}

/** Numbers of pixels: less than a row of lanes, whole rows, and what is left over. */
const PIXELS = [1, 3, 4, 15, 16, 17, 53] as const;

/** Compares a formula's kernels with the interpreter, and notes the functions that are left in it. */
function compare(arena: Arena, reached: Set<string>, tree: Tree, seed: number, pixels: number): void {
  const text = write(tree);
  for (const { name, rewrite } of functionTable) if (rewrite && text.includes(`${name}(`)) reached.add(name);
  const formula = completed(text, seed);
  const planes = randomPlanes(EVERY_TYPE, pixels, seed);
  const { display, values } = formula;
  if (!display) throw new Error("one output makes a picture");
  note(reached, display);
  const bytes: KernelOutput[] = formula.type === "color" ? ["rgb8", "rgba8"] : ["gray8", "rgb8", "rgba8"];
  const byteOutput = bytes[Math.abs(seed) % bytes.length] ?? "rgba8";
  for (const [output, expressions] of [
    [byteOutput, [display]],
    ["float32", values],
  ] as const) {
    const kernel = compileKernel({
      output,
      expressions,
      inputOf: (channel) => {
        const plane = planes[channel];
        if (!plane) throw new Error(`no plane ${channel}`);
        return plane.input;
      },
    });
    const actual = runKernel(arena, kernel, planes, pixels).map((plane) => Buffer.from(plane).toString("hex"));
    const wanted = expected(expressions, output, planes, pixels).map((plane) => Buffer.from(plane).toString("hex"));
    expect(actual, `${output} of ${formula.canonical}`).toEqual(wanted);
  }
}

function comparison(trees: fc.Arbitrary<Tree>, reached: Set<string>) {
  const arena = new Arena();
  return fc.property(trees, fc.integer(), fc.constantFrom(...PIXELS), (tree, seed, pixels) => {
    compare(arena, reached, tree, seed, pixels);
  });
}

describe("a compiled kernel", () => {
  it("gives what the interpreter gives, bit for bit, whatever the formula, types of samples, output and number of pixels", {
    timeout: 1_200_000,
  }, () => {
    fc.assert(comparison(anyTree, new Set()), { numRuns: FORMULAS });
  });

  it.each(treesOf)("gives what the interpreter gives of $name", ({ name, tree }) => {
    const reached = new Set<string>();
    fc.assert(comparison(tree, reached), { numRuns: EACH });
    // Constants are folded, and what is folded is no longer there: so many more cannot all be.
    if (!reached.has(name)) fc.assert(comparison(tree, reached), { numRuns: 50 * EACH });
    expect([...reached]).toContain(name);
  });

  it("is compared for every function of one pixel", () => {
    const ofOnePixel = functionTable.filter(({ category }) => category !== "neighbourhood");
    expect(treesOf.map(({ name }) => name).sort()).toEqual(ofOnePixel.map(({ name }) => name).sort());
  });
});
