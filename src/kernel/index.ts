/** Kernels: formulas as WebAssembly SIMD code, and the pixel loops around them. Nothing here needs Node. */

export { KernelCache } from "./cache.ts";
export { compileKernel } from "./compile.ts";
export {
  type Kernel,
  type KernelInput,
  type KernelOutput,
  type KernelRequest,
  type KernelTable,
  OUTPUT_BYTES,
  SLACK_BYTES,
} from "./kernel.ts";
export { createPixelOps } from "./pixel-ops.ts";
export {
  INFLATE_TOO_LONG,
  INFLATE_WORK_BYTES,
  LZW_WORK_BYTES,
  type PixelOps,
  TALLY,
  TALLY_BITS,
  TAP_BYTES,
} from "./pixel-ops.types.ts";
export { isNodata, nodataSample } from "./plane-lanes.ts";
export {
  instantiateKernel,
  KernelModules,
  type KernelPointers,
  type KernelRun,
  kernelParameters,
  writeParameters,
} from "./run.ts";
export { channelInputs, type KernelReads, type NeighbourhoodStage, type PlacedStage } from "./stages.ts";
