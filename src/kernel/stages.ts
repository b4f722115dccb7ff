import type { Expr } from "../formula/expr.ts";
import type { Pass } from "../formula/neighbourhood.ts";
import type { Kernel, KernelInput } from "./kernel.ts";

/** A plane that a kernel reads and that is calculated of a plane before: of `kernel`'s only one, by `passes`. Plain data, as kernels are. */
export interface KernelStage {
  readonly kernel: Kernel;
  readonly passes: readonly Pass[];
}

/** What a stage is to be made of. */
export interface StageRequest {
  readonly argument: Expr;
  readonly passes: readonly Pass[];
}

/** What a kernel reads. */
export type KernelReads = Pick<Kernel, "inputs" | "stages">;

/** Every plane of a channel that a kernel reads, by way of its stages too, each once. */
export function channelInputs({ inputs, stages }: KernelReads): readonly KernelInput[] {
  const all = [...inputs, ...stages.flatMap(({ kernel }) => channelInputs(kernel))];
  const keys = all.map(({ channel, z, t }) => `${channel} ${z} ${t}`);
  return all.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}
