/**
 * Transcendental functions over any Ops: polynomials of our own in float64 lanes, so that interpreter, Node and every
 * browser agree bit for bit. Errors are at most 1 ulp of float32 (2 for trigonometry, |x| ≤ 8192).
 */
export { atan2 } from "./arctangent.ts";
export { exp, halfExp } from "./exponential.ts";
export { hypot } from "./hypot.ts";
export { log, log2, log10 } from "./logarithm.ts";
export { expm1, log1p } from "./near-zero.ts";
export { pow } from "./power.ts";
export { cos, sin, tan } from "./trigonometry.ts";
