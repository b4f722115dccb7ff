import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { built } from "../built.ts";
import type { Group } from "../group.ts";
import { cProgram, KERNEL_CASES, kernelOf, runnerOf } from "../kernels.ts";
import { atMost, note, type Row } from "../row.ts";

const { checkFormula, completeFormula } = await built.formula();
const { compileKernel, instantiateKernel } = await built.kernel();

/** A tile. */
const PIXELS = 256 * 256;
/** How long each kernel runs; the best run counts, on both sides. */
const BUDGET_MS = 400;
/** Rounds, ours and theirs by turns. */
const ROUNDS = 3;

/** Kernels of twelve formulas beside the same loops in C, -O3; and what compiling a large formula takes. */
export const rows: Group = async ({ folder }) => {
  const program = compiled(folder);
  const best = { ours: KERNEL_CASES.map(() => Number.POSITIVE_INFINITY), c: KERNEL_CASES.map(() => Number.NaN) };
  const runs = KERNEL_CASES.map((one) => runnerOf(kernelOf(one), one, PIXELS));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries())
      best.ours[index] = Math.min(best.ours[index] ?? 0, nanoseconds(run) / PIXELS);
    const theirs = program ? execFileSync(program, [String(PIXELS), String(BUDGET_MS)], { encoding: "utf8" }) : "";
    for (const [index, line] of theirs.trim().split("\n").entries())
      if (line !== "") best.c[index] = Math.min(best.c[index] || Number.POSITIVE_INFINITY, Number(line));
  }
  const cases = KERNEL_CASES.map(({ name, transcendental }, index): Row => {
    const [ours, theirs] = [best.ours[index] ?? Number.NaN, best.c[index] ?? Number.NaN];
    const tile = (ours * PIXELS) / 1e6;
    return {
      ...{ name, unit: "tile", p50: tile, p99: Number.NaN, cpu: tile },
      targets: program
        ? [atMost(`${ours.toFixed(2)} ns a pixel, of C at -O3`, ours / theirs, transcendental ? 3 : 2, "times")]
        : [note("a pixel (no C compiler here)", ours, "ns")],
    };
  });
  return [...cases, compileRow()];
};

function nanoseconds(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const begin = performance.now();
  while (performance.now() - begin < BUDGET_MS) {
    const start = process.hrtime.bigint();
    run();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return best;
}

/** Path of the C program; null: there is no compiler. */
function compiled(folder: string): string | null {
  const source = join(folder, "kernels.c");
  const program = join(folder, "kernels");
  writeFileSync(source, cProgram());
  const done = spawnSync("cc", ["-O3", "-Wall", "-o", program, source, "-lm"], { encoding: "utf8" });
  if (done.error) return null;
  if (done.status !== 0) throw new Error(done.stderr);
  return program;
}

/** A formula of 200 nodes, another one each time: parsed, checked, compiled, and made callable. */
function compileRow(): Row {
  const channels = ["a", "b", "c"].map((name) => ({
    ...{ name, dataType: "uint16" as const, nan: true, scale: 1, offset: 0 },
  }));
  const scope = { channels, depth: 1, times: 1, plane: { z: 0, t: 0 } };
  const memory = new WebAssembly.Memory({ initial: 1 });
  const [emitted, called]: [number[], number[]] = [[], []];
  for (let n = 0; n < 300; n++) {
    // Shapes differ by what stands where; 40 terms of 5 nodes.
    const terms = Array.from({ length: 40 }, (_, k) => {
      const pick = (turn: number) => "abc"[(n * 7 + k * 3 + turn * (1 + (n % 5))) % 3] ?? "a";
      return `${pick(0)} ${"+-*/"[(n + k) % 4]} ${pick(1)} * ${k + 2}`;
    });
    const result = checkFormula(
      terms.reduce((sum, term, k) => `${sum} ${"+-"[(n >> (k % 8)) & 1]} (${term})`, "1"),
      scope,
    );
    if (!result.ok) throw new Error(result.diagnostics[0]?.message);
    const { values } = completeFormula(
      result.checked,
      result.checked.measured.map(() => [0, 1]),
    );
    const begin = performance.now();
    const inputOf = (channel: number, z: number, t: number) => ({ channel, z, t, type: "uint16" as const, nodata: 0 });
    const kernel = compileKernel({ output: "float32", expressions: values, inputOf });
    emitted.push(performance.now() - begin);
    instantiateKernel(memory, kernel.bytes);
    called.push(performance.now() - begin);
  }
  const quantile = (times: readonly number[], at: number) =>
    times.toSorted((x, y) => x - y)[Math.floor(times.length * at)] ?? Number.NaN;
  return {
    ...{ name: "compile 200 nodes, to WebAssembly bytes", unit: "formula" },
    ...{ p50: quantile(emitted, 0.5), p99: quantile(emitted, 0.99), cpu: quantile(emitted, 0.5) },
    targets: [
      atMost("median", quantile(emitted, 0.5), 1, "ms"),
      note("median to the first call, the engine's part included", quantile(called, 0.5), "ms"),
    ],
  };
}
