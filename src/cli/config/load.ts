import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { closest } from "../closest.ts";
import { UsageError } from "../usage-error.ts";
import { type Config, SETTINGS, type SettingKey } from "./settings.ts";

/** Where settings come from, before any is read. */
export interface ConfigSources {
  /** By key of SETTINGS, as the command line gave them. */
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `.env` in the working folder, where it exists. */
  readonly envFile: string;
  /** Named by --config: it must exist; else `bandloom.yaml` in the working folder, where it exists. */
  readonly yamlFile: { readonly path: string; readonly required: boolean };
}

const KEYS = Object.keys(SETTINGS) as readonly SettingKey[];
/** Others of this project that the server does not read: tests and scripts do. */
const FOREIGN = ["BANDLOOM_SHARED_DATA", "BANDLOOM_UPDATE_GOLDEN"];

/** The settings in force. Throws UsageError that names the setting, where it was set, and what it should be. */
export function loadConfig({ flags, environment, envFile, yamlFile }: ConfigSources): Config {
  const fromEnvFile = readEnvFile(envFile);
  refuseUnknown(environment, "The environment");
  refuseUnknown(fromEnvFile, envFile);
  const fromYaml = readYaml(yamlFile);
  const layers: readonly {
    readonly name: (key: SettingKey) => string;
    readonly value: (key: SettingKey) => string | undefined;
  }[] = [
    { name: (key) => `--${SETTINGS[key].name}`, value: (key) => flags[key] },
    { name: (key) => SETTINGS[key].environment, value: (key) => given(environment[SETTINGS[key].environment]) },
    {
      name: (key) => `${SETTINGS[key].environment} in ${envFile}`,
      value: (key) => given(fromEnvFile[SETTINGS[key].environment]),
    },
    { name: (key) => `${SETTINGS[key].name} in ${yamlFile.path}`, value: (key) => fromYaml.get(SETTINGS[key].name) },
  ];
  const entries = KEYS.map((key) => {
    for (const { name, value } of layers) {
      const text = value(key);
      if (text !== undefined) return [key, parseSetting(key, text, name(key))] as const;
    }
    return [key, SETTINGS[key].default] as const;
  });
  return Object.fromEntries(entries) as unknown as Config;
}

/** An empty variable is one that a script left unset. */
function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function parseSetting(key: SettingKey, text: string, where: string): unknown {
  const result = SETTINGS[key].schema.safeParse(text);
  if (result.success) return result.data;
  throw new UsageError(`${where} should be ${result.error.issues[0]?.message ?? "something else"}, not "${text}".`);
}

function refuseUnknown(variables: Readonly<Record<string, string | undefined>>, where: string): void {
  const known = KEYS.map((key) => SETTINGS[key].environment);
  for (const name of Object.keys(variables)) {
    if (!name.startsWith("BANDLOOM_") || known.includes(name) || FOREIGN.includes(name)) continue;
    throw new UsageError(`${where} sets ${name}, which is no setting.${closest(name, known)}`);
  }
}

function readEnvFile(path: string): Readonly<Record<string, string | undefined>> {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}

function readYaml({ path, required }: ConfigSources["yamlFile"]): ReadonlyMap<string, string> {
  if (!existsSync(path)) {
    if (required) throw new UsageError(`There is no file ${path}.`);
    return new Map();
  }
  const content = parseYamlFile(path);
  if (content === null) return new Map();
  if (typeof content !== "object" || Array.isArray(content))
    throw new UsageError(`${path} should hold settings, one "name: value" a line.`);
  const known = KEYS.map((key) => SETTINGS[key].name);
  return new Map(
    Object.entries(content).map(([name, value]): [string, string] => {
      if (!known.includes(name))
        throw new UsageError(`${path} sets ${name}, which is no setting.${closest(name, known)}`);
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
        throw new UsageError(`${name} in ${path} should be one value.`);
      return [name, String(value)];
    }),
  );
}

function parseYamlFile(path: string): unknown {
  try {
    return parseYaml(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof YAMLParseError) throw new UsageError(`${path} is no YAML: ${error.message.split("\n")[0]}`);
    throw error;
  }
}
