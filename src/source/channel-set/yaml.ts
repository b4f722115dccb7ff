import { type Document, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, visit } from "yaml";

export interface YamlLimits {
  readonly bytes: number;
  /** Of the lexer: time and memory of the parser go with them. */
  readonly tokens: number;
}

/** What is wrong with a text, and in which line (from 1). `message` completes "line 3: …". */
export class YamlProblem extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

export interface Yaml {
  /** Maps, lists, texts and null: what looks like a number or a date is text, as it was written (`02` stays `02`). */
  readonly value: unknown;
  /** Line (from 1) of the key or item at a path, or of the nearest thing above it that is there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** The parser calls itself for what is nested, and builds regular expressions as long as an indent: both end a process when they are endless. */
const MAX_FLOW_DEPTH = 32;
const MAX_INDENT = 128;
const MAX_MARKS_A_LINE = 16;

/** Read YAML that anybody may have written. Throws YamlProblem; no aliases, no tags, one document, each key once. */
export function readYaml(text: string, limits: YamlLimits): Yaml {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes) throw new YamlProblem(1, `it has ${bytes} bytes, and the limit is ${limits.bytes}`);
  assertShallow(text, limits.tokens);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ schema: "failsafe", prettyErrors: false, lineCounter: lines, logLevel: "error" },
    // The parser's own check takes the square of the number of keys.
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error) {
    const several = error.code === "MULTIPLE_DOCS";
    const reason = several ? "--- begins a second document; keep one" : `it is no YAML: ${error.message}`;
    throw new YamlProblem(lines.linePos(error.pos[0]).line, reason);
  }
  assertUniqueKeys(document, lines);
  return { value: plainValue(document), lineOf: (path) => lineOf(document, lines, path) };
}

/** Tokens come one at a time: the first that is too many ends the work. */
function assertShallow(text: string, limit: number): void {
  let [count, line, depth, marks] = [0, 1, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (++count > limit) throw new YamlProblem(line, `it is too long; more than ${limit} words and marks are not read`);
    if (token === "[" || token === "{") depth++;
    else if ((token === "]" || token === "}") && --depth < 0) throw new YamlProblem(line, `${token} closes nothing`);
    else if (token === "-" || token === "?" || token === ":") marks++;
    // Between brackets the next one begins no level below the last.
    else if (token === "," && depth > 0) marks = 0;
    const tooWide = token.startsWith(" ") && token.length > MAX_INDENT && token.trim() === "";
    if (depth > MAX_FLOW_DEPTH || marks > MAX_MARKS_A_LINE || tooWide)
      throw new YamlProblem(line, "it is nested too deep; a manifest needs four levels");
    if (!token.includes("\n")) continue;
    line += token.split("\n").length - 1;
    marks = 0;
  }
}

function assertUniqueKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name))
          throw new YamlProblem(lines.linePos(key.range?.[0] ?? 0).line, `${name} stands there twice; remove one`);
        seen.add(name);
      }
    },
  });
}

/** Without aliases: a short text could stand for gigabytes. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new YamlProblem(1, "it uses an alias (*name); write out what it stands for");
  }
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
