import type { DataType, PlaneType } from "../../src/core/dtype.ts";
import type { Kernel, KernelOutput } from "../../src/kernel/index.ts";
import { built } from "./built.ts";

const { checkFormula, completeFormula } = await built.formula();
const { compileKernel, instantiateKernel, kernelParameters, OUTPUT_BYTES, SLACK_BYTES, writeParameters } =
  await built.kernel();

/** A formula, and the same loop as a C programmer would write it: over `in[k][i]`, into `out`. */
export interface KernelCase {
  readonly name: string;
  readonly formula: string;
  readonly type: DataType & PlaneType;
  readonly output: KernelOutput;
  /** Statements for pixel i. `a b c` are its samples as float; `byte(x)` is nearest-even of 255 · clamp(x, 0, 1). */
  readonly c: string;
  /** Its time is that of transcendental functions. */
  readonly transcendental: boolean;
}

function simple(name: string, formula: string, type: KernelCase["type"], output: KernelOutput, c: string): KernelCase {
  return { name, formula, type, output, c, transcendental: false };
}

function transcendental(...row: Parameters<typeof simple>): KernelCase {
  return { ...simple(...row), transcendental: true };
}

const RGB = "out[3 * i] = byte(r); out[3 * i + 1] = byte(g); out[3 * i + 2] = byte(bl);";

/** Twelve formulas of the kinds that people write. */
export const KERNEL_CASES: readonly KernelCase[] = [
  simple(
    "difference, u8 → grey",
    "window(a + 2*(b - c), 0, 255)",
    "uint8",
    "gray8",
    "out[i] = byte((a + 2 * (b - c)) / 255);",
  ),
  simple("ndi, u16 → float", "ndi(a, b)", "uint16", "float32", "fout[i] = (a - b) / (a + b);"),
  simple(
    ...(["EVI of reflectance, u16 → float", "2.5 * (1e-4*a - 1e-4*b) / (1e-4*a + 6*1e-4*b - 7.5*1e-4*c + 1)"] as const),
    ...(["uint16", "float32"] as const),
    "float x = 1e-4f * a, y = 1e-4f * b, z = 1e-4f * c; fout[i] = 2.5f * (x - y) / (x + 6 * y - 7.5f * z + 1);",
  ),
  simple(
    ...(["three windows, u16 → RGB", "rgb(window(a, 0, 4000), window(b, 0, 4000), window(c, 0, 4000))"] as const),
    ...(["uint16", "rgb8"] as const),
    `float r = a / 4000, g = b / 4000, bl = c / 4000; ${RGB}`,
  ),
  simple(
    ...(["condition, u16 → float", "a > 1000 && b < 2000 ? a - b : c", "uint16", "float32"] as const),
    "fout[i] = a > 1000 && b < 2000 ? a - b : c;",
  ),
  simple(
    ...(["weighed sum, u16 → float", "clamp(0.5*a + 0.25*b + 0.25*c, 0, 4095)", "uint16", "float32"] as const),
    "float s = 0.5f * a + 0.25f * b + 0.25f * c; fout[i] = s < 0 ? 0 : s > 4095 ? 4095 : s;",
  ),
  simple(
    ...(["length, f32 → float", "sqrt(a*a + b*b + c*c)", "float32", "float32"] as const),
    "fout[i] = sqrtf(a * a + b * b + c * c);",
  ),
  simple(
    ...(["three tints on a screen, u8 → RGB"] as const),
    'screen(tint(a, "#ff8000"), tint(b, "#00ff40"), tint(c, "#2040ff"))',
    ...(["uint8", "rgb8"] as const),
    [
      "float x = a / 255, y = b / 255, z = c / 255;",
      "float r = 1 - (1 - x) * (1 - z * 0.12549f);",
      "float g = 1 - (1 - x * 0.50196f) * (1 - y) * (1 - z * 0.25098f);",
      `float bl = 1 - (1 - y * 0.25098f) * (1 - z); ${RGB}`,
    ].join(" "),
  ),
  simple(
    ...(["colormap of ndi, u16 → RGB", 'colormap(window(ndi(a, b), -1, 1), "viridis")', "uint16", "rgb8"] as const),
    "int k = byte(((a - b) / (a + b) + 1) / 2); out[3 * i] = map[k]; out[3 * i + 1] = map[256 + k]; out[3 * i + 2] = map[512 + k];",
  ),
  transcendental("exp, u16 → float", "exp(-a / 1000)", "uint16", "float32", "fout[i] = expf(-a / 1000);"),
  transcendental("log, u16 → float", "log(1 + a)", "uint16", "float32", "fout[i] = logf(1 + a);"),
  transcendental(
    ...(["gamma, u16 → grey", "gamma(window(a, 0, 4000), 2.2)", "uint16", "gray8"] as const),
    "float s = a / 4000; s = s < 0 ? 0 : s > 1 ? 1 : s; out[i] = byte(powf(s, 1 / 2.2f));",
  ),
];

const C_TYPES: Partial<Record<DataType, string>> = { uint8: "uint8_t", uint16: "uint16_t", float32: "float" };

/** The cases as one C program: `./program PIXELS MILLISECONDS` prints nanoseconds a pixel, a case a line. */
export function cProgram(): string {
  const functions = KERNEL_CASES.map(({ type, c }, index) => {
    const sample = (name: string, plane: number) => `float ${name} = in${plane}[i];`;
    const used = ["a", "b", "c"].flatMap((name, plane) =>
      new RegExp(`\\b${name}\\b`).test(c) ? [sample(name, plane)] : [],
    );
    const pointers = [0, 1, 2].map((plane) => `const ${C_TYPES[type]} *restrict in${plane} = in[${plane}];`).join(" ");
    return `__attribute__((noinline)) static void f${index}(void *const *in, void *to, int n) {
  ${pointers} uint8_t *restrict out = to; float *restrict fout = to; (void)out; (void)fout; (void)in1; (void)in2;
  for (int i = 0; i < n; i++) { ${used.join(" ")} ${c} }
}`;
  });
  const sizes = KERNEL_CASES.map(({ type }) => (type === "uint8" ? 1 : type === "uint16" ? 2 : 4));
  return `#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static uint8_t map[768];
static inline uint8_t byte(float x) { x *= 255; x = x < 0 ? 0 : x > 255 ? 255 : x; return (uint8_t)lrintf(x); }
${functions.join("\n")}
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
typedef void (*kernel)(void *const *, void *, int);
static const kernel kernels[] = { ${functions.map((_, index) => `f${index}`).join(", ")} };
static const int sizes[] = { ${sizes.join(", ")} };
int main(int count, char **arguments) {
  int n = atoi(arguments[1]); double budget = atof(arguments[2]) * 1e6; (void)count;
  for (int k = 0; k < 768; k++) map[k] = k * 7;
  for (int k = 0; k < ${functions.length}; k++) {
    void *in[3]; void *out = malloc(16 * (size_t)n);
    for (int p = 0; p < 3; p++) {
      in[p] = malloc(4 * (size_t)n);
      for (int i = 0; i < n; i++) {
        uint32_t v = (uint32_t)(i * 2654435761u + p * 40503u) >> 8;
        if (sizes[k] == 1) ((uint8_t *)in[p])[i] = v; else if (sizes[k] == 2) ((uint16_t *)in[p])[i] = v % 4096; else ((float *)in[p])[i] = v % 4096;
      }
    }
    double best = 1e18, begin = now();
    while (now() - begin < budget) { double t = now(); kernels[k](in, out, n); t = now() - t; if (t < best) best = t; }
    printf("%f\\n", best / n);
  }
}
`;
}

/** The kernel of a case, and a call that runs it over `pixels` pixels of the same samples as the C program's. */
export function kernelOf({ formula, type, output }: KernelCase): Kernel {
  const channel = (name: string) => ({ name, dataType: type, nan: false, scale: 1, offset: 0 });
  const channels = ["a", "b", "c"].map(channel);
  const result = checkFormula(formula, { channels, depth: 1, times: 1, plane: { z: 0, t: 0 } });
  if (!result.ok) throw new Error(result.diagnostics[0]?.message);
  const { display, values } = completeFormula(
    result.checked,
    result.checked.measured.map(() => [0, 1]),
  );
  const expressions = output === "float32" || !display ? values : [display];
  return compileKernel({ output, expressions, inputOf: (of, z, t) => ({ channel: of, z, t, type, nodata: null }) });
}

export function runnerOf(kernel: Kernel, { type }: KernelCase, pixels: number): () => void {
  const memory = new WebAssembly.Memory({ initial: 64 });
  let next = 1024;
  const reserve = (bytes: number) => {
    const at = next;
    next = Math.ceil((at + bytes + SLACK_BYTES) / 64) * 64;
    return at;
  };
  const inputs = kernel.inputs.map(({ channel }) => {
    const at = reserve(4 * pixels);
    const [bytes, words, floats] = [
      new Uint8Array(memory.buffer, at, pixels),
      new Uint16Array(memory.buffer, at, pixels),
      new Float32Array(memory.buffer, at, pixels),
    ];
    for (let i = 0; i < pixels; i++) {
      const value = ((Math.imul(i, 2_654_435_761) + channel * 40_503) >>> 8) % (type === "uint8" ? 256 : 4096);
      if (type === "uint8") bytes[i] = value;
      else if (type === "uint16") words[i] = value;
      else floats[i] = value;
    }
    return at;
  });
  const outputs = Array.from({ length: kernel.planes }, () => reserve(OUTPUT_BYTES[kernel.output] * pixels));
  const tables = kernel.tables.map(({ values }) => {
    const at = reserve(values.byteLength);
    new Float32Array(memory.buffer, at, values.length).set(values);
    return at;
  });
  const parameters = reserve(kernelParameters(kernel).size);
  writeParameters(memory, parameters, kernel, { outputs, inputs, tables });
  const run = instantiateKernel(memory, kernel.bytes);
  return () => run(parameters, pixels);
}
