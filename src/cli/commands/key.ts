import { Command } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import type { SettingName, Settings } from "../config/settings.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

/** For where servers look for what was withdrawn, and how long links hold. */
const LINK_SETTINGS = ["data", "cache", "redisUrl", "redisPrefix", "stateRedisUrl", "linkHours"] as const;

interface KeyFlags {
  readonly config?: string;
  readonly [flag: string]: unknown;
}

interface CreateFlags extends KeyFlags {
  readonly read: readonly string[];
  readonly scopes: string;
}

interface ListFlags extends KeyFlags {
  readonly json?: true;
}

interface RevokeFlags extends KeyFlags {
  readonly links?: true;
}

export function keyCommand(): Command {
  return new Command("key")
    .description("Look after the API keys in the file of rules (BANDLOOM_ACCESS), also while servers use it.")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

function createCommand(): Command {
  return described("create", "Make a key, print it once, and write its hash into the file of rules.")
    .argument("<NAME>", "what it is called in logs and lists: up to 64 letters, digits, _ . -")
    .requiredOption("--read <PATTERN...>", 'keys of the images that it may read, such as "plates/**"')
    .option("--scopes <LIST>", "read, original (files of images), admin (changes), commas between", "read")
    .addHelpText(
      "after",
      examples(
        'bandloom key create lab-a --read "plates/**" --access access.yaml',
        'bandloom key create keeper --read "**" --scopes read,original,admin > keeper.key',
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (name: string, { read, scopes, ...flags }: CreateFlags) => {
      const { printNewKey } = await import("../key/create.ts");
      await printNewKey(await settingsOf(flags), { name, read, scopes });
    });
}

function listCommand(): Command {
  return described("list", "The keys in the file of rules, and what each may.")
    .option("--json", "print the result as JSON")
    .addHelpText("after", examples("bandloom key list --access access.yaml"))
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async ({ json, ...flags }: ListFlags) => {
      const { printKeys } = await import("../key/list.ts");
      printKeys(await settingsOf(flags), json ?? false);
    });
}

function revokeCommand(): Command {
  return described(
    "revoke",
    "Take a key out of the file of rules; running servers notice within seconds.",
    LINK_SETTINGS,
  )
    .argument("<NAME>", "of the key, as `bandloom key list` shows it")
    .option("--links", "withdraw the links as well that were given to it")
    .addHelpText("after", examples("bandloom key revoke lab-a --links --data /srv/images --access access.yaml"))
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (name: string, { links, ...flags }: RevokeFlags) => {
      const { printRevocation } = await import("../key/revoke.ts");
      await printRevocation(await settingsOf(flags), name, links ?? false);
    });
}

function described(name: string, description: string, more: readonly SettingName[] = []): Command {
  return addSettingFlags(new Command(name).description(description), ["access", ...more]);
}

async function settingsOf({ config, ...flags }: KeyFlags): Promise<Settings> {
  const { readSettings } = await import("../config/read.ts");
  const file = config === undefined ? {} : { config };
  return readSettings({ flags, ...file, environment: process.env, folder: process.cwd() });
}
