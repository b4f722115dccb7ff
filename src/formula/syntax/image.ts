import { SyntaxProblem, shown } from "../problem.ts";
import type { Cursor } from "./cursor.ts";
import type { Token } from "./token.ts";
import type { ImageNode, ImageOption, NameNode } from "./tree.ts";

/** The call that names another image: a form of its own, with names before its arguments. */
export const IMAGE = "image";

/** image = "image" "(" ( text | quoted ) { "," option } ")", from behind the `(` on. */
export function imageNode(at: Cursor, name: NameNode, open: Token): ImageNode {
  const key = at.take();
  if (key.kind !== "text" && key.kind !== "quoted") {
    const message = 'image takes the key of an image in quotes, as in image("slide-2020", dx=12, dy=-8, scale=2).red';
    throw new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, from: name.from, to: Math.max(key.to, open.to) });
  }
  const options: ImageOption[] = [];
  while (at.accept(",")) options.push(imageOption(at));
  const close = at.expect(")", "image( is never closed with ).", open);
  const keyAt = { from: key.from, to: key.to };
  return { kind: "image", key: key.text, keyAt, options, from: name.from, to: close.to };
}

/** option = name "=" [ "-" ] number | name | text */
function imageOption(at: Cursor): ImageOption {
  const { kind, text, from, to } = at.peek();
  if (kind === "text") {
    at.take();
    return { name: text, value: null, from, to };
  }
  const { name } = at.name();
  if (!at.accept("=")) return { name, value: null, from, to };
  const negative = at.accept("-");
  const number = at.take();
  if (number.kind === "number") {
    const value = Number(number.text);
    return { name, value: negative ? -value : value, from, to: number.to };
  }
  const message = `Behind ${shown(name)}= stands a plain number, as in image("slide-2020", dx=12, dy=-8, scale=2).`;
  throw new SyntaxProblem({ code: "BAD_NUMBER", message, from: number.from, to: number.to });
}
