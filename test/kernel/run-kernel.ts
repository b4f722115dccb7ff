import {
  instantiateKernel,
  type Kernel,
  kernelParameters,
  OUTPUT_BYTES,
  SLACK_BYTES,
  writeParameters,
} from "../../src/kernel/index.ts";
import type { Arena } from "./arena.ts";
import type { RandomPlane } from "./random-planes.ts";

/** Runs a kernel over planes in an arena; the bytes of each output plane. Throws where it wrote behind the slack. */
export function runKernel(
  arena: Arena,
  kernel: Kernel,
  planes: readonly RandomPlane[],
  pixels: number,
): readonly Uint8Array<ArrayBuffer>[] {
  arena.clear();
  const size = pixels * OUTPUT_BYTES[kernel.output];
  const inputs = kernel.inputs.map(({ channel }) => {
    const bytes = planes[channel]?.bytes ?? new Uint8Array(0);
    const at = arena.reserve(bytes.byteLength + SLACK_BYTES);
    arena.bytes(at, bytes.byteLength).set(bytes);
    return at;
  });
  const tables = kernel.tables.map(({ values }) => arena.put(values));
  const outputs = Array.from({ length: kernel.planes }, () => arena.reserve(size + SLACK_BYTES));
  const parameters = arena.reserve(kernelParameters(kernel).size);
  writeParameters(arena.memory, parameters, kernel, { outputs, inputs, tables });
  instantiateKernel(arena.memory, kernel.bytes)(parameters, pixels);
  return outputs.map((at) => {
    const touched = arena.firstTouched(at + size + SLACK_BYTES, 64);
    if (touched !== null) throw new Error(`the kernel wrote ${touched - at - size} bytes behind its plane`);
    return arena.copy(at, size);
  });
}
