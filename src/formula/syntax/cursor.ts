import { SyntaxProblem } from "../problem.ts";
import type { Token } from "./token.ts";
import type { NameNode, OrdinalNode } from "./tree.ts";
import { unexpected } from "./unexpected.ts";

/** Where a parser is among the tokens of a formula. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  name(): NameNode {
    const token = this.take();
    if (token.kind !== "name" && token.kind !== "quoted") throw this.unexpected(token);
    return { kind: "name", name: token.text, quoted: token.kind === "quoted", from: token.from, to: token.to };
  }

  ordinal(): OrdinalNode {
    const { text, from, to } = this.take();
    return { kind: "ordinal", ordinal: Number(text), from, to };
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  /** Where the token ends that was taken last. */
  get end(): number {
    return this.#tokens[this.#next - 1]?.to ?? 0;
  }

  take(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  isSymbol(text: string): boolean {
    const token = this.peek();
    return token.kind === "symbol" && token.text === text;
  }

  accept(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#next++;
    return true;
  }

  /** `opened`: the bracket to show when the text ends before it is closed. */
  expect(symbol: string, otherwise: string, opened?: Token): Token {
    if (this.isSymbol(symbol)) return this.take();
    const token = this.peek();
    if (token.kind !== "end") {
      throw this.unexpected(token, ` ${otherwise}`);
    }
    const at = opened ?? token;
    throw new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: otherwise,
      from: at.from,
      to: at.to,
      suggestions: [{ label: `Add ${symbol}`, replacement: symbol, from: token.from, to: token.to }],
    });
  }

  /** What is wrong with a token that stands where it may not, and a word more. */
  unexpected(token: Token, more?: string): SyntaxProblem {
    return unexpected(this.#tokens, token, more);
  }
}
