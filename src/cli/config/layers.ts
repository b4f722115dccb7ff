import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { type Document, parseDocument } from "yaml";
import { BandloomError } from "../../core/errors.ts";
import { isSystemError } from "../failure.ts";
import { closest } from "./closest.ts";
import { SETTING_NAMES, type SettingName, settingRow } from "./settings.ts";

/** A setting as somebody wrote it. */
export interface Given {
  readonly text: string;
  /** For messages: `--port`, `BANDLOOM_PORT in .env`. */
  readonly place: string;
  /** Folder from which a relative path starts. */
  readonly folder: string;
}

/** What one place says of the settings. */
export type Layer = ReadonlyMap<SettingName, Given>;

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "BANDLOOM_";
/** Read by this project's tests, which start the program; so is what begins with the prefix. */
const OF_THE_TESTS = ["BANDLOOM_SHARED_DATA", "BANDLOOM_UPDATE_GOLDEN"];
const TESTS_PREFIX = `${PREFIX}TEST_`;
const DOTENV = ".env";
const DEFAULT_YAML = "bandloom.yaml";
/** Dozens of lines are expected. */
const MAX_FILE_BYTES = 64 * 1024;

/** Values of the command line by name of the setting; others are none of ours. */
export function flagLayer(flags: Readonly<Record<string, unknown>>, folder: string): Layer {
  return layer((name) => {
    const value = flags[name];
    return value === undefined ? null : { text: String(value), place: `--${settingRow(name).flag}`, folder };
  });
}

/** Variables of the process. An empty one counts as absent: compose files pass such on. BAD_REQUEST for an unknown `BANDLOOM_*`. */
export function environmentLayer(environment: Environment, folder: string, from = "the environment"): Layer {
  refuseUnknownVariables(environment, from);
  return layer((name) => {
    const { env } = settingRow(name);
    const text = environment[env];
    return text ? { text, place: `${env} in ${from}`, folder } : null;
  });
}

/** `.env` of the working folder. The process's own environment is left alone. */
export function dotenvLayer(folder: string): Layer {
  const text = readText(join(folder, DOTENV), false);
  return text === null ? new Map() : environmentLayer(parseEnv(text), folder, DOTENV);
}

/** `path`, or `bandloom.yaml` of the working folder where there is one. Relative paths in it start from the file's own folder. */
export function yamlLayer(folder: string, path: string | undefined): Layer {
  const file = resolve(folder, path ?? DEFAULT_YAML);
  const place = path ?? DEFAULT_YAML;
  const text = readText(file, path !== undefined);
  if (text === null) return new Map();
  const keys = yamlKeys(text, place);
  refuseUnknownKeys([...keys.keys()], place);
  return layer((name) => {
    const { flag, kind } = settingRow(name);
    const value = keys.get(flag);
    if (value === undefined || value === null) return null;
    if (kind === "list" && Array.isArray(value))
      return { text: value.join(","), place: `${flag} in ${place}`, folder: dirname(file) };
    if (typeof value === "object")
      throw new BandloomError("BAD_REQUEST", `${flag} in ${place} is a list or a map. Write one value.`);
    return { text: String(value), place: `${flag} in ${place}`, folder: dirname(file) };
  });
}

function layer(given: (name: SettingName) => Given | null): Layer {
  const entries = SETTING_NAMES.flatMap((name): [SettingName, Given][] => {
    const value = given(name);
    return value ? [[name, value]] : [];
  });
  return new Map(entries);
}

function yamlKeys(text: string, place: string): ReadonlyMap<string, unknown> {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const line = text.slice(0, error.pos[0]).split("\n").length;
    throw new BandloomError("BAD_REQUEST", `${place} is no YAML, line ${line}: ${error.message}`);
  }
  const content = plainContent(document, place);
  if (content === null || content === undefined) return new Map();
  if (typeof content !== "object" || Array.isArray(content))
    throw new BandloomError("BAD_REQUEST", `${place} holds no settings. Write one a line, as \`port: 8080\`.`);
  return new Map(Object.entries(content));
}

/** Without aliases: a short file could stand for gigabytes. */
function plainContent(document: Document, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new BandloomError("BAD_REQUEST", `${place} uses an alias (*name). Write the value itself.`, { cause: error });
  }
}

function refuseUnknownKeys(keys: readonly string[], place: string): void {
  const known = SETTING_NAMES.map((name) => settingRow(name).flag);
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  // Other programs write cache_bytes or cacheBytes.
  const kebab = unknown.replaceAll(/_|(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  throw unknownSetting(unknown, place, closest(kebab, known), known);
}

function refuseUnknownVariables(environment: Environment, from: string): void {
  const known = SETTING_NAMES.map((name) => settingRow(name).env);
  const unknown = Object.keys(environment).find(
    (name) => name.startsWith(PREFIX) && !known.includes(name) && !isOfTheTests(name),
  );
  if (unknown === undefined) return;
  const stems = known.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  const similar = closest(unknown.slice(PREFIX.length), stems).map((stem) => PREFIX + stem);
  throw unknownSetting(unknown, from, similar, known);
}

function isOfTheTests(name: string): boolean {
  return OF_THE_TESTS.includes(name) || name.startsWith(TESTS_PREFIX);
}

function unknownSetting(name: string, place: string, similar: readonly string[], known: readonly string[]) {
  const advice =
    similar.length > 0 ? `Did you mean ${similar.join(" or ")}?` : `Remove it, or use one of ${known.join(", ")}.`;
  return new BandloomError("BAD_REQUEST", `${name} in ${place} is no setting. ${advice}`);
}

/** Null where there is no such file, unless it must be there. */
function readText(path: string, required: boolean): string | null {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_FILE_BYTES)
      throw new BandloomError(
        "BAD_REQUEST",
        `${path} is larger than ${MAX_FILE_BYTES} bytes: it is no file of settings.`,
      );
    return bytes.toString("utf8");
  } catch (error) {
    if (!required && isSystemError(error) && error.code === "ENOENT") return null;
    if (!isSystemError(error)) throw error;
    const reason = error.code === "ENOENT" ? "does not exist" : `cannot be read (${error.code})`;
    throw new BandloomError("BAD_REQUEST", `The file of settings ${path} ${reason}.`, { cause: error });
  }
}
