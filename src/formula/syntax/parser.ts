import type { FormulaLimits } from "../limits.ts";
import { SyntaxProblem, shown } from "../problem.ts";
import { bitwise, bitwiseNot, type Operand } from "./bitwise.ts";
import { Cursor } from "./cursor.ts";
import { habitBetween } from "./habits.ts";
import { IMAGE, imageNode } from "./image.ts";
import { tokenize } from "./lexer.ts";
import type { Token } from "./token.ts";
import {
  type BinaryNode,
  type Binding,
  COMPARISONS,
  type NameNode,
  type PlaneNode,
  type SyntaxNode,
  type SyntaxTree,
} from "./tree.ts";
import { OPERATORS } from "./unexpected.ts";

/** Binary operators by rising precedence; all associate to the left. `^` and the conditional have productions of their own. */
const BINARY: readonly (readonly string[])[] = [
  ["||", "|"],
  ["&&", "&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "//", "%"],
];
const USE_EXAMPLE = 'use before = image("slide-2020", dx=12);';

/**
 * Recursive descent over the grammar stated above each method. Recursion is bounded by `limits.depth`, the work by `limits.nodes`.
 * Throws SyntaxProblem at the first error.
 */
export function parse(source: string, limits: FormulaLimits): SyntaxTree {
  return new Parser(source, limits).formula();
}

class Parser {
  readonly #source: string;
  readonly #at: Cursor;
  readonly #limits: FormulaLimits;
  #depth = 0;
  #nodes = 0;

  constructor(source: string, limits: FormulaLimits) {
    this.#source = source;
    this.#at = new Cursor(tokenize(source));
    this.#limits = limits;
  }

  /** formula = { binding } expression { ";" expression } [ ";" ] */
  formula(): SyntaxTree {
    if (this.#at.peek().kind === "end") {
      throw new SyntaxProblem({
        code: "EMPTY",
        message: "The formula is empty: write a channel's name, such as red.",
        from: 0,
        to: 0,
      });
    }
    const bindings: Binding[] = [];
    while (this.#at.peek().kind === "name" && this.#at.peek(1).kind === "name") bindings.push(this.#binding());
    const outputs = [this.#expression()];
    while (this.#at.accept(";") && this.#at.peek().kind !== "end") outputs.push(this.#expression());
    const rest = this.#at.peek();
    if (rest.kind !== "end") throw rest.text === ")" ? this.#unopened(rest) : this.#at.unexpected(rest);
    return { bindings, outputs };
  }

  /** binding = "let" name "=" expression ";" | "use" name "=" image ";" */
  #binding(): Binding {
    const keyword = this.#at.take();
    const following = this.#at.peek();
    const name = this.#at.name();
    if (keyword.text === "use") return this.#use(keyword, name);
    if (keyword.text !== "let") {
      throw new SyntaxProblem({
        code: "UNEXPECTED_TOKEN",
        message:
          habitBetween(keyword, following) ??
          `There is an operator missing between "${shown(keyword.text)}" and "${shown(name.name)}", such as ${OPERATORS}.`,
        from: keyword.from,
        to: name.to,
      });
    }
    this.#at.expect("=", "Behind the name of a let stands =, as in let d = uv1 - green;");
    const value = this.#expression();
    this.#at.expect(";", "A let ends with ; and the formula follows, as in let d = uv1 - green; red + d");
    return { name, value, from: keyword.from, to: value.to };
  }

  #use(keyword: Token, name: NameNode): Binding {
    this.#at.expect("=", `Behind the name of a use stands =, as in ${USE_EXAMPLE}`);
    const value = this.#primary();
    if (value.kind !== "image") {
      const message = `use gives a name to an image, as in ${USE_EXAMPLE} Values are named with let.`;
      throw new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, from: value.from, to: value.to });
    }
    this.#at.expect(";", `A use ends with ; and the formula follows, as in ${USE_EXAMPLE} red - before.red`);
    return { name, value, from: keyword.from, to: value.to };
  }

  /** expression = disjunction [ "?" expression ":" expression ] */
  #expression(): SyntaxNode {
    return this.#nested(() => {
      const condition = this.#binary(0);
      if (!this.#at.accept("?")) return condition;
      const whenTrue = this.#expression();
      this.#at.expect(":", "A condition has two results: condition ? a : b");
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
    const { from } = this.#at.peek();
    let left = this.#binary(level + 1);
    while (this.#at.peek().kind === "symbol" && operators.includes(this.#at.peek().text)) {
      const operator = this.#at.take();
      this.#refuseChain(left, operator.text, operator);
      const rightFrom = this.#at.peek().from;
      const right = this.#binary(level + 1);
      if (right.kind === "binary") this.#refuseChain(right, operator.text, right);
      left = this.#made({
        kind: "binary",
        operator: this.#wordFor(
          operator,
          { node: left, from, to: operator.from },
          { node: right, from: rightFrom, to: this.#at.end },
        ),
        written: operator.text,
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
    const token = this.#at.peek();
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
    this.#at.take();
    const argument = this.#nested(() => this.#unary());
    if (token.text === "~" && !isBracketedComparison(argument)) throw bitwiseNot(token);
    const operator = token.text === "~" ? "!" : token.text;
    return this.#made({ kind: "unary", operator, argument, from: token.from, to: argument.to });
  }

  /** power = postfix [ ( "^" | "**" ) ( "-" power | power ) ] */
  #power(): SyntaxNode {
    const base = this.#postfix();
    const operator = this.#at.peek();
    if (operator.kind !== "symbol" || (operator.text !== "^" && operator.text !== "**")) return base;
    this.#at.take();
    const exponent = this.#nested(() => (this.#at.isSymbol("-") ? this.#unary() : this.#power()));
    return this.#made({
      kind: "binary",
      operator: "^",
      written: operator.text,
      operatorFrom: operator.from,
      left: base,
      right: exponent,
      bracketed: false,
      from: base.from,
      to: exponent.to,
    });
  }

  /** postfix = primary [ "." ( name | ordinal ) ] [ "[" axis "=" integer { "," axis "=" integer } "]" ] */
  #postfix(): SyntaxNode {
    let node = this.#primary();
    if (this.#at.isSymbol(".") && (node.kind === "name" || node.kind === "image")) {
      this.#at.take();
      const member = this.#at.peek().kind === "ordinal" ? this.#at.ordinal() : this.#at.name();
      if (this.#at.isSymbol("(") && node.kind === "name" && member.kind === "name") {
        throw new SyntaxProblem({
          code: "UNEXPECTED_TOKEN",
          message: `Functions belong to nothing here: write ${shown(member.name)}( … ), without ${shown(node.name)} and the point.`,
          from: node.from,
          to: member.to,
        });
      }
      node = this.#made({ kind: "member", object: node, member, from: node.from, to: member.to });
    }
    if (!this.#at.accept("[")) return node;
    if (this.#at.peek().kind === "number") {
      const { from, to } = this.#at.peek();
      const message = "A plane is chosen by its axis, as in dapi[z=3, t=0]; channels by number are @1, @2 …";
      throw new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, from, to });
    }
    const axes = [this.#axis()];
    while (this.#at.accept(",")) axes.push(this.#axis());
    const end = this.#at.expect("]", "A plane is chosen as in dapi[z=3, t=0].");
    return this.#made({ kind: "plane", target: node, axes, from: node.from, to: end.to });
  }

  #axis(): PlaneNode["axes"][number] {
    const name = this.#at.name();
    this.#at.expect("=", "A plane is chosen as in dapi[z=3, t=0].");
    const value = this.#at.take();
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
    const token = this.#at.peek();
    switch (token.kind) {
      case "number":
        this.#at.take();
        return this.#made({ kind: "number", value: Math.fround(Number(token.text)), from: token.from, to: token.to });
      case "text":
        this.#at.take();
        return this.#made({ kind: "text", text: token.text, from: token.from, to: token.to });
      case "ordinal":
        return this.#made(this.#at.ordinal());
      case "name":
      case "quoted": {
        const name = this.#at.name();
        return token.kind === "name" && this.#at.isSymbol("(") ? this.#call(name) : this.#made(name);
      }
      default:
        if (token.text !== "(" || token.kind !== "symbol") throw this.#at.unexpected(token);
        return this.#group();
    }
  }

  #group(): SyntaxNode {
    const open = this.#at.take();
    const inner = this.#expression();
    const close = this.#at.expect(")", "This parenthesis is never closed.", open);
    return inner.kind === "binary" ? { ...inner, bracketed: true, from: open.from, to: close.to } : inner;
  }

  /** call = name "(" [ argument { "," argument } ] ")" | image */
  #call(name: NameNode): SyntaxNode {
    const open = this.#at.take();
    if (name.name === IMAGE) return this.#made(imageNode(this.#at, name, open));
    const args: SyntaxNode[] = [];
    if (!this.#at.isSymbol(")")) {
      do args.push(this.#argument());
      while (this.#at.accept(","));
    }
    const close = this.#at.expect(")", `The call of ${shown(name.name)} is never closed with ).`, open);
    return this.#made({ kind: "call", name, args, from: name.from, to: close.to });
  }

  /** argument = expression [ ":" expression ] */
  #argument(): SyntaxNode {
    const at = this.#expression();
    if (!this.#at.accept(":")) return at;
    const colour = this.#expression();
    return this.#made({ kind: "stop", at, colour, from: at.from, to: colour.to });
  }

  /** `&` and `|` between bracketed comparisons mean `&&` and `||`, as in numexpr; anything else has them on bits. */
  #wordFor(operator: Token, left: Operand, right: Operand): string {
    if (operator.text !== "&" && operator.text !== "|") return operator.text;
    const isLogical = isBracketedComparison(left.node) && isBracketedComparison(right.node);
    if (!isLogical) throw bitwise(this.#source, operator, left, right);
    return operator.text + operator.text;
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
      const token = this.#at.peek();
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
