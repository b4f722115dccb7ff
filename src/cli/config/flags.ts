import { type Command, Option } from "commander";
import { SETTING_NAMES, type SettingName, settingRow } from "./settings.ts";

const ORDER_HELP = `
Settings come from flags, over the environment, over .env in the working folder, over a YAML
file (--config, or bandloom.yaml in the working folder; its keys are the flags without dashes),
over the defaults. Names that are no setting are refused.`;

/** Adds the flags of some settings, and `--config`. */
export function addSettingFlags(command: Command, names: readonly SettingName[] = SETTING_NAMES): Command {
  for (const name of names) for (const option of optionsOf(name)) command.addOption(option);
  return command.option("--config <FILE>", "YAML file of settings").addHelpText("after", ORDER_HELP);
}

function optionsOf(name: SettingName): readonly Option[] {
  const { flag, env, kind, fallback, fallbackHelp, placeholder, help } = settingRow(name);
  const value = fallbackHelp ?? fallback ?? "none";
  if (kind === "switch") {
    return [
      new Option(`--${flag}`, `${help} (${env}; default: ${value})`),
      new Option(`--no-${flag}`, `do not ${help}`),
    ];
  }
  return [new Option(`--${flag} <${placeholder}>`, `${help} (${env}; default: ${value})`)];
}
