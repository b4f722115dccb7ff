import { type Code, code, type ValueType } from "./code.ts";
import { unsignedLeb } from "./leb128.ts";

/** Makers of the shapes that most instructions have: operands first, then the opcode. */
export function unary<T extends ValueType, A extends ValueType = T>(type: T, ...opcode: readonly number[]) {
  return (a: Code<A>): Code<T> => code(type, [a, ...opcode]);
}

export function binary<T extends ValueType, A extends ValueType = T, B extends ValueType = A>(
  type: T,
  ...opcode: readonly number[]
) {
  return (a: Code<A>, b: Code<B>): Code<T> => code(type, [a, b, ...opcode]);
}

/** Alignment is only a hint; 2^0 is always valid and costs nothing on the machines that we run on. */
const UNALIGNED = 0;

/** `offset` is in bytes, not negative, and added without wrapping. */
export function load<T extends ValueType>(type: T, ...opcode: readonly number[]) {
  return (address: Code<"i32">, offset = 0): Code<T> =>
    code(type, [address, ...opcode, UNALIGNED, ...unsignedLeb(offset)]);
}

export function store<A extends ValueType>(...opcode: readonly number[]) {
  return (address: Code<"i32">, value: Code<A>, offset = 0): Code<"none"> =>
    code("none", [address, value, ...opcode, UNALIGNED, ...unsignedLeb(offset)]);
}
