import type { Graph, NodeId } from "../graph/graph.ts";
import { operationRow } from "../graph/operations.ts";

/**
 * In which order nodes are computed, and which of them have a variable of their own; the others are written into the code of
 * their only user. `before` is the same for all pixels and runs once; `inside` runs for each group of pixels.
 */
export interface Schedule {
  readonly before: readonly NodeId[];
  readonly inside: readonly NodeId[];
  readonly hasVariable: (id: NodeId) => boolean;
  /** Variables of `inside` that nobody reads after node `id` (the end of `inside` included, as null) is computed. */
  readonly lastReadBy: (id: NodeId | null) => readonly NodeId[];
}

/** Nested operands become recursion here and in the encoder: bound it. */
const MAX_INLINE_DEPTH = 64;

export function schedule(graph: Graph, roots: readonly NodeId[], reached: readonly boolean[]): Schedule {
  const constant = findConstant(graph);
  const reads = countReads(graph, roots, reached);
  const variables: boolean[] = [];
  const depths: number[] = [];
  const before: NodeId[] = [];
  const inside: NodeId[] = [];
  graph.nodes.forEach(({ operands }, id) => {
    const inlined = operands.filter((operand) => !variables[operand]);
    const depth = 1 + Math.max(0, ...inlined.map((operand) => depths[operand] ?? 0));
    depths[id] = depth;
    variables[id] = constant[id] || (reads[id] ?? 0) > 1 || depth >= MAX_INLINE_DEPTH;
    if (reached[id] && variables[id]) (constant[id] ? before : inside).push(id);
  });
  return {
    before,
    inside,
    hasVariable: (id) => variables[id] === true,
    lastReadBy: lastReads(graph, roots, inside, variables, constant),
  };
}

/** Nodes whose value is the same for every pixel. */
function findConstant(graph: Graph): readonly boolean[] {
  const constant: boolean[] = [];
  for (const { op, operands } of graph.nodes)
    constant.push(op !== "input" && operands.every((operand) => constant[operand]));
  return constant;
}

function countReads(graph: Graph, roots: readonly NodeId[], reached: readonly boolean[]): readonly number[] {
  const reads = new Array<number>(graph.nodes.length).fill(0);
  const count = (id: NodeId, times: number) => {
    reads[id] = (reads[id] ?? 0) + times;
  };
  graph.nodes.forEach(({ op, operands }, id) => {
    if (reached[id]) for (const operand of operands) count(operand, operationRow(op).reads);
  });
  for (const root of roots) count(root, 1);
  return reads;
}

function lastReads(
  graph: Graph,
  roots: readonly NodeId[],
  inside: readonly NodeId[],
  variables: readonly boolean[],
  constant: readonly boolean[],
): (id: NodeId | null) => readonly NodeId[] {
  const lastReader = new Map<NodeId, NodeId | null>();
  const note = (id: NodeId, reader: NodeId | null): void => {
    for (const operand of graph.node(id).operands) visit(operand, reader);
  };
  const visit = (id: NodeId, reader: NodeId | null): void => {
    if (constant[id]) return;
    if (variables[id]) lastReader.set(id, reader);
    else note(id, reader);
  };
  for (const id of inside) note(id, id);
  for (const root of roots) visit(root, null);
  const byReader = new Map<NodeId | null, NodeId[]>();
  for (const [id, reader] of lastReader) {
    const read = byReader.get(reader);
    if (read) read.push(id);
    else byReader.set(reader, [id]);
  }
  return (id) => byReader.get(id) ?? [];
}
