import { resolve } from "node:path";
import type { z } from "zod";
import { BandloomError } from "../../core/errors.ts";
import { KINDS } from "./kinds.ts";
import {
  dotenvLayer,
  type Environment,
  environmentLayer,
  flagLayer,
  type Given,
  type Layer,
  yamlLayer,
} from "./layers.ts";
import { type KindValues, SETTING_NAMES, type SettingName, type Settings, settingRow } from "./settings.ts";

export interface SettingSources {
  /** Options of the command line by name of the setting. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** A YAML file that was named; else `bandloom.yaml` is read where there is one. */
  readonly config?: string;
  readonly environment: Environment;
  /** Working folder. */
  readonly folder: string;
}

/**
 * Settings from flags over environment over `.env` over YAML over defaults. BAD_REQUEST for a name that there is not and for a value
 * that cannot be, naming the place and what to write.
 */
export function readSettings({ flags, config, environment, folder }: SettingSources): Settings {
  const layers: readonly Layer[] = [
    flagLayer(flags, folder),
    environmentLayer(environment, folder),
    dotenvLayer(folder),
    yamlLayer(folder, config),
  ];
  const entries = SETTING_NAMES.map((name) => [name, settingValue(name, layers, folder)]);
  return Object.fromEntries(entries) as Settings;
}

function settingValue(name: SettingName, layers: readonly Layer[], folder: string): Settings[SettingName] {
  const { kind, fallback } = settingRow(name);
  const given = layers.find((layer) => layer.has(name))?.get(name);
  if (!given && fallback === null) return null;
  const { text, place, folder: base }: Given = given ?? { text: fallback ?? "", place: "the default", folder };
  const { schema, expects, example, secret } = KINDS[kind];
  const result: z.ZodSafeParseResult<KindValues[keyof KindValues]> = schema.safeParse(text.trim());
  if (!result.success || text.trim() === "") {
    const value = secret ? "" : ` ${JSON.stringify(text.slice(0, 80))}`;
    throw new BandloomError(
      "BAD_REQUEST",
      `${place}: the value${value} cannot be used. Write ${expects}, such as ${example}.`,
    );
  }
  // KINDS gives each kind its own type of value, which the table of settings repeats.
  const value = kind === "folder" || kind === "file" ? resolve(base, String(result.data)) : result.data;
  return value as Settings[SettingName];
}
