import { withBits } from "./bits.ts";
import { flooredRemainder, refuseBits, withFlooredRemainders } from "./numpy.ts";
import { untranslatable } from "./parts.ts";

/** numpy's names for what is an operator here. */
const OPERATORS: ReadonlyMap<string, (a: string, b: string) => string> = new Map([
  ["logical_and", (a, b) => `((${a}) && (${b}))`],
  ["logical_or", (a, b) => `((${a}) || (${b}))`],
  ["floor_divide", (a, b) => `((${a}) // (${b}))`],
  // Before mod, which its name ends with.
  ["fmod", (a, b) => `((${a}) % (${b}))`],
  ["mod", flooredRemainder],
  ["remainder", flooredRemainder],
  ["left_shift", (a, b) => `shift(${a}, ${b})`],
  ["right_shift", (a, b) => `shift(${a}, -(${b}))`],
]);

/** `gdal_calc.py --calc`: numpy over the files A … Z, which are channels 1 … 26 here. */
export function fromGdal(calc: string): string {
  const plain = calc
    .replaceAll(/\b(?:numpy|np)\s*\.\s*/g, "")
    .replaceAll(/\.\s*astype\s*\(\s*[\w.'"]+\s*\)/g, "")
    .replaceAll(/\blogical_not\b/g, "!")
    .replaceAll(/\b(?:invert|bitwise_not)\b/g, "~")
    .replaceAll(/\bpower\b/g, "pow");
  if (/\w\s*\.\s*\w+\s*\(/.test(plain)) throw untranslatable("It calls a method of an array.");
  const letters = plain.replaceAll(/(?<![\w."'])([A-Z])(?![\w(])/g, (letter) => `@${letter.charCodeAt(0) - 64}`);
  refuseBits(letters);
  // Before fmod becomes the remainder that formulas have.
  const remainders = withFlooredRemainders(letters.trim());
  return withBits(withOperators(remainders));
}

/** logical_and(a, b) as ((a) && (b)), and the like, innermost first. */
function withOperators(text: string): string {
  let written = text;
  for (const [name, operator] of OPERATORS) {
    for (let at = written.lastIndexOf(`${name}(`); at >= 0; at = written.lastIndexOf(`${name}(`)) {
      const { args, end } = argumentsAt(written, at + name.length);
      const [a, b] = args;
      if (a === undefined || b === undefined || args.length > 2) throw untranslatable(`${name} takes two arguments.`);
      written = `${written.slice(0, at)}${operator(a, b)}${written.slice(end)}`;
    }
  }
  return written;
}

/** Arguments of the call whose bracket opens at `open`, and where it ends. */
function argumentsAt(text: string, open: number): { readonly args: readonly string[]; readonly end: number } {
  const args: string[] = [];
  let [depth, start] = [0, open + 1];
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (character === "(") depth++;
    if (character === ")") depth--;
    const isEnd = depth === 0;
    if (isEnd || (character === "," && depth === 1)) {
      args.push(text.slice(start, at).trim());
      start = at + 1;
    }
    if (isEnd) return { args, end: at + 1 };
  }
  throw untranslatable("A parenthesis is never closed.");
}
