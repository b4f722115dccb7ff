/** Types of values, and their bytes in the binary format. */
export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof VALUE_TYPES;
export type ResultType = ValueType | "none";

/**
 * Instructions that leave one value of type T on the stack, or none. Code is a rope: operands are held, not copied, so
 * building is linear and a fragment may stand in several places. TypeScript checks what the validator would: an
 * operand of the wrong type does not compile.
 */
export interface Code<T extends ResultType = ResultType> {
  readonly type: T;
  readonly parts: readonly Part[];
}

/** The target of a branch; a label is named where the code is written and becomes a nesting depth when it is encoded. */
export interface Label {
  readonly kind: "label";
}

type Part = number | Code | Mark;
type Mark =
  | { readonly mark: "open"; readonly label: Label | null }
  | { readonly mark: "branch"; readonly label: Label }
  | { readonly mark: "close" };

export function code<T extends ResultType>(type: T, parts: readonly Part[]): Code<T> {
  return { type, parts };
}

/** Appends the bytes of `root` to `out`, turning labels into depths. */
export function encodeCode(root: Code, out: number[]): void {
  const open: (Label | null)[] = [];
  const append = ({ parts }: Code): void => {
    for (const part of parts) {
      if (typeof part === "number") out.push(part);
      else if ("parts" in part) append(part);
      else if (part.mark === "open") open.push(part.label);
      else if (part.mark === "close") open.pop();
      else out.push(depthOf(part.label, open));
    }
  };
  append(root);
}

function depthOf(label: Label, open: readonly (Label | null)[]): number {
  const index = open.lastIndexOf(label);
  if (index < 0) throw new Error("branch to a label that does not enclose it");
  const depth = open.length - 1 - index;
  if (depth > 127) throw new Error("branch out of more than 127 blocks");
  return depth;
}
