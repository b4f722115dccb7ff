import { type Code, code, type ValueType } from "./code.ts";
import { i32 } from "./integers.ts";
import { unsignedLeb } from "./leb128.ts";

/** A parameter or variable of a function. */
export interface Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly get: Code<T>;
  set(value: Code<T>): Code<"none">;
  /** Sets and leaves the value. */
  tee(value: Code<T>): Code<T>;
}

export function newLocal<T extends ValueType>(type: T, index: number): Local<T> {
  const immediate = unsignedLeb(index);
  return {
    type,
    get: code(type, [0x20, ...immediate]),
    set: (value) => code("none", [value, 0x21, ...immediate]),
    tee: (value) => code(type, [value, 0x22, ...immediate]),
  };
}

/** local += by. */
export function advance(local: Local<"i32">, by: number | Code<"i32">): Code<"none"> {
  return local.set(i32.add(local.get, typeof by === "number" ? i32.const(by) : by));
}
