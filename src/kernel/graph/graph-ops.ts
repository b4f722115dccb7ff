import type { Ops } from "../../formula/ops.ts";
import type { Graph, NodeId } from "./graph.ts";

/** Ops whose values are nodes: evaluating an expression with it writes the expression down instead of computing it. */
export type GraphOps = Ops<NodeId, NodeId, NodeId, NodeId>;

type Two = (a: NodeId, b: NodeId) => NodeId;

export function graphOps(graph: Graph): GraphOps {
  const one = (op: Parameters<Graph["add"]>[0]) => (a: NodeId) => graph.add(op, [a]);
  const two =
    (op: Parameters<Graph["add"]>[0]): Two =>
    (a, b) =>
      graph.add(op, [a, b]);
  /** Order does not matter to the result, so both orders are one node. */
  const symmetric =
    (op: Parameters<Graph["add"]>[0]): Two =>
    (a, b) =>
      graph.add(op, a < b ? [a, b] : [b, a]);
  const constantOf = (id: NodeId): number | null => {
    const { op, value } = graph.node(id);
    return op === "constant" || op === "constant64" ? value : null;
  };
  const isOne = (id: NodeId) => constantOf(id) === 1;
  const times = symmetric("mul");
  // A parameter is never NaN (build.ts): what it is otherwise must not change the code.
  const withParameter = (op: "minOf" | "maxOf", a: NodeId, b: NodeId) => {
    if (graph.node(b).op === "parameter") return graph.add(op, [a, b]);
    return graph.node(a).op === "parameter" ? graph.add(op, [b, a]) : null;
  };
  return {
    constant: (value) => graph.add("constant", [], Math.fround(value)),
    add: symmetric("add"),
    sub: two("sub"),
    // x·1 is x, bit for bit.
    mul: (a, b) => (isOne(a) ? b : isOne(b) ? a : times(a, b)),
    div: (a, b) => (isOne(b) ? a : graph.add("div", [a, b])),
    neg: one("neg"),
    abs: one("abs"),
    sqrt: one("sqrt"),
    floor: one("floor"),
    ceil: one("ceil"),
    trunc: one("trunc"),
    nearest: one("nearest"),
    min: (a, b) => withParameter("minOf", a, b) ?? cheapMin(graph, "", constantOf, a, b),
    max: (a, b) => withParameter("maxOf", a, b) ?? cheapMax(graph, "", constantOf, a, b),
    bitAnd: symmetric("bitAnd"),
    bitOr: symmetric("bitOr"),
    bitXor: symmetric("bitXor"),
    eq: symmetric("eq"),
    ne: symmetric("ne"),
    lt: two("lt"),
    le: two("le"),
    gt: two("gt"),
    ge: two("ge"),
    and: symmetric("and"),
    or: symmetric("or"),
    not: one("not"),
    select: (condition, a, b) => (a === b ? a : graph.add("select", [condition, a, b])),
    widen: one("widen"),
    narrow: one("narrow"),
    constant64: (value) => graph.add("constant64", [], value),
    add64: symmetric("add64"),
    sub64: two("sub64"),
    mul64: symmetric("mul64"),
    div64: two("div64"),
    neg64: one("neg64"),
    abs64: one("abs64"),
    sqrt64: one("sqrt64"),
    floor64: one("floor64"),
    nearest64: one("nearest64"),
    min64: (a, b) => cheapMin(graph, "64", constantOf, a, b),
    max64: (a, b) => cheapMax(graph, "64", constantOf, a, b),
    eq64: symmetric("eq64"),
    lt64: two("lt64"),
    le64: two("le64"),
    and64: symmetric("and64"),
    or64: symmetric("or64"),
    not64: one("not64"),
    select64: (condition, a, b) => (a === b ? a : graph.add("select64", [condition, a, b])),
    exp2i64: one("exp2i64"),
    exponent64: one("exponent64"),
    significand64: one("significand64"),
    lookup: (table, index) => graph.add("lookup", [graph.add("tableOffset", [index])], graph.table(table)),
  };
}

type ConstantOf = (id: NodeId) => number | null;

/**
 * The operand that is a constant, behind the other one. With it, "pmin(x, c) = c < x ? c : x" is min(x, c): NaN of x stays,
 * and zeros of both signs come out right for c = +0, but not for c = −0 (and the reverse for max).
 */
function constantLast(constantOf: ConstantOf, a: NodeId, b: NodeId): readonly [x: NodeId, c: NodeId] | null {
  const [ofA, ofB] = [constantOf(a), constantOf(b)];
  if (ofB !== null && !Number.isNaN(ofB)) return [a, b];
  return ofA !== null && !Number.isNaN(ofA) ? [b, a] : null;
}

function cheapMin(graph: Graph, width: "" | "64", constantOf: ConstantOf, a: NodeId, b: NodeId): NodeId {
  const pair = constantLast(constantOf, a, b);
  if (!pair || Object.is(constantOf(pair[1]), -0)) return graph.add(`min${width}`, a < b ? [a, b] : [b, a]);
  return graph.add(`pmin${width}`, pair);
}

function cheapMax(graph: Graph, width: "" | "64", constantOf: ConstantOf, a: NodeId, b: NodeId): NodeId {
  const pair = constantLast(constantOf, a, b);
  if (!pair) return graph.add(`max${width}`, a < b ? [a, b] : [b, a]);
  const larger = graph.add(`pmax${width}`, pair);
  // max(−0, +0) is +0, but pmax keeps −0; adding +0 mends that and changes nothing else.
  return Object.is(constantOf(pair[1]), 0)
    ? graph.add(
        `add${width}`,
        [larger, pair[1]].toSorted((x, y) => x - y),
      )
    : larger;
}
