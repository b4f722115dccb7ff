import { LRUCache } from "lru-cache";
import picomatch from "picomatch";

/** Half of what a key may have: longer ones are slips. */
const MAX_LENGTH = 512;
/**
 * A regular expression tries every way in which its wildcards can share a text. With two in a part of a key, and two `**`, the longest key
 * takes some milliseconds; with four of them it takes minutes, and who asks chooses the key.
 */
const MAX_STARS_A_PART = 2;
const MAX_DEEP = 2;
const MAX_ALTERNATIVES = 32;

const DEEP = "**";
const CLASS = /\[[!^]?[\p{L}\p{N}_ .-]+\]/gu;
const CHOICE = /\{[^{}[\]/*?,]+(?:,[^{}[\]/*?,]+)+\}/g;
/** What has a meaning in expressions, and none in patterns. */
const LITERAL = /[()|+^$!"@]/g;
/** `debug`: an expression that cannot be is an error, and not one that matches nothing. */
const OPTIONS = {
  dot: true,
  nonegate: true,
  noextglob: true,
  strictBrackets: true,
  windows: false,
  debug: true,
} as const;

const compiled = new LRUCache<string, RegExp>({ max: 20_000 });

/** Every key. */
export function isEverything(pattern: string): boolean {
  return pattern === DEEP;
}

/** What is wrong with a pattern and what to write, to follow a name; null: it can be used. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters. Shorten it.`;
  if (/[\\\p{Cc}\p{Cs}]/u.test(pattern))
    return "holds a backslash or a control character. Separate the parts of a key with /.";
  // Parts are told from one another after choices, which hold no slash.
  const [parts, choices] = [pattern.split("/"), pattern.match(CHOICE) ?? []];
  if (parts.some((part) => part === "" || part.startsWith(".")))
    return "has an empty part, or one that begins with a dot, as no key has. Write names joined by slashes, such as plates/**.";
  if (parts.some((part) => part.includes(DEEP) && part !== DEEP))
    return "has ** beside other characters. Write ** alone between slashes, or * inside a name.";
  if (parts.filter((part) => part === DEEP).length > MAX_DEEP)
    return `has more than ${MAX_DEEP} times **. Write fewer.`;
  if (parts.some((part) => part !== DEEP && part.split("*").length - 1 > MAX_STARS_A_PART))
    return `has more than ${MAX_STARS_A_PART} * in one part of the key. Write several patterns.`;
  if (/[[\]{}]/.test(pattern.replace(CLASS, "").replace(CHOICE, "")) || choices.some((one) => one.includes("..")))
    return "has brackets that are no choice. Write [abc], [a-z], [!a] or {one,two}, without wildcards or slashes inside.";
  const alternatives = choices.reduce((sum, choice) => sum + choice.split(",").length, 0);
  if (alternatives > MAX_ALTERNATIVES)
    return `has more than ${MAX_ALTERNATIVES} alternatives in braces. Write several patterns.`;
  return isCompilable(pattern) ? null : "cannot be understood. Write it with *, ** and ? alone.";
}

/** Whether a key is matched by one of the patterns, each of which has no problem. */
export function matcherOf(patterns: readonly string[]): (key: string) => boolean {
  let expressions: readonly RegExp[] | null = null;
  return (key) => {
    // When the first key is asked for: a file may hold thousands of readers.
    expressions ??= patterns.map(compile);
    return expressions.some((expression) => expression.test(key));
  };
}

function isCompilable(pattern: string): boolean {
  try {
    compile(pattern);
    return true;
  } catch {
    // `[z-a]`, for one.
    return false;
  }
}

function compile(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const expression = picomatch.makeRe(globOf(pattern), OPTIONS);
  compiled.set(pattern, expression);
  return expression;
}

/** As picomatch reads it. There `a/**` is `a` too: here it is what lies in `a`, and no more. */
function globOf(pattern: string): string {
  const inner = pattern.endsWith(`/${DEEP}`) ? `${pattern}/*` : pattern;
  const pieces = inner.split(new RegExp(`(${CLASS.source})`, "u"));
  return pieces
    .map((piece, index) => (index % 2 === 1 ? piece.replace("[!", "[^") : piece.replace(LITERAL, "\\$&")))
    .join("");
}
