import { type PlaneType, valueRange } from "../../core/dtype.ts";
import type { Graph, NodeId } from "./graph.ts";

/** Inclusive bounds of all values of a node that are not NaN. Infinite bounds mean that it can be infinite. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const UNKNOWN: Range = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
const NEVER: Range = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };

/**
 * Ranges of nodes by interval arithmetic, so that output needs no clamps and tests for infinity where they cannot matter.
 * Rounding is monotone, so bounds rounded to float32 bound the rounded values.
 */
export function rangesOf(graph: Graph, inputTypes: readonly PlaneType[]): (id: NodeId) => Range {
  const ranges: Range[] = [];
  const rangeOf = (id: NodeId): Range => {
    for (let next = ranges.length; next <= id; next++) ranges.push(safe(compute(graph, inputTypes, ranges, next)));
    return ranges[id] ?? UNKNOWN;
  };
  return rangeOf;
}

function safe({ min, max }: Range): Range {
  return Number.isNaN(min) || Number.isNaN(max) ? UNKNOWN : { min: Math.fround(min), max: Math.fround(max) };
}

function compute(graph: Graph, inputTypes: readonly PlaneType[], known: readonly Range[], id: NodeId): Range {
  const { op, operands, value } = graph.node(id);
  const operand = (index: number) => known[operands[index] ?? -1] ?? UNKNOWN;
  const [a, b] = [operand(0), operand(1)];
  switch (op) {
    case "constant":
      return Number.isNaN(value) ? NEVER : { min: value, max: value };
    case "input":
      return inputRange(inputTypes[value]);
    case "lookup":
      return tableRange(graph.tables[value]?.values);
    case "add":
      return { min: a.min + b.min, max: a.max + b.max };
    case "sub":
      return { min: a.min - b.max, max: a.max - b.min };
    case "mul": {
      const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max];
      return { min: Math.min(...corners), max: Math.max(...corners) };
    }
    case "neg":
      return { min: -a.max, max: -a.min };
    case "abs":
      return { min: 0, max: Math.max(Math.abs(a.min), Math.abs(a.max)) };
    case "floor":
    case "ceil":
    case "trunc":
    case "nearest":
      return { min: Math.floor(a.min), max: Math.ceil(a.max) };
    case "min":
    case "minOf":
    case "pmin":
      return { min: Math.min(a.min, b.min), max: Math.min(a.max, b.max) };
    case "max":
    case "maxOf":
    case "pmax":
      return { min: Math.max(a.min, b.min), max: Math.max(a.max, b.max) };
    case "select":
      return { min: Math.min(b.min, operand(2).min), max: Math.max(b.max, operand(2).max) };
    default:
      return UNKNOWN;
  }
}

function inputRange(type: PlaneType | undefined): Range {
  if (type === undefined || type === "float32" || type === "float64") return UNKNOWN;
  const [min, max] = valueRange(type);
  return { min, max };
}

function tableRange(values: Float32Array | undefined): Range {
  if (!values) return UNKNOWN;
  return values.reduce<Range>(
    ({ min, max }, value) => ({ min: Math.min(min, value), max: Math.max(max, value) }),
    NEVER,
  );
}
