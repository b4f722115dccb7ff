import { type PlaneType, planeBytes } from "../../core/dtype.ts";
import type { NodeId } from "../graph/graph.ts";
import { type Half, operationRow } from "../graph/operations.ts";
import { OUTPUT_BYTES } from "../kernel.ts";
import { parameterLayout } from "../parameters.ts";
import { loadPlaneLanes, nodataSample, splatSample } from "../plane-lanes.ts";
import type { Code } from "../wasm/code.ts";
import { type Statement, sequence, statements, whileLoop } from "../wasm/control.ts";
import { f64 } from "../wasm/floats.ts";
import { i32 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import { type FunctionScope, ModuleBuilder } from "../wasm/module.ts";
import { i32x4, v128 } from "../wasm/simd.ts";
import { splatF32, splatF64, splatI32 } from "../wasm/splat.ts";
import type { KernelPlan } from "./plan.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { storeGroup, storeGroups } from "./store.ts";

/** Pixels of one vector of float32. */
const GROUP = 4;
/** Small kernels handle four groups a round: fewer rounds, wider stores. Large ones gain nothing and would compile slower. */
const GROUPS_A_ROUND = 4;
const LARGE_KERNEL = 64;

const NAN_BITS = 0x7fc00000;

/** The WebAssembly module of a kernel: `run(params, pixels)` over `env.memory`. */
export function emitKernel(plan: KernelPlan): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const run = module.define(["i32", "i32"], "none", (scope, parameters, pixels) =>
    new KernelEmitter(plan, scope, parameters.get).body(pixels),
  );
  module.export("run", run);
  return module.toBytes();
}

type Variables = readonly [Local<"v128">] | readonly [Local<"v128">, Local<"v128">];

class KernelEmitter {
  readonly #plan: KernelPlan;
  readonly #scope: FunctionScope;
  readonly #schedule: Schedule;
  readonly #outputs: readonly Local<"i32">[];
  readonly #inputs: readonly Local<"i32">[];
  readonly #tables: readonly Local<"i32">[];
  readonly #nodata: readonly (Local<"v128"> | null)[];
  readonly #prologue: Statement[] = [];
  readonly #constantsAt: number;
  readonly #parameters: Code<"i32">;
  readonly #variables = new Map<NodeId, Variables>();
  readonly #free: Local<"v128">[] = [];

  constructor(plan: KernelPlan, scope: FunctionScope, parameters: Code<"i32">) {
    this.#plan = plan;
    this.#scope = scope;
    this.#parameters = parameters;
    this.#schedule = schedule(plan.graph, plan.roots, plan.reached);
    const { inputs, roots, graph } = plan;
    const layout = parameterLayout({
      planes: roots.length,
      inputs: inputs.length,
      tables: graph.tables.length,
      nodata: inputs.filter(({ nodata }) => nodata !== null).length,
      constants: plan.constants,
    });
    const pointers = (count: number, offset: number) =>
      Array.from({ length: count }, (_, index) => {
        const pointer = scope.local("i32");
        this.#prologue.push(pointer.set(i32.load(parameters, offset + 4 * index)));
        return pointer;
      });
    this.#outputs = pointers(roots.length, layout.outputs);
    this.#inputs = pointers(inputs.length, layout.inputs);
    this.#tables = pointers(graph.tables.length, layout.tables);
    this.#constantsAt = layout.constants;
    let nodataAt = layout.nodata;
    this.#nodata = inputs.map(({ type, nodata }) => {
      if (nodata === null) return null;
      const at = nodataAt;
      nodataAt += 8;
      if (nodataSample(type, nodata) === null) return null;
      const splat = scope.local("v128");
      this.#prologue.push(splat.set(splatSample(type, f64.load(parameters, at))));
      return splat;
    });
  }

  body(pixels: Local<"i32">): Statement {
    const before = this.#schedule.before.map((id) => this.#computeBefore(id));
    const groups = this.#schedule.inside.length > LARGE_KERNEL ? 1 : GROUPS_A_ROUND;
    return sequence(
      ...this.#prologue,
      ...before,
      whileLoop(
        i32.gtS(pixels.get, i32.const(0)),
        ...this.#round(groups),
        ...this.#inputs.map((pointer, index) => advance(pointer, groups * GROUP * planeBytes(this.#typeOf(index)))),
        ...this.#outputs.map((pointer) => advance(pointer, groups * GROUP * OUTPUT_BYTES[this.#plan.output])),
        advance(pixels, -groups * GROUP),
      ),
    );
  }

  /** Code that computes the groups of one round and stores them. */
  #round(groups: number): Statement[] {
    const { output, roots } = this.#plan;
    if (output === "gray8" && groups === GROUPS_A_ROUND) {
      const results = Array.from({ length: groups }, () => this.#take());
      const computed = results.map((result, group) => this.#group(group, (code) => result.set(code(roots[0] ?? 0))));
      return [...computed, storeGroups(this.#output(0), results)];
    }
    return Array.from({ length: groups }, (_, group) =>
      this.#group(group, (code) =>
        statements(roots.map((root, plane) => storeGroup(output, this.#output(plane), group, code(root)))),
      ),
    );
  }

  #group(group: number, finish: (code: (id: NodeId) => Code<"v128">) => Statement): Statement {
    const computed = this.#schedule.inside.map((id) => {
      const statement = this.#compute(id, group);
      this.#release(this.#schedule.lastReadBy(id));
      return statement;
    });
    const end = finish((id) => this.#code(id, 0, group));
    this.#release(this.#schedule.lastReadBy(null));
    return statements([...computed, end]);
  }

  /** Computes a node, the same for all pixels, into a variable; the halves of a wide one are equal. */
  #computeBefore(id: NodeId): Statement {
    const variable = this.#take();
    this.#variables.set(id, [variable]);
    return variable.set(this.#express(id, 0, 0));
  }

  /** Computes a node into variables of its own. */
  #compute(id: NodeId, group: number): Statement {
    const { wide } = operationRow(this.#plan.graph.node(id).op);
    const variables: Variables = wide ? [this.#take(), this.#take()] : [this.#take()];
    const code = variables.map((variable, half) => variable.set(this.#express(id, half === 0 ? 0 : 1, group)));
    this.#variables.set(id, variables);
    return statements(code);
  }

  /** The value of a node: its variable, or its expression in place. */
  #code(id: NodeId, half: Half, group: number): Code<"v128"> {
    const variables = this.#schedule.hasVariable(id) ? this.#variables.get(id) : undefined;
    if (!variables) return this.#express(id, half, group);
    return (variables[half] ?? variables[0]).get;
  }

  #express(id: NodeId, half: Half, group: number): Code<"v128"> {
    const { op, operands, value } = this.#plan.graph.node(id);
    const operand = (index: number, ofHalf: Half) => this.#code(operands[index] ?? -1, ofHalf, group);
    const { emit } = operationRow(op);
    if (emit) return emit(operand, half);
    switch (op) {
      case "constant":
        return Number.isNaN(value) ? splatI32(NAN_BITS) : splatF32(value);
      case "constant64":
        return splatF64(value);
      case "parameter":
        return v128.load32Splat(this.#parameters, this.#constantsAt + 4 * value);
      case "input": {
        const type = this.#typeOf(value);
        const nodata = this.#nodata[value]?.get ?? null;
        return loadPlaneLanes(
          this.#scope,
          type,
          pointerOf(this.#inputs, value),
          group * GROUP * planeBytes(type),
          nodata,
        );
      }
      case "lookup":
        return lookup(pointerOf(this.#tables, value), operand(0, 0));
      default:
        throw new Error(`no code for ${op}`);
    }
  }

  #output(plane: number): Code<"i32"> {
    return pointerOf(this.#outputs, plane);
  }

  #typeOf(input: number): PlaneType {
    const found = this.#plan.inputs[input];
    if (!found) throw new Error(`no input ${input}`);
    return found.type;
  }

  #take(): Local<"v128"> {
    return this.#free.pop() ?? this.#scope.local("v128");
  }

  #release(ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.#free.push(...(this.#variables.get(id) ?? []));
      this.#variables.delete(id);
    }
  }
}

function pointerOf(pointers: readonly Local<"i32">[], index: number): Code<"i32"> {
  const pointer = pointers[index];
  if (!pointer) throw new Error(`no pointer ${index}`);
  return pointer.get;
}

/** Four entries of a table, one for each lane of byte offsets. */
function lookup(table: Code<"i32">, offsets: Code<"v128">): Code<"v128"> {
  const address = (lane: number) => i32.add(table, i32x4.extractLane(offsets, lane));
  return [1, 2, 3].reduce((lanes, lane) => v128.load32Lane(address(lane), lanes, lane), v128.load32Zero(address(0)));
}
