import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { firstProblem } from "../../source/channel-set/fields.ts";
import { readYaml, type Yaml, YamlProblem } from "../../source/channel-set/yaml.ts";
import { isKey } from "./kinds.ts";
import { entrySchema, type NamedEntry } from "./schema.ts";

/** Some ten thousand images; a second of work a megabyte when the file is read. */
const LIMITS = { bytes: 4 * 2 ** 20, tokens: 1_000_000 };

/** What a catalogue file says: entries, and reasons in the place of those that cannot be used. */
export type NamedEntries = ReadonlyMap<string, NamedEntry | BandloomError>;

/** The YAML catalogue, read again when it changes. */
export class CatalogueFile {
  readonly #path: string;
  readonly #required: boolean;
  readonly #report: (message: string) => void;
  /** Size, time and number of the file as it was read; null: not yet looked for. */
  #stamp: string | null = null;
  #entries: NamedEntries = new Map();

  /** One that is `required` is missed when it is not there. `report` is told what cannot be used, once for each version of the file. */
  constructor(path: string, required: boolean, report: (message: string) => void) {
    this.#path = path;
    this.#required = required;
    this.#report = report;
  }

  /** As the file is now. While it is no YAML the entries before count, and it is listed itself, with the reason. */
  entries(): NamedEntries {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = stats?.isFile() ? `${stats.size}/${stats.mtimeMs}/${stats.ino}` : "none";
    if (stamp === this.#stamp) return this.#entries;
    this.#stamp = stamp;
    const own = basename(this.#path);
    try {
      this.#entries = stats?.isFile() ? parseEntries(readBounded(this.#path, stats.size), own) : this.#absent(own);
    } catch (error) {
      const reason = error instanceof YamlProblem ? `line ${error.line}: ${error.message}` : "it cannot be read";
      this.#entries = new Map([...this.#entries, [own, problem(`The catalogue, ${reason}.`)]]);
    }
    for (const entry of this.#entries.values())
      if (entry instanceof BandloomError) this.#report(`${own}: ${entry.message}`);
    return this.#entries;
  }

  #absent(own: string): NamedEntries {
    return new Map(this.#required ? [[own, problem("There is no such catalogue file.")]] : []);
  }
}

function readBounded(path: string, size: number): string {
  if (size > LIMITS.bytes) throw new YamlProblem(1, `it has ${size} bytes, and the limit is ${LIMITS.bytes}`);
  return readFileSync(path, "utf8");
}

/** Each entry for itself: one that is wrong does not stop the others. Throws YamlProblem where there are no entries at all. */
export function parseEntries(text: string, own: string): NamedEntries {
  const yaml = readYaml(text, LIMITS);
  const { images, ...others } = mapOf(yaml.value, yaml, []);
  const [other] = Object.keys(others);
  const entries = new Map<string, NamedEntry | BandloomError>();
  if (other !== undefined)
    entries.set(
      own,
      problem(`The catalogue, line ${yaml.lineOf([other])}: it has no key ${JSON.stringify(other)}. Write images.`),
    );
  for (const [key, value] of Object.entries(images === undefined ? {} : mapOf(images, yaml, ["images"]))) {
    const result = entrySchema.safeParse(value);
    const line = yaml.lineOf(["images", key]);
    if (!isKey(key))
      entries.set(
        own,
        problem(
          `The catalogue, line ${line}: the key cannot be one. Write names joined by slashes, none of which begins with a dot.`,
        ),
      );
    else if (result.success) entries.set(key, result.data);
    else entries.set(key, problem(`The catalogue, ${firstProblem(result.error, yaml, ["images", key])}.`));
  }
  return entries;
}

function mapOf(value: unknown, yaml: Yaml, path: readonly string[]): Readonly<Record<string, unknown>> {
  // An empty file, or `images:` with nothing below it.
  if (value === null || value === "") return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new YamlProblem(yaml.lineOf(path), "it holds no map of images; write images: and below it a key a line");
}

export function problem(message: string): BandloomError {
  return new BandloomError("SOURCE_UNREADABLE", message);
}
