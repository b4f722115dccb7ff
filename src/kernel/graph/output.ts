import type { Value } from "../../formula/functions/row.ts";
import type { KernelOutput } from "../kernel.ts";
import type { Graph, NodeId } from "./graph.ts";
import { type GraphOps, graphOps } from "./graph-ops.ts";
import type { Range } from "./range.ts";

/** Alpha, or null for what is opaque everywhere. */
type Components = { readonly color: readonly NodeId[]; readonly alpha: NodeId | null };

/**
 * What is stored for each pixel: float32 lanes for each plane, or one vector of 32-bit lanes that holds the byte (gray8)
 * or the bytes, red lowest (rgb8, rgba8).
 *
 * Infinities are no data in the end. gray8 writes 0 for no data. rgb8 lays the colour over black, so what is transparent
 * or without data is black. rgba8 writes four zeros for no data, for NaN in any component, and where alpha's byte is 0.
 */
export function outputNodes(
  graph: Graph,
  values: readonly Value<NodeId>[],
  output: KernelOutput,
  rangeOf: (id: NodeId) => Range,
): readonly NodeId[] {
  const ops = graphOps(graph);
  if (output === "float32") return values.flatMap((value) => value.map((id) => finiteOrNan(ops, id, rangeOf(id))));
  const [value, ...others] = values;
  if (!value || others.length > 0) throw new Error(`${output} shows one expression, not ${values.length}`);
  const bytes = new ByteWriter(graph, ops, rangeOf);
  switch (output) {
    case "gray8":
      if (value.length !== 1) throw new Error("gray8 shows a shade, not a color");
      return [bytes.gray(value[0])];
    case "rgb8":
      return [bytes.overBlack(componentsOf(value))];
    case "rgba8":
      return [bytes.straight(componentsOf(value))];
  }
}

function componentsOf(value: Value<NodeId>): Components {
  if (value.length === 1) return { color: [value[0], value[0], value[0]], alpha: null };
  return { color: value.slice(0, 3), alpha: value.length === 4 ? value[3] : null };
}

/** Mask of lanes that are neither NaN nor infinite. */
function finiteMask(ops: GraphOps, id: NodeId, range: Range): NodeId {
  const bounded = Number.isFinite(range.min) && Number.isFinite(range.max);
  return bounded ? ops.eq(id, id) : ops.lt(ops.abs(id), ops.constant(Number.POSITIVE_INFINITY));
}

function finiteOrNan(ops: GraphOps, id: NodeId, range: Range): NodeId {
  return ops.select(finiteMask(ops, id, range), id, ops.constant(Number.NaN));
}

const SHIFTS = ["shift8", "shift16", "shift24"] as const;

class ByteWriter {
  readonly #graph: Graph;
  readonly #ops: GraphOps;
  readonly #rangeOf: (id: NodeId) => Range;

  constructor(graph: Graph, ops: GraphOps, rangeOf: (id: NodeId) => Range) {
    this.#graph = graph;
    this.#ops = ops;
    this.#rangeOf = rangeOf;
  }

  gray(shade: NodeId): NodeId {
    const { min, max } = this.#rangeOf(shade);
    const finite = min > Number.NEGATIVE_INFINITY && max < Number.POSITIVE_INFINITY;
    const zero = this.#ops.constant(0);
    const bounded = finite ? shade : this.#ops.select(this.#finite(shade), shade, zero);
    // Behind a comparison that is false on NaN, "0 < x ? x : 0" makes NaN 0 as well.
    const scaled = this.#ops.mul(bounded, this.#ops.constant(255));
    return this.#round(this.#atMost255(this.#graph.add("pmax", [zero, scaled]), max));
  }

  overBlack({ color, alpha }: Components): NodeId {
    const weighted = color.map((component) => this.#weighted(component, alpha));
    const packed = this.#pack(weighted.map((component) => this.#byteOf(component)));
    return this.#ops.and(packed, this.#valid(alpha === null ? color : [...color, alpha]));
  }

  straight({ color, alpha }: Components): NodeId {
    const opacity = this.#byteOf(alpha ?? this.#ops.constant(1));
    const packed = this.#pack([...color.map((component) => this.#byteOf(component)), opacity]);
    const valid = this.#valid(alpha === null ? color : [...color, alpha]);
    const visible = alpha === null ? valid : this.#ops.and(valid, this.#graph.add("nonzero", [opacity]));
    return this.#ops.and(packed, visible);
  }

  #finite(id: NodeId): NodeId {
    return finiteMask(this.#ops, id, this.#rangeOf(id));
  }

  #valid(components: readonly NodeId[]): NodeId {
    return [...new Set(components)].map((id) => this.#finite(id)).reduce((a, b) => this.#ops.and(a, b));
  }

  /** A component times alpha, both held to 0…1 first. */
  #weighted(component: NodeId, alpha: NodeId | null): NodeId {
    return alpha === null ? component : this.#ops.mul(this.#unit(component), this.#unit(alpha));
  }

  #unit(id: NodeId): NodeId {
    const { min, max } = this.#rangeOf(id);
    if (min >= 0 && max <= 1) return id;
    return this.#graph.add("pmin", [this.#graph.add("pmax", [id, this.#ops.constant(0)]), this.#ops.constant(1)]);
  }

  /** Nearest integer to 255·component, held to 0…255; anything where the component is NaN. */
  #byteOf(component: NodeId): NodeId {
    const { min, max } = this.#rangeOf(component);
    const scaled = this.#ops.mul(component, this.#ops.constant(255));
    const above = min >= 0 ? scaled : this.#graph.add("pmax", [scaled, this.#ops.constant(0)]);
    return this.#round(this.#atMost255(above, max));
  }

  #atMost255(scaled: NodeId, max: number): NodeId {
    return max <= 1 ? scaled : this.#graph.add("pmin", [scaled, this.#ops.constant(255)]);
  }

  #round(scaled: NodeId): NodeId {
    return this.#graph.add("byte", [scaled]);
  }

  #pack([lowest, ...others]: readonly NodeId[]): NodeId {
    if (lowest === undefined) throw new Error("nothing to pack");
    return others.reduce((packed, byte, index) => {
      const shift = SHIFTS[index];
      if (!shift) throw new Error("a pixel has at most four bytes");
      return this.#ops.or(packed, this.#graph.add(shift, [byte]));
    }, lowest);
  }
}
