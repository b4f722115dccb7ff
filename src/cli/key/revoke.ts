import { existsSync } from "node:fs";
import { grantOf, revoke } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import { createState } from "../../state/index.ts";
import { cacheFolder } from "../config/cache-folder.ts";
import { closest } from "../config/closest.ts";
import type { Settings } from "../config/settings.ts";
import { printable } from "../output/format.ts";
import { readRules, removeKey, rulesPath } from "./file.ts";

const HOUR = 3_600;
/** Where rules are given links always end. */
const DEFAULT_LINK_HOURS = 1;
/** Links may have been given while they held longer than they do now: what was withdrawn is remembered for thirty days at least. */
const LEAST_REMEMBERED = 30 * 24 * HOUR;

/** Removes the key; before it, where that is wanted, withdraws its links, whose name in them is told by what is removed. */
export async function printRevocation(settings: Settings, name: string, links: boolean): Promise<void> {
  const path = rulesPath(settings);
  const { keys } = readRules(path);
  const key = keys.find((one) => one.name === name);
  if (!key)
    throw unknownKey(
      name,
      path,
      keys.map((one) => one.name),
    );
  if (links) await withdrawLinks(settings, grantOf(key.name, key.hash));
  removeKey(path, name);
  const hours = (settings.linkHours ?? DEFAULT_LINK_HOURS) + 1;
  const rest = links
    ? "The links that were given to it end within a second, and within a minute where caches hold their pictures."
    : `Links that were given to it hold until they end, ${hours} hours at most; with --links they would have ended now.`;
  process.stdout.write(`Revoked: ${name}. Running servers refuse it within seconds. ${rest}\n`);
}

async function withdrawLinks(settings: Settings, grant: string): Promise<void> {
  const { redisUrl, redisPrefix, stateRedisUrl, linkHours } = settings;
  if (redisUrl !== null && stateRedisUrl === null)
    throw new BandloomError(
      "FORBIDDEN",
      "Links cannot be withdrawn here: several servers learn of it from the Redis of what is saved. Set BANDLOOM_STATE_REDIS_URL on all of them. The key was not removed.",
    );
  const folder = cacheFolder(settings);
  if (stateRedisUrl === null && (folder === null || !existsSync(folder)))
    throw new BandloomError(
      "NOT_FOUND",
      `There is no folder ${folder ?? "of a cache"}. Name that of the server with --data or --cache. The key was not removed.`,
    );
  const state = createState({ redisUrl: stateRedisUrl, redisPrefix, folder, log: warn });
  const life = Math.max(((linkHours ?? DEFAULT_LINK_HOURS) + 2) * HOUR, LEAST_REMEMBERED);
  try {
    await revoke(state, grant, Math.ceil(Date.now() / 1000) + life);
  } finally {
    await state.close();
  }
}

function unknownKey(name: string, path: string, known: readonly string[]): BandloomError {
  const similar = closest(name, known).map((one) => JSON.stringify(one));
  const advice = similar.length > 0 ? ` Did you mean ${similar.join(" or ")}?` : " `bandloom key list` shows them.";
  return new BandloomError("NOT_FOUND", `There is no key ${JSON.stringify(printable(name))} in ${path}.${advice}`);
}

function warn(line: string): void {
  process.stderr.write(`bandloom: warn: ${line}\n`);
}
