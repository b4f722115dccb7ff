import { tokenize } from "../syntax/lexer.ts";
import { withBits } from "./bits.ts";
import { refuseBits } from "./numpy.ts";
import { untranslatable } from "./parts.ts";

/**
 * rio-tiler's and TiTiler's `expression`: numexpr over b1 … bN, outputs separated by semicolons. It runs as it is, `//` too; bN becomes @N,
 * and operators on bits become functions.
 */
export function fromRioTiler(expression: string): string {
  const outputs = expression
    .split(";")
    .map((output) => output.trim())
    .filter((output) => output !== "");
  if (outputs.length === 0) throw untranslatable("It is empty.");
  outputs.forEach(refuseBits);
  return outputs.map((output) => withBits(withOrdinals(output))).join("; ");
}

/** Names bN as @N; nothing else is touched. */
function withOrdinals(text: string): string {
  let [written, end] = ["", 0];
  for (const token of tokenize(text)) {
    const number = token.kind === "name" ? /^b([1-9]\d*)$/i.exec(token.text) : null;
    if (!number) continue;
    written += `${text.slice(end, token.from)}@${number[1]}`;
    end = token.to;
  }
  return written + text.slice(end);
}
