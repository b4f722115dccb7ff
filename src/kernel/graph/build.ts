import type { CallExpr, ChannelExpr, Expr, PlacedExpr } from "../../formula/expr.ts";
import type { Value } from "../../formula/functions/row.ts";
import type { KernelInput, KernelRequest } from "../kernel.ts";
import { Graph, type NodeId } from "./graph.ts";
import { graphOps } from "./graph-ops.ts";

/** What is a plane of its own, made before the kernel runs: a call of a neighbourhood, a channel of another image. */
export type StageExpr = CallExpr | PlacedExpr;

/** Expressions written down as a graph, and what its leaves stand for. */
export interface BuiltGraph {
  readonly graph: Graph;
  readonly values: readonly Value<NodeId>[];
  /** By channel, z, t, means before samples: the order does not depend on how the formula is written. */
  readonly inputs: readonly KernelInput[];
  /** Planes behind those of `inputs`, in order of their canonical texts. */
  readonly stages: readonly StageExpr[];
  readonly constants: Float32Array;
}

export function buildGraph({ expressions, inputOf }: KernelRequest): BuiltGraph {
  const graph = new Graph();
  const ops = graphOps(graph);
  const { channels, stages } = leavesOf(expressions);
  const numbers = new Map(channels.map((channel, index) => [planeKey(channel), index]));
  const stageNumbers = new Map<Expr, number>(stages.map((stage, index) => [stage, channels.length + index]));
  const constants: number[] = [];
  const done = new Map<Expr, Value<NodeId>>();

  const evaluate = (expr: Expr): Value<NodeId> => {
    // Each place where a constant stands is a parameter of its own: whether two are equal must not change the code.
    if (expr.kind === "const" && Number.isNaN(expr.value)) return [graph.add("constant", [], expr.value)];
    if (expr.kind === "const") return [graph.add("parameter", [], constants.push(expr.value) - 1)];
    const known = done.get(expr);
    if (known) return known;
    const value = evaluateOnce(expr);
    done.set(expr, value);
    return value;
  };
  const evaluateOnce = (expr: Exclude<Expr, { kind: "const" }>): Value<NodeId> => {
    switch (expr.kind) {
      case "channel":
        return [graph.add("input", [], numbers.get(planeKey(expr)) ?? -1)];
      case "placed":
        return [graph.add("input", [], stageNumbers.get(expr) ?? -1)];
      case "call":
        if (expr.row.neighbourhood) return [graph.add("input", [], stageNumbers.get(expr) ?? -1)];
        return expr.row.evaluate(ops, expr.args.map(evaluate), { options: expr.options, args: expr.args });
      case "measured":
        throw new Error("a kernel is compiled after the formula's windows are decided");
    }
  };
  return {
    graph,
    values: expressions.map(evaluate),
    inputs: channels.map(({ channel, z, t, sampled }) => ({
      ...inputOf(channel, z, t),
      ...(sampled && { sampled }),
    })),
    stages,
    constants: Float32Array.from(constants),
  };
}

/** What a kernel reads: planes of channels, and those of stages, which read channels of their own. */
function leavesOf(expressions: readonly Expr[]): {
  readonly channels: readonly ChannelExpr[];
  readonly stages: readonly StageExpr[];
} {
  const seen = new Set<Expr>();
  const channels = new Map<string, ChannelExpr>();
  const stages: StageExpr[] = [];
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "channel") channels.set(planeKey(expr), expr);
    else if (expr.kind === "placed" || (expr.kind === "call" && expr.row.neighbourhood)) stages.push(expr);
    else if (expr.kind === "call") expr.args.forEach(visit);
  };
  expressions.forEach(visit);
  return {
    channels: [...channels.values()].sort(
      (a, b) => a.channel - b.channel || a.z - b.z || a.t - b.t || Number(a.sampled) - Number(b.sampled),
    ),
    stages: stages.sort((a, b) => (a.text < b.text ? -1 : 1)),
  };
}

function planeKey({ channel, z, t, sampled }: ChannelExpr): string {
  return `${channel} ${z} ${t} ${sampled}`;
}
