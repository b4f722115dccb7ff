import type { Graph, NodeId } from "../graph/graph.ts";
import type { KernelInput, KernelOutput } from "../kernel.ts";

/** Everything that decides a kernel's code. */
export interface KernelPlan {
  readonly graph: Graph;
  readonly output: KernelOutput;
  /** What is stored for each plane. */
  readonly roots: readonly NodeId[];
  readonly reached: readonly boolean[];
  readonly inputs: readonly Pick<KernelInput, "type" | "nodata">[];
  readonly constants: number;
}
