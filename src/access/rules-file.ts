import { readFileSync, statSync } from "node:fs";
import { BandloomError } from "../core/errors.ts";
import { firstProblem } from "../source/channel-set/fields.ts";
import { readYaml, type Yaml, YamlProblem } from "../source/channel-set/yaml.ts";
import { type AccessRules, accessSchema } from "./schema.ts";

/** Ten thousand keys. */
const LIMITS = { bytes: 4 * 2 ** 20, tokens: 1_000_000 };
const LOOK_MS = 1_000;

interface RulesFileOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** The rules as a file has them, looked at once a second at most. */
export class RulesFile {
  readonly #options: RulesFileOptions;
  /** Size, time and number of the file as it was looked at last. */
  #stamp: string;
  #text: string;
  #rules: AccessRules;
  #lookedAt: number;

  /** Throws BAD_REQUEST where there is no such file, or no rules in it: a server must not begin without them. */
  constructor(options: RulesFileOptions) {
    this.#options = options;
    this.#stamp = stampOf(options.path);
    this.#lookedAt = options.now();
    try {
      this.#text = readBounded(options.path);
      this.#rules = parseRules(this.#text);
    } catch (error) {
      throw new BandloomError("BAD_REQUEST", `The file of rules ${options.path}, ${reasonOf(error)}.`, {
        cause: error,
      });
    }
  }

  get rules(): AccessRules {
    return this.#rules;
  }

  /** True: other rules count from now on. A file that cannot be used changes nothing, and is told of once. */
  look(): boolean {
    const now = this.#options.now();
    // A clock that was set back does not stop it.
    if (Math.abs(now - this.#lookedAt) < LOOK_MS) return false;
    this.#lookedAt = now;
    const stamp = stampOf(this.#options.path);
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    try {
      const text = readBounded(this.#options.path);
      if (text === this.#text) return false;
      this.#rules = parseRules(text);
      this.#text = text;
    } catch (error) {
      this.#options.log(`The file of rules ${this.#options.path}, ${reasonOf(error)}. The rules before it go on.`);
      return false;
    }
    this.#options.log(`The file of rules ${this.#options.path} was read anew.`);
    return true;
  }
}

/** Why a file cannot be used. Completes "the file of rules, …". */
export class RulesProblem extends Error {}

/** Throws RulesProblem, with the line and what to write. */
export function parseRules(text: string): AccessRules {
  try {
    return validRules(readYaml(text, LIMITS));
  } catch (error) {
    throw error instanceof YamlProblem ? new RulesProblem(`line ${error.line}: ${error.message}`) : error;
  }
}

function validRules(yaml: Yaml): AccessRules {
  // An editor that is about to write has emptied it: nobody means that no key is good any more.
  if (yaml.value === null || yaml.value === "")
    throw new YamlProblem(1, "it is empty. Write anonymous: and read: [] below it");
  const jwt = typeof yaml.value === "object" && "jwt" in yaml.value ? yaml.value.jwt : null;
  const result = accessSchema(Array.isArray(jwt)).safeParse(yaml.value);
  if (result.success) return result.data;
  throw new RulesProblem(firstProblem(result.error, yaml, []));
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? `${stats.size}/${stats.mtimeMs}/${stats.ino}` : "none";
}

function readBounded(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new RulesProblem("which does not exist");
  if (!stats.isFile()) throw new RulesProblem("which is no file");
  if (stats.size > LIMITS.bytes)
    throw new RulesProblem(`which has ${stats.size} bytes, and the limit is ${LIMITS.bytes}`);
  return readFileSync(path, "utf8");
}

function reasonOf(error: unknown): string {
  if (error instanceof RulesProblem) return error.message;
  if (error instanceof Error && "code" in error) return `which cannot be read (${String(error.code)})`;
  throw error;
}
