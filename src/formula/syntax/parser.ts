import type { FormulaLimits } from "../limits.ts";
import { SyntaxProblem, shown } from "../problem.ts";
import { habitBetween } from "./habits.ts";
import { tokenize } from "./lexer.ts";
import type { Token } from "./token.ts";
import type { BinaryNode, Binding, NameNode, PlaneNode, SyntaxNode, SyntaxTree } from "./tree.ts";
import { unexpected } from "./unexpected.ts";

/** Binary operators by rising precedence; all associate to the left. `^` and the conditional have productions of their own. */
const BINARY: readonly (readonly string[])[] = [
  ["||", "|"],
  ["&&", "&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];
const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

/**
 * Recursive descent over the grammar stated above each method. Recursion is bounded by `limits.depth`, the work by `limits.nodes`.
 * Throws SyntaxProblem at the first error.
 */
export function parse(source: string, limits: FormulaLimits): SyntaxTree {
  return new Parser(tokenize(source), limits).formula();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #limits: FormulaLimits;
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[], limits: FormulaLimits) {
    this.#tokens = tokens;
    this.#limits = limits;
  }

  /** formula = { binding } expression { ";" expression } [ ";" ] */
  formula(): SyntaxTree {
    if (this.#peek().kind === "end") {
      throw new SyntaxProblem({
        code: "EMPTY",
        message: "The formula is empty: write a channel's name, such as red.",
        from: 0,
        to: 0,
      });
    }
    const bindings: Binding[] = [];
    while (this.#peek().kind === "name" && this.#peek(1).kind === "name") bindings.push(this.#binding());
    const outputs = [this.#expression()];
    while (this.#accept(";") && this.#peek().kind !== "end") outputs.push(this.#expression());
    const rest = this.#peek();
    if (rest.kind !== "end") throw rest.text === ")" ? this.#unopened(rest) : unexpected(this.#tokens, rest);
    return { bindings, outputs };
  }

  /** binding = "let" name "=" expression ";" */
  #binding(): Binding {
    const keyword = this.#take();
    const following = this.#peek();
    const name = this.#name();
    if (keyword.text === "use") {
      throw new SyntaxProblem({
        code: "NOT_SUPPORTED",
        message: "use … = image(…) is not supported yet: a formula reads the channels of one image.",
        from: keyword.from,
        to: name.to,
      });
    }
    if (keyword.text !== "let") {
      throw new SyntaxProblem({
        code: "UNEXPECTED_TOKEN",
        message:
          habitBetween(keyword, following) ??
          `There is an operator missing between "${shown(keyword.text)}" and "${shown(name.name)}", such as + or *.`,
        from: keyword.from,
        to: name.to,
      });
    }
    this.#expect("=", "Behind the name of a let stands =, as in let d = uv1 - green;");
    const value = this.#expression();
    this.#expect(";", "A let ends with ; and the formula follows, as in let d = uv1 - green; red + d");
    return { name, value, from: keyword.from, to: value.to };
  }

  /** expression = disjunction [ "?" expression ":" expression ] */
  #expression(): SyntaxNode {
    return this.#nested(() => {
      const condition = this.#binary(0);
      if (!this.#accept("?")) return condition;
      const whenTrue = this.#expression();
      this.#expect(":", "A condition has two results: condition ? a : b");
      const whenFalse = this.#expression();
      return this.#made({
        kind: "conditional",
        condition,
        whenTrue,
        whenFalse,
        from: condition.from,
        to: whenFalse.to,
      });
    });
  }

  /** binary(n) = binary(n + 1) { operator(n) binary(n + 1) }, the last of them unary */
  #binary(level: number): SyntaxNode {
    const operators = BINARY[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    while (this.#peek().kind === "symbol" && operators.includes(this.#peek().text)) {
      const operator = this.#take();
      this.#refuseChain(left, operator.text, operator);
      const right = this.#binary(level + 1);
      if (right.kind === "binary") this.#refuseChain(right, operator.text, right);
      left = this.#made({
        kind: "binary",
        operator: this.#wordFor(operator, left, right),
        operatorFrom: operator.from,
        left,
        right,
        bracketed: false,
        from: left.from,
        to: right.to,
      });
    }
    return left;
  }

  /** unary = ( "-" | "!" | "~" ) unary | power */
  #unary(): SyntaxNode {
    const token = this.#peek();
    if (token.kind !== "symbol") return this.#power();
    if (token.text === "+") {
      throw new SyntaxProblem({
        code: "UNEXPECTED_TOKEN",
        message: "There is no unary plus: leave the + out.",
        from: token.from,
        to: token.to,
        suggestions: [{ label: "Leave it out", replacement: "", from: token.from, to: token.to }],
      });
    }
    if (!["-", "!", "~"].includes(token.text)) return this.#power();
    this.#take();
    const argument = this.#nested(() => this.#unary());
    if (token.text === "~" && !isBracketedComparison(argument)) throw this.#bitwise(token);
    const operator = token.text === "~" ? "!" : token.text;
    return this.#made({ kind: "unary", operator, argument, from: token.from, to: argument.to });
  }

  /** power = postfix [ ( "^" | "**" ) ( "-" power | power ) ] */
  #power(): SyntaxNode {
    const base = this.#postfix();
    const operator = this.#peek();
    if (operator.kind !== "symbol" || (operator.text !== "^" && operator.text !== "**")) return base;
    this.#take();
    const exponent = this.#nested(() => (this.#isSymbol("-") ? this.#unary() : this.#power()));
    return this.#made({
      kind: "binary",
      operator: "^",
      operatorFrom: operator.from,
      left: base,
      right: exponent,
      bracketed: false,
      from: base.from,
      to: exponent.to,
    });
  }

  /** postfix = primary [ "." name ] [ "[" axis "=" integer { "," axis "=" integer } "]" ] */
  #postfix(): SyntaxNode {
    let node = this.#primary();
    if (this.#isSymbol(".") && node.kind === "name") {
      this.#take();
      const member = this.#name();
      if (this.#isSymbol("(")) {
        throw new SyntaxProblem({
          code: "UNEXPECTED_TOKEN",
          message: `Functions belong to nothing here: write ${shown(member.name)}( … ), without ${shown(node.name)} and the point.`,
          from: node.from,
          to: member.to,
        });
      }
      node = this.#made({ kind: "member", object: node, member, from: node.from, to: member.to });
    }
    if (!this.#accept("[")) return node;
    if (this.#peek().kind === "number") {
      const { from, to } = this.#peek();
      const message = "A plane is chosen by its axis, as in dapi[z=3, t=0]; channels by number are @1, @2 …";
      throw new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, from, to });
    }
    const axes = [this.#axis()];
    while (this.#accept(",")) axes.push(this.#axis());
    const end = this.#expect("]", "A plane is chosen as in dapi[z=3, t=0].");
    return this.#made({ kind: "plane", target: node, axes, from: node.from, to: end.to });
  }

  #axis(): PlaneNode["axes"][number] {
    const name = this.#name();
    this.#expect("=", "A plane is chosen as in dapi[z=3, t=0].");
    const value = this.#take();
    if (value.kind !== "number" || !/^\d{1,9}$/.test(value.text)) {
      throw new SyntaxProblem({
        code: "BAD_NUMBER",
        message: "A plane's number is a whole number from 0, as in dapi[z=3].",
        from: value.from,
        to: value.to,
      });
    }
    return { axis: name.name, index: Number(value.text), from: name.from, to: value.to };
  }

  /** primary = number | text | name [ "(" [ argument { "," argument } ] ")" ] | quoted | ordinal | "(" expression ")" */
  #primary(): SyntaxNode {
    const token = this.#peek();
    switch (token.kind) {
      case "number":
        this.#take();
        return this.#made({ kind: "number", value: Math.fround(Number(token.text)), from: token.from, to: token.to });
      case "text":
        this.#take();
        return this.#made({ kind: "text", text: token.text, from: token.from, to: token.to });
      case "ordinal":
        this.#take();
        return this.#made({ kind: "ordinal", ordinal: Number(token.text), from: token.from, to: token.to });
      case "name":
      case "quoted": {
        const name = this.#name();
        return token.kind === "name" && this.#isSymbol("(") ? this.#call(name) : this.#made(name);
      }
      default:
        if (token.text !== "(" || token.kind !== "symbol") throw unexpected(this.#tokens, token);
        return this.#group();
    }
  }

  #group(): SyntaxNode {
    const open = this.#take();
    const inner = this.#expression();
    const close = this.#expect(")", "This parenthesis is never closed.", open);
    return inner.kind === "binary" ? { ...inner, bracketed: true, from: open.from, to: close.to } : inner;
  }

  #call(name: NameNode): SyntaxNode {
    const open = this.#take();
    const args: SyntaxNode[] = [];
    if (!this.#isSymbol(")")) {
      do args.push(this.#argument());
      while (this.#accept(","));
    }
    const close = this.#expect(")", `The call of ${shown(name.name)} is never closed with ).`, open);
    return this.#made({ kind: "call", name, args, from: name.from, to: close.to });
  }

  /** argument = expression [ ":" expression ] */
  #argument(): SyntaxNode {
    const at = this.#expression();
    if (!this.#accept(":")) return at;
    const colour = this.#expression();
    return this.#made({ kind: "stop", at, colour, from: at.from, to: colour.to });
  }

  #name(): NameNode {
    const token = this.#take();
    if (token.kind !== "name" && token.kind !== "quoted") throw unexpected(this.#tokens, token);
    return { kind: "name", name: token.text, quoted: token.kind === "quoted", from: token.from, to: token.to };
  }

  /** `&` and `|` between bracketed comparisons mean `&&` and `||`, as in numexpr; anything else has them on bits, which we have not. */
  #wordFor(operator: Token, left: SyntaxNode, right: SyntaxNode): string {
    if (operator.text !== "&" && operator.text !== "|") return operator.text;
    if (!isBracketedComparison(left) || !isBracketedComparison(right)) throw this.#bitwise(operator);
    return operator.text + operator.text;
  }

  #bitwise(token: Token): SyntaxProblem {
    const logical = token.text === "~" ? "!" : token.text + token.text;
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: `There are no operations on bits: write ${logical}, or put the comparisons beside ${token.text} into parentheses.`,
      from: token.from,
      to: token.to,
      suggestions: [{ label: `Write ${logical}`, replacement: logical, from: token.from, to: token.to }],
    });
  }

  /** `operand` stands beside `operator`; the problem goes up to the end of `last`. */
  #refuseChain(operand: SyntaxNode, operator: string, last: { readonly to: number }): void {
    if (operand.kind !== "binary" || operand.bracketed) return;
    if (!COMPARISONS.includes(operator) || !COMPARISONS.includes(operand.operator)) return;
    throw new SyntaxProblem({
      code: "CHAINED_COMPARISON",
      message: `Comparisons do not chain: write a ${operand.operator} b && b ${operator} c, or put one of them into parentheses.`,
      from: operand.from,
      to: last.to,
    });
  }

  #unopened(token: Token): SyntaxProblem {
    const range = { from: token.from, to: token.to };
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: "There is no ( that this ) would close.",
      ...range,
      suggestions: [{ label: "Leave it out", replacement: "", ...range }],
    });
  }

  #nested<T>(parsePart: () => T): T {
    if (++this.#depth > this.#limits.depth) {
      const token = this.#peek();
      throw new SyntaxProblem({
        code: "TOO_DEEP",
        message: `The formula is nested deeper than ${this.#limits.depth}, every let written out: split it into several pictures.`,
        from: token.from,
        to: token.to,
      });
    }
    const result = parsePart();
    this.#depth--;
    return result;
  }

  #made<T extends SyntaxNode>(node: T): T {
    if (++this.#nodes > this.#limits.nodes) throw tooManyNodes(this.#limits.nodes, node.from, node.to);
    return node;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.kind === "symbol" && token.text === text;
  }

  #accept(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#next++;
    return true;
  }

  /** `opened`: the bracket to show when the text ends before it is closed. */
  #expect(symbol: string, otherwise: string, opened?: Token): Token {
    if (this.#isSymbol(symbol)) return this.#take();
    const token = this.#peek();
    if (token.kind !== "end") {
      throw unexpected(this.#tokens, token, ` ${otherwise}`);
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
}

export function tooManyNodes(limit: number, from: number, to: number): SyntaxProblem {
  return new SyntaxProblem({
    code: "TOO_MANY_NODES",
    message: `The formula has more than ${limit} parts, every let written out: split it into several pictures.`,
    from,
    to,
  });
}

function isBracketedComparison(node: SyntaxNode): node is BinaryNode {
  if (node.kind === "unary" && node.operator === "!") return isBracketedComparison(node.argument);
  if (node.kind !== "binary") return false;
  // A chain (a > 1) & (b > 1) & (c > 1) groups to the left, unbracketed but made of bracketed comparisons.
  if (node.operator === "&&" || node.operator === "||") return true;
  return node.bracketed && COMPARISONS.includes(node.operator);
}
