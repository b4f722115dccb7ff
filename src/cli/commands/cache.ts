import { Command } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import type { SettingName, Settings } from "../config/settings.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

/** Those that say which cache a server uses. */
const CACHE_SETTINGS = ["data", "cache", "redisUrl", "redisCluster", "redisPrefix", "stateRedisUrl"] as const;

interface CacheFlags {
  readonly config?: string;
  readonly json?: true;
  readonly [flag: string]: unknown;
}

interface PurgeFlags extends CacheFlags {
  readonly image?: string;
  readonly formula?: string;
  readonly all?: true;
}

/** For what the tiles in a Redis are signed with. */
const KEY_SETTINGS = ["signingKeys"] as const;

/** For whether there is an image of a key. */
const IMAGE_SETTINGS = ["catalogue", "filesUrl"] as const;

export function cacheCommand(): Command {
  return new Command("cache")
    .description("Look after the cache of rendered tiles, also while servers use it.")
    .addCommand(statsCommand())
    .addCommand(purgeCommand())
    .addCommand(verifyCommand());
}

function statsCommand(): Command {
  return described("stats", "What is kept, how old it is, and what should be set otherwise.")
    .addHelpText(
      "after",
      examples("bandloom cache stats", "bandloom cache stats --redis-url redis://cache:6379 --json"),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async ({ json, ...flags }: CacheFlags) => {
      const { printStats } = await import("../cache/stats.ts");
      await printStats(await settingsOf(flags), json ?? false);
    });
}

function purgeCommand(): Command {
  return described(
    "purge",
    "Have pictures made anew; running servers notice within a second. Nothing is deleted.",
    IMAGE_SETTINGS,
  )
    .option("--image <KEY>", "pictures that show this image, also one that was removed")
    .option("--formula <HASH>", "pictures of this formula; `bandloom formula check` and `Rendering.hash` tell the hash")
    .option("--all", "all pictures")
    .addHelpText(
      "after",
      examples(
        "bandloom cache purge --image slides/one",
        "bandloom cache purge --all --state-redis-url redis://state:6379",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async ({ image, formula, all, json, ...flags }: PurgeFlags) => {
      const { printPurge } = await import("../cache/purge.ts");
      await printPurge(await settingsOf(flags), { image, formula, all }, json ?? false);
    });
}

function verifyCommand(): Command {
  return described(
    "verify",
    "Read every tile, compare it with its checksum or signature, and delete those that are damaged.",
    KEY_SETTINGS,
  )
    .addHelpText("after", examples("bandloom cache verify", "bandloom cache verify --redis-url redis://cache:6379"))
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async ({ json, ...flags }: CacheFlags) => {
      const { printVerification } = await import("../cache/verify.ts");
      process.exitCode = await printVerification(await settingsOf(flags), json ?? false);
    });
}

function described(name: string, description: string, more: readonly SettingName[] = []): Command {
  const command = new Command(name).description(description).option("--json", "print the result as JSON");
  return addSettingFlags(command, [...CACHE_SETTINGS, ...more]);
}

async function settingsOf({ config, ...flags }: Pick<CacheFlags, "config">): Promise<Settings> {
  const { readSettings } = await import("../config/read.ts");
  const file = config === undefined ? {} : { config };
  return readSettings({ flags, ...file, environment: process.env, folder: process.cwd() });
}
