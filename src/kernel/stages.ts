import type { Pass } from "../formula/neighbourhood.ts";
import type { Placement } from "../formula/placement.ts";
import type { Kernel, KernelInput } from "./kernel.ts";

/** A plane that a kernel reads and that is made first. Plain data, as kernels are. */
export type KernelStage = NeighbourhoodStage | PlacedStage;

/** Calculated of a plane before: of `kernel`'s only one, by `passes`. */
export interface NeighbourhoodStage {
  readonly kind: "neighbourhood";
  readonly kernel: Kernel;
  readonly passes: readonly Pass[];
}

/** A channel of another image, which `kernel` reads as numbers, laid over this one. */
export interface PlacedStage {
  readonly kind: "placed";
  readonly kernel: Kernel;
  readonly placement: Placement;
}

/** What a kernel reads. */
export type KernelReads = Pick<Kernel, "inputs" | "stages">;

/** Every plane of a channel of the image that is shown which a kernel reads, by way of its stages too, each once. */
export function channelInputs({ inputs, stages }: KernelReads): readonly KernelInput[] {
  const neighbourhoods = stages.filter(({ kind }) => kind === "neighbourhood");
  const all = [...inputs, ...neighbourhoods.flatMap(({ kernel }) => channelInputs(kernel))];
  const keys = all.map(({ channel, z, t }) => `${channel} ${z} ${t}`);
  return all.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}
