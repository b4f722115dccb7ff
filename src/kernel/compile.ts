import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { ChannelExpr } from "../formula/expr.ts";
import { given } from "../formula/functions/define.ts";
import { emitKernel } from "./emit/emit.ts";
import type { KernelPlan } from "./emit/plan.ts";
import { buildGraph, type StageExpr } from "./graph/build.ts";
import { outputNodes } from "./graph/output.ts";
import { rangesOf } from "./graph/range.ts";
import type { Kernel, KernelRequest } from "./kernel.ts";
import { nodataSample } from "./plane-lanes.ts";
import type { KernelStage } from "./stages.ts";

/** Part of every shape: raise it when the same graph is to become other code. */
const EMITTER_VERSION = 2;

/** How the plane of a stage lies in memory. */
const STAGE_INPUT = { type: "float32", nodata: null } as const;

/** A kernel whose code is yet to be emitted. */
export interface PlannedKernel {
  readonly kernel: Omit<Kernel, "bytes">;
  readonly plan: KernelPlan;
}

/**
 * Compile expressions to WebAssembly. A number or a shade is one plane of a float32 kernel, a color three or four.
 * Throws BandloomError LIMIT_EXCEEDED when the formula needs too many operations.
 */
export function compileKernel(request: KernelRequest): Kernel {
  const { kernel, plan } = planKernel(request);
  return { ...kernel, bytes: emitKernel(plan) };
}

/** All of a kernel but its code: enough to know, by its shape, whether the code exists already. */
export function planKernel(request: KernelRequest): PlannedKernel {
  const { graph, values, inputs: channels, stages: wanted, constants } = buildGraph(request);
  const inputs = [...channels, ...wanted.map(() => STAGE_INPUT)];
  const rangeOf = rangesOf(
    graph,
    inputs.map(({ type }) => type),
  );
  const roots = outputNodes(graph, values, request.output, rangeOf);
  const reached = graph.reachable(roots);
  const { output } = request;
  const { tables } = graph;
  const plan: KernelPlan = { graph, output, roots, reached, inputs, constants: constants.length };
  const stages = wanted.map((expr) => stageOf(expr, request));
  return {
    plan,
    kernel: { shape: shapeOf(plan), output, planes: roots.length, inputs: channels, stages, tables, constants },
  };
}

function stageOf(expr: StageExpr, request: KernelRequest): KernelStage {
  if (expr.kind === "placed") {
    const { placedInputOf } = request;
    if (!placedInputOf) throw new Error("The formula reads other images, and nothing is known of them.");
    const channel: ChannelExpr = { ...expr, kind: "channel", sampled: expr.placement.nearest };
    const inputOf = () => placedInputOf(expr);
    const kernel = compileKernel({ output: "float32", expressions: [channel], inputOf });
    return { kind: "placed", kernel, placement: expr.placement };
  }
  const passes = expr.row.neighbourhood?.(expr.args) ?? [];
  const kernel = compileKernel({ ...request, output: "float32", expressions: [given(expr.args[0])] });
  return { kind: "neighbourhood", kernel, passes };
}

/** Identity of a kernel's code: a hash of all that decides it, and of no constant. */
function shapeOf({ graph, output, roots, reached, inputs, constants }: KernelPlan): string {
  const planes = inputs.map(({ type, nodata }) => {
    if (nodata === null) return type;
    return nodataSample(type, nodata) === null ? `${type} with nodata that none equals` : `${type} with nodata`;
  });
  const tables = graph.tables.map(({ id }) => JSON.stringify(id));
  const text = [
    EMITTER_VERSION,
    output,
    roots.join(" "),
    constants,
    planes.join(),
    tables.join(),
    graph.listing(reached),
  ];
  return bytesToHex(sha256(new TextEncoder().encode(text.join("\n"))));
}
