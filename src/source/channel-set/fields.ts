import { z } from "zod";
import { suggest } from "../../formula/suggest.ts";
import type { Yaml } from "./yaml.ts";

/** Characters of a text for people; more is no name and no description. */
const MAX_TEXT = 10_000;
/** Of what a message repeats. */
const MAX_SHOWN = 60;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** A field that is refused with one sentence, whatever is wrong with it: what it is, and what to write. */
export function refused(what: string, write: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined ? `is missing. Write ${write}.` : `${shown(input)} is no ${what}. Write ${write}.`,
  };
}

export function text(what: string, example: string) {
  const refusal = refused(what, example);
  // Half a character cannot be written to an address.
  const whole = z
    .string(refusal)
    .trim()
    .min(1, refusal)
    .refine((value) => !/[\p{Cs}\0]/u.test(value), refusal);
  return whole.max(MAX_TEXT, `is longer than ${MAX_TEXT} characters. Shorten it.`);
}

/** A finite number: YAML values are texts here, so that names such as `02` stay what they are. */
export function number(what: string, example: string) {
  const refusal = refused(what, example);
  const isNumber = (value: string) => NUMBER.test(value) && Number.isFinite(Number(value));
  return z.string(refusal).trim().refine(isNumber, refusal).transform(Number);
}

/** A map with these keys and no others: one that is misspelt would silently say nothing. */
export function keys<Shape extends z.core.$ZodLooseShape>(what: string, shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? unknownKey(issue.keys[0] ?? "", known)
        : `is no ${what}. Write a map with the keys ${known.join(", ")}.`,
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const [near] = suggest(key, known);
  const advice = near === undefined ? `The keys here are ${known.join(", ")}.` : `Write ${near}.`;
  return `has no key ${shown(key)}. ${advice}`;
}

/** The first thing that is wrong with a value, where it stands in the file: `line 4, files[2].wavelength: …`. */
export function firstProblem(error: z.ZodError, yaml: Yaml, above: readonly PropertyKey[]): string {
  const found = error.issues.map((issue) => {
    const path = [...above, ...issue.path];
    const unknown = issue.code === "unrecognized_keys";
    const line = yaml.lineOf(unknown ? [...path, issue.keys[0] ?? ""] : path);
    return { line, unknown, path, message: issue.message };
  });
  // A key that is missing is often there, misspelt.
  const [first] = found.toSorted((a, b) => a.line - b.line || Number(b.unknown) - Number(a.unknown));
  if (!first) return "it cannot be understood";
  const message = first.message.replace(/\.$/, "");
  const place = pathText(first.path);
  return place === "" ? `line ${first.line}: it ${message}` : `line ${first.line}, ${place}: ${message}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((above, step) => {
    if (typeof step === "number") return `${above}[${step + 1}]`;
    return above === "" ? String(step) : `${above}.${String(step)}`;
  }, "");
}

function shown(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const content = String(value);
  return JSON.stringify(content.length > MAX_SHOWN ? `${content.slice(0, MAX_SHOWN)}…` : content);
}
