import { type Code, code } from "./code.ts";

const DEFAULT_MEMORY = 0;

/** memory.copy: regions may overlap. */
export function memoryCopy(to: Code<"i32">, from: Code<"i32">, bytes: Code<"i32">): Code<"none"> {
  return code("none", [to, from, bytes, 0xfc, 10, DEFAULT_MEMORY, DEFAULT_MEMORY]);
}

export function memoryFill(to: Code<"i32">, value: Code<"i32">, bytes: Code<"i32">): Code<"none"> {
  return code("none", [to, value, bytes, 0xfc, 11, DEFAULT_MEMORY]);
}
