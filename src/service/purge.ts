import { randomBytes } from "node:crypto";
import { BandloomError } from "../core/errors.ts";
import type { StateStore } from "../state/index.ts";
import { hash } from "./version.ts";

/** What is to be made anew: pictures that show an image, pictures of a formula (its hash in hex), or all of them. */
export type PurgeTarget =
  | { readonly kind: "image"; readonly key: string }
  | { readonly kind: "formula"; readonly hash: string }
  | { readonly kind: "everything" };

/** Images and formulas that a purge is remembered of; one more, and everything is purged in place of all of them. */
const MAX_REMEMBERED = 10_000;

/** What the store remembers of purges: the generation of everything, those of single images and formulas, and a mark of the last change. */
export interface Purges {
  readonly everything: string;
  /** By `purgeRow`. */
  readonly rows: ReadonlyMap<string, string>;
  readonly changed: string;
}

/**
 * Gives what is purged a new generation, so that it is asked for under other keys, URLs and ETags; nothing is deleted. Generations are
 * random: who purges need not know the last one. Rejects as the store does.
 */
export async function recordPurge(state: StateStore, target: PurgeTarget): Promise<void> {
  const everything =
    target.kind === "everything" || (await state.takeLoss()) || (await state.count("generations")) >= MAX_REMEMBERED;
  if (everything) await recordEverything(state);
  else await state.put("generations", purgeRow(target.kind, nameOf(target)), newGeneration());
  await state.put("purges", "changed", newGeneration());
}

/** Other servers of a cache could not learn of a purge. */
export function notShared(): BandloomError {
  return new BandloomError(
    "FORBIDDEN",
    "Nothing can be purged here: several servers learn of it from the Redis of what is saved. Set BANDLOOM_STATE_REDIS_URL on all of them.",
  );
}

/** The mark of the last change, for asking often whether to read the rest. */
export async function lastChange(state: StateStore): Promise<string> {
  return (await state.get("purges", "changed")) ?? "";
}

export async function readPurges(state: StateStore): Promise<Purges> {
  // Before the rest: what changes meanwhile is seen the next time.
  const changed = await lastChange(state);
  const everything = (await state.get("purges", "everything")) ?? "";
  return { changed, everything, rows: new Map(await state.all("generations")) };
}

/** Hashed: keys of images can be longer than what a store takes for a key. */
export function purgeRow(kind: Exclude<PurgeTarget["kind"], "everything">, name: string): string {
  return hash([kind, name]);
}

/** 64 bits: no generation ever comes back. */
export function newGeneration(): string {
  return randomBytes(8).toString("hex");
}

async function recordEverything(state: StateStore): Promise<void> {
  await state.put("purges", "everything", newGeneration());
  await state.clear("generations");
  // Once more: a row that somebody wrote in between went with the others.
  await state.put("purges", "everything", newGeneration());
}

function nameOf(target: Exclude<PurgeTarget, { readonly kind: "everything" }>): string {
  return target.kind === "image" ? target.key : target.hash;
}
