import { type Code, code, type Label, type ResultType, VALUE_TYPES } from "./code.ts";
import { unsignedLeb } from "./leb128.ts";

const NO_RESULT = 0x40;
const END = 0x0b;

export type Statement = Code<"none">;

export function newLabel(): Label {
  return { kind: "label" };
}

/** Statements one after the other; the value of the last one. */
export function sequence<T extends ResultType>(...codes: readonly [...Statement[], Code<T>]): Code<T> {
  const last = codes[codes.length - 1] as Code<T>;
  return code(last.type, codes);
}

export function statements(codes: readonly Statement[]): Statement {
  return code("none", codes);
}

/** `branch(label)` inside leaves the block. */
export function block(label: Label, ...body: readonly Statement[]): Statement {
  return code("none", [0x02, NO_RESULT, { mark: "open", label }, ...body, END, { mark: "close" }]);
}

/** `branch(label)` inside begins the body again; without it the loop ends. */
export function loop(label: Label, ...body: readonly Statement[]): Statement {
  return code("none", [0x03, NO_RESULT, { mark: "open", label }, ...body, END, { mark: "close" }]);
}

export function branch(label: Label): Statement {
  return code("none", [0x0c, { mark: "branch", label }]);
}

export function branchIf(label: Label, condition: Code<"i32">): Statement {
  return code("none", [condition, 0x0d, { mark: "branch", label }]);
}

export function when(condition: Code<"i32">, then: readonly Statement[], otherwise?: readonly Statement[]): Statement {
  const rest = otherwise ? [0x05, ...otherwise] : [];
  return code("none", [
    condition,
    0x04,
    NO_RESULT,
    { mark: "open", label: null },
    ...then,
    ...rest,
    END,
    { mark: "close" },
  ]);
}

/** The condition is tested before the first round and at the end of each: one branch a round. */
export function whileLoop(condition: Code<"i32">, ...body: readonly Statement[]): Statement {
  const top = newLabel();
  return when(condition, [loop(top, ...body, branchIf(top, condition))]);
}

/** One of two values without a branch; both are evaluated. */
export function choose<T extends Exclude<ResultType, "none" | "v128">>(
  condition: Code<"i32">,
  whenTrue: Code<T>,
  whenFalse: Code<T>,
): Code<T> {
  return code(whenTrue.type, [whenTrue, whenFalse, condition, 0x1b]);
}

/** The smaller of two unsigned integers; both are evaluated twice. */
export function minimum(a: Code<"i32">, b: Code<"i32">): Code<"i32"> {
  return choose(code("i32", [a, b, 0x49]), a, b);
}

export function returnValue(value: Code): Statement {
  return code("none", [value, 0x0f]);
}

/** A function that can be called: its index and result. */
export interface Callable<R extends ResultType = ResultType> {
  readonly index: number;
  readonly result: R;
}

export function call<R extends ResultType>(target: Callable<R>, ...args: readonly Code[]): Code<R> {
  return code(target.result, [...args, 0x10, ...unsignedLeb(target.index)]);
}

/** Byte of a block's or function's result. */
export function resultTypes(result: ResultType): readonly number[] {
  return result === "none" ? [] : [VALUE_TYPES[result]];
}
