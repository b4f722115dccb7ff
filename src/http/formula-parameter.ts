import { inflateRawSync } from "node:zlib";
import { BandloomError } from "../core/errors.ts";
import { decodeStrictly } from "./request-target.ts";

/** Of `fz`, inflated (formulas themselves are shorter): bounds what a small URL can make the server hold. */
const MAX_INFLATED_BYTES = 64 * 1024;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A plus, or what holds one that is no operator: a name or a text in quotes, a number with an exponent. */
const NO_OPERATOR_OR_PLUS = /`[^`]*`|"[^"]*"|'[^']*'|\d\.?[eE]\+\d|\+/g;

/** What a URL says of the formula: `f`, `fz` or `preset`, or nothing. */
export interface FormulaParameters {
  /** See formulaTexts. */
  readonly formulas: readonly [string, ...string[]] | null;
  /** Name of a preset; null: none is asked for. */
  readonly preset: string | null;
  /** As given; undefined for what a word stands for, which may change: a preset, or the formula that the catalogue gives an image. */
  readonly v: string | undefined;
}

/** BAD_REQUEST for more than one of them, and for values that cannot be decoded. */
export function formulaParameters(parameters: ReadonlyMap<string, string>): FormulaParameters {
  const [f, fz, preset] = [parameters.get("f"), parameters.get("fz"), parameters.get("preset")];
  if (preset === undefined) {
    const formulas = formulaTexts(f, fz);
    return { formulas, preset: null, v: formulas === null ? undefined : parameters.get("v") };
  }
  if (f !== undefined || fz !== undefined)
    throw new BandloomError("BAD_REQUEST", "Give a formula or a preset: not both.");
  return { formulas: null, preset: decodeStrictly(preset, "The parameter preset"), v: undefined };
}

/**
 * What a formula parameter may mean, likeliest first: the first text that is a formula of the image is the one; null asks for the
 * image's own formula. BAD_REQUEST for both parameters at once, and for values that cannot be decoded.
 */
function formulaTexts(f: string | undefined, fz: string | undefined): readonly [string, ...string[]] | null {
  if (f !== undefined && fz !== undefined)
    throw new BandloomError("BAD_REQUEST", "Give the formula as f or, deflated, as fz: not as both.");
  if (fz !== undefined) return [inflate(fz)];
  return f === undefined ? null : readings(f);
}

/**
 * A raw `+` is a blank, as forms and the libraries of most languages write it: read as a plus it would give a sum where an operator was
 * forgotten. Beside `%20` it is the plus that a person typed. Else it is one only where it joins no values: in an exponent, in a name or a text
 * in quotes; if no formula comes of the blanks there.
 */
function readings(raw: string): readonly [string, ...string[]] {
  const text = (value: string) => decodeStrictly(value, "The parameter f");
  if (!raw.includes("+")) return [text(raw)];
  const spaced = text(raw.replaceAll("+", " "));
  if (/%2b/i.test(raw)) return [spaced];
  const typed = text(raw);
  if (raw.includes("%20")) return [typed];
  const kept = typed.replaceAll(NO_OPERATOR_OR_PLUS, (part) => (part === "+" ? " " : part));
  return kept === spaced ? [spaced] : [spaced, kept];
}

/** base64url(deflate-raw(UTF-8 text)) to text. */
function inflate(value: string): string {
  if (!BASE64URL.test(value)) throw new BandloomError("BAD_REQUEST", "The parameter fz is not base64url.");
  try {
    const bytes = inflateRawSync(Buffer.from(value, "base64url"), { maxOutputLength: MAX_INFLATED_BYTES });
    return UTF8.decode(bytes);
  } catch (cause) {
    const message = `The parameter fz is not base64url(deflate-raw(text)) of at most ${MAX_INFLATED_BYTES} bytes of UTF-8.`;
    throw new BandloomError("BAD_REQUEST", message, { cause });
  }
}
