import { SyntaxProblem, shown } from "../problem.ts";
import type { Token } from "./token.ts";
import { type BinaryNode, COMPARISONS, type SyntaxNode } from "./tree.ts";

/** What stands beside an operator, and where its text begins and ends, parentheses included. */
export interface Operand {
  readonly node: SyntaxNode;
  readonly from: number;
  readonly to: number;
}

const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["&", "bitand"],
  ["|", "bitor"],
]);
const JOINS: readonly string[] = [...COMPARISONS, "&&", "||"];

/**
 * `&` or `|` beside something else than conditions in parentheses. Between conditions the doubled operator was meant; beside a number it
 * was an operation on bits, and the doubled operator would give another mask without a word.
 */
export function bitwise(source: string, operator: Token, left: Operand, right: Operand): SyntaxProblem {
  const doubled = operator.text + operator.text;
  const atOperator = { from: operator.from, to: operator.to };
  const logical = { label: `Write ${doubled}`, replacement: doubled, ...atOperator };
  const problem = (message: string, suggestions: SyntaxProblem["problem"]["suggestions"] = []) =>
    new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, ...atOperator, suggestions });
  if (isCondition(left.node) && isCondition(right.node)) {
    const message = `Conditions are joined by ${doubled}: write ${doubled}, or put the comparisons beside ${operator.text} into parentheses.`;
    return problem(message, [logical]);
  }
  const [a, b] = [besideLeft(left), besideRight(right)];
  const text = ({ from, to }: Operand) => source.slice(from, to).trim();
  const call = `${FUNCTIONS.get(operator.text)}(${text(a)}, ${text(b)})`;
  const bits = {
    label: `Write ${shown(call)}`,
    replacement: call,
    from: a.from + leadingSpace(source, a),
    to: b.from + source.slice(b.from, b.to).trimEnd().length,
  };
  const bitsOnly = isNumeric(a.node) || isNumeric(b.node);
  const message = `On bits, ${operator.text} is written ${shown(call)}`;
  if (bitsOnly) return problem(`${message}.`, [bits]);
  const otherwise = `${message}; between conditions write ${doubled}, or put the comparisons beside ${operator.text} into parentheses.`;
  return problem(otherwise, [bits, logical]);
}

/** `~` before something else than a condition in parentheses: neither `!` nor the bits are meant for sure. */
export function bitwiseNot({ from, to }: Token): SyntaxProblem {
  const message =
    "~ turns a condition in parentheses around: write !, as in !(red > 40). The bits of a number are turned by bitxor, as in bitxor(red, 255).";
  return new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, from, to });
}

function isJoin(node: SyntaxNode): node is BinaryNode {
  return node.kind === "binary" && !node.bracketed && JOINS.includes(node.operator);
}

function isCondition(node: SyntaxNode): boolean {
  if (node.kind === "unary") return node.operator === "!";
  return node.kind === "binary" && JOINS.includes(node.operator);
}

/** In other languages `a == b & c` has `b & c` in it: what the operator takes there. */
function besideLeft({ node, from, to }: Operand): Operand {
  if (!isJoin(node)) return { node, from, to };
  return besideLeft({ node: node.right, from: node.operatorFrom + node.written.length, to });
}

function besideRight({ node, from, to }: Operand): Operand {
  if (!isJoin(node)) return { node, from, to };
  return besideRight({ node: node.left, from, to: node.operatorFrom });
}

function leadingSpace(source: string, { from, to }: Operand): number {
  const text = source.slice(from, to);
  return text.length - text.trimStart().length;
}

/** Numbers and what is calculated of them alone. */
function isNumeric(node: SyntaxNode): boolean {
  switch (node.kind) {
    case "number":
      return true;
    case "unary":
      return isNumeric(node.argument);
    case "binary":
      return !isCondition(node) && isNumeric(node.left) && isNumeric(node.right);
    case "call":
      return node.args.length > 0 && node.args.every(isNumeric);
    default:
      return false;
  }
}
