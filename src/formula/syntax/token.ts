export type TokenKind = "number" | "name" | "quoted" | "text" | "ordinal" | "symbol" | "end";

/** `text` is what the token means: a quoted name without its quotes, an ordinal without its @. Offsets are UTF-16, half-open. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}
