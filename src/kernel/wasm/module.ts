import { type Code, encodeCode, type ResultType, VALUE_TYPES, type ValueType } from "./code.ts";
import { type Callable, resultTypes } from "./control.ts";
import { unsignedLeb } from "./leb128.ts";
import { type Local, newLocal } from "./local.ts";

type Locals<P extends readonly ValueType[]> = { [K in keyof P]: Local<P[K]> };

/** Hands out the variables of one function. */
export interface FunctionScope {
  local<T extends ValueType>(type: T): Local<T>;
}

interface FunctionEntry {
  readonly type: string;
  readonly body: readonly number[];
}

/**
 * A module that imports its memory as `env.memory` and exports functions; the binary format of the WebAssembly core
 * specification, section 5. No start function, tables, globals or data: everything comes in as arguments.
 */
export class ModuleBuilder {
  /** Function types by their encoding, so that equal signatures share one index. */
  readonly #types = new Map<string, { readonly index: number; readonly bytes: readonly number[] }>();
  readonly #functions: FunctionEntry[] = [];
  readonly #exports: { readonly name: string; readonly index: number }[] = [];

  /** Defines a function; `build` gets its parameters as locals and returns its whole body. */
  define<const P extends readonly ValueType[], R extends ResultType>(
    params: P,
    result: R,
    build: (scope: FunctionScope, ...params: Locals<P>) => Code<R>,
  ): Callable<R> {
    const variables: ValueType[] = [];
    const scope: FunctionScope = {
      local: (type) => {
        const local = newLocal(type, params.length + variables.length);
        variables.push(type);
        return local;
      },
    };
    const parameters = params.map((type, index) => newLocal(type, index)) as unknown as Locals<P>;
    const body: number[] = [];
    const root = build(scope, ...parameters);
    body.push(...encodeLocals(variables));
    encodeCode(root, body);
    body.push(END);
    const index = this.#functions.length;
    this.#functions.push({ type: this.#type(params, result), body });
    return { index, result };
  }

  export(name: string, target: Callable): void {
    this.#exports.push({ name, index: target.index });
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const typeIndex = (key: string) => this.#types.get(key)?.index ?? 0;
    const types = [...this.#types.values()].map(({ bytes }) => bytes);
    const exports = this.#exports.map(({ name: text, index }) => [...name(text), FUNCTION, ...unsignedLeb(index)]);
    const chunks = [
      MAGIC_AND_VERSION,
      ...section(SECTION.type, types.length, types),
      ...section(SECTION.import, 1, [[...name("env"), ...name("memory"), MEMORY, NO_MAXIMUM, 0]]),
      ...section(
        SECTION.function,
        this.#functions.length,
        this.#functions.map(({ type }) => unsignedLeb(typeIndex(type))),
      ),
      ...section(SECTION.export, exports.length, exports),
      ...section(
        SECTION.code,
        this.#functions.length,
        this.#functions.flatMap(({ body }) => [unsignedLeb(body.length), body]),
      ),
    ];
    const bytes = new Uint8Array(lengthOf(chunks));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  #type(params: readonly ValueType[], result: ResultType): string {
    const results = resultTypes(result);
    const types = params.map((type) => VALUE_TYPES[type]);
    const bytes = [0x60, ...unsignedLeb(types.length), ...types, ...unsignedLeb(results.length), ...results];
    const key = bytes.join();
    if (!this.#types.has(key)) this.#types.set(key, { index: this.#types.size, bytes });
    return key;
  }
}

/** A section: its id, its length, and how many entries follow. */
function section(id: number, count: number, entries: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const content = [unsignedLeb(count), ...entries];
  return [[id, ...unsignedLeb(lengthOf(content))], ...content];
}

function lengthOf(chunks: readonly (readonly number[])[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const FUNCTION = 0x00;
const MEMORY = 0x02;
const NO_MAXIMUM = 0x00;
const END = 0x0b;

/** Declarations as runs of equal types. */
function encodeLocals(types: readonly ValueType[]): number[] {
  const runs: { count: number; readonly type: ValueType }[] = [];
  for (const type of types) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ count: 1, type });
  }
  return [
    ...unsignedLeb(runs.length),
    ...runs.flatMap(({ count, type }) => [...unsignedLeb(count), VALUE_TYPES[type]]),
  ];
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsignedLeb(bytes.length), ...bytes];
}
