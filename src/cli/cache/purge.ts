import { existsSync } from "node:fs";
import { BandloomError } from "../../core/errors.ts";
import { notShared, type PurgeTarget, recordPurge, type SoughtImage, seekImage } from "../../service/index.ts";
import { createState } from "../../state/index.ts";
import { cacheFolder } from "../config/cache-folder.ts";
import { serviceOptions } from "../config/services.ts";
import type { Settings } from "../config/settings.ts";
import { isSystemError } from "../failure.ts";
import { formatJson, printable } from "../output/format.ts";

/** As they stand on the command line. */
export interface PurgeChoice {
  readonly image: string | undefined;
  readonly formula: string | undefined;
  readonly all: true | undefined;
}

const HASH = /^[0-9a-f]{64}$/i;

/** Writes the purge where running servers look for it. */
export async function printPurge(settings: Settings, choice: PurgeChoice, json: boolean): Promise<void> {
  const target = targetOf(choice);
  const { redisUrl, redisPrefix, stateRedisUrl } = settings;
  if (redisUrl !== null && stateRedisUrl === null) throw notShared();
  const folder = cacheFolder(settings);
  if (stateRedisUrl === null && (folder === null || !existsSync(folder)))
    throw new BandloomError(
      "NOT_FOUND",
      `There is no folder ${folder ?? "of a cache"}. Name that of the server with --data or --cache.`,
    );
  const state = createState({ redisUrl: stateRedisUrl, redisPrefix, folder, log: warn });
  try {
    await recordPurge(state, target);
  } finally {
    await state.close();
  }
  if (target.kind === "image") await warnOfUnknown(settings, target.key);
  process.stdout.write(json ? formatJson({ purged: target }) : `Purged: ${describe(target)}.\n`);
}

/** An image that was removed may have left pictures, so that it is purged; a key that was mistyped must not look like one. */
async function warnOfUnknown(settings: Settings, key: string): Promise<void> {
  const sought = await soughtImage(settings, key);
  if (sought === null || sought.exists) return;
  const places = [settings.filesUrl ?? settings.data, settings.catalogue].filter((place) => place !== null);
  const similar = sought.similar.map((one) => JSON.stringify(printable(one))).join(" or ");
  const advice = similar === "" ? "" : ` Did you mean ${similar}?`;
  warn(
    `There is no image ${JSON.stringify(printable(key))} in ${places.join(" or ")} now; what was kept of one is purged.${advice}`,
  );
}

/** Null: it cannot be told, as where the images are on other machines alone. */
async function soughtImage(settings: Settings, key: string): Promise<SoughtImage | null> {
  try {
    return await seekImage(serviceOptions(settings), key);
  } catch (error) {
    if (error instanceof BandloomError || isSystemError(error)) return null;
    throw error;
  }
}

function warn(line: string): void {
  process.stderr.write(`bandloom: warn: ${line}\n`);
}

function targetOf({ image, formula, all }: PurgeChoice): PurgeTarget {
  if ([image, formula, all].filter((one) => one !== undefined).length !== 1)
    throw new BandloomError("BAD_REQUEST", "Say what to purge: one of --image, --formula and --all.");
  if (image !== undefined) return { kind: "image", key: image };
  if (formula === undefined) return { kind: "everything" };
  if (HASH.test(formula)) return { kind: "formula", hash: formula.toLowerCase() };
  throw new BandloomError(
    "BAD_REQUEST",
    "--formula is a hash of 64 hex digits. `bandloom formula check TEXT --image FILE` prints that of a text.",
  );
}

function describe(target: PurgeTarget): string {
  if (target.kind === "everything") return "all pictures";
  return target.kind === "image" ? `pictures of ${printable(target.key)}` : `pictures of the formula ${target.hash}`;
}
