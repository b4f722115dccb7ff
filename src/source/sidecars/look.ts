import { BandloomError } from "../../core/errors.ts";
import { type Absent, type Identity, isSourceChanged, joinIdentities, textIdentity } from "../identity.ts";
import type { Folder, Store } from "../types.ts";
import { remoteNames, type SidecarKind, sidecarNames, type UnreadKind } from "./names.ts";

/** What lies beside an image, open; whoever looked closes it. */
export interface Found {
  readonly files: ReadonlyMap<SidecarKind, Store>;
  /** Kinds that may be there, and why they could not be opened. */
  readonly failed: ReadonlyMap<SidecarKind, unknown>;
  /** Of the files that are there, in a fixed order. */
  readonly identities: readonly Identity[];
  /** Of those that are not. */
  readonly absent: readonly Absent[];
}

/** What may be of use for an image: behind a network each is a request or two. */
export const USEFUL = ["mask", "overviews", "metadata", "world"] as const satisfies readonly SidecarKind[];
export type UsefulKind = (typeof USEFUL)[number];
/** Of use with another one alone, and looked for when that is there: behind a network each look is a request. */
const FOLLOWING: ReadonlyMap<SidecarKind, readonly SidecarKind[]> = new Map([
  ["mask", ["maskOverviews"]],
  ["world", ["projection"]],
]);
/**
 * Looked for only where they cost no request, beside what they would add to, for they are not read: no part of what the image is.
 */
const UNREAD: ReadonlyMap<SidecarKind, readonly UnreadKind[]> = new Map([
  ["metadata", ["classTable", "imagine"]],
  ["overviews", ["moreOverviews"]],
  ["world", ["mapInfo", "camera"]],
]);
const UNREAD_KINDS: ReadonlySet<SidecarKind> = new Set([...UNREAD.values()].flat());

export function isUnread(kind: SidecarKind): boolean {
  return UNREAD_KINDS.has(kind);
}

interface Look {
  readonly kind: SidecarKind;
  readonly store: Store | null;
  readonly error: unknown;
  /** Names under which it is not. */
  readonly missing: readonly string[];
}

/**
 * Opens what of these kinds lies beside a file of this name. Behind a network all is asked for at once, a small range each. Rejects with `sourceChanged` where
 * files come and go meanwhile; one that cannot be opened is `failed`.
 */
export async function lookBeside(folder: Folder, name: string, kinds: readonly UsefulKind[]): Promise<Found> {
  const first = folder.remote ? kinds : [...kinds, ...kinds.flatMap((kind) => UNREAD.get(kind) ?? [])];
  const looks = await Promise.all(first.map((kind) => look(folder, name, kind)));
  const next = looks.flatMap(({ kind, store }) => (store ? (FOLLOWING.get(kind) ?? []) : []));
  const all = [...looks, ...(await Promise.all(next.map((kind) => look(folder, name, kind))))];
  const there = all.flatMap(({ kind, store }) => (store ? [{ kind, store }] : []));
  try {
    const read = there.filter(({ kind }) => !isUnread(kind));
    return {
      files: new Map(there.map(({ kind, store }) => [kind, store])),
      failed: new Map(all.flatMap(({ kind, error }) => (error === null ? [] : [[kind, error] as const]))),
      identities: read.map(({ kind, store }) => joinIdentities([textIdentity(kind), store.identity])),
      absent: folder.absent ? [folder.absent(all.flatMap(({ missing }) => missing))] : [],
    };
  } catch (error) {
    for (const { store } of there) await store.close();
    throw error;
  }
}

async function look(folder: Folder, name: string, kind: SidecarKind): Promise<Look> {
  if (folder.remote) return await lookFar(folder, remoteNames(name, kind), kind);
  const missing: string[] = [];
  for (const path of sidecarNames(name, kind)) {
    if (folder.has && !folder.has(path)) {
      missing.push(path);
      continue;
    }
    try {
      const store = await folder.open(path);
      if (store) return { kind, store, error: null, missing };
      missing.push(path);
    } catch (error) {
      return { kind, store: null, error: checked(error), missing };
    }
  }
  return { kind, store: null, error: null, missing };
}

/** All names at once; the first that is there counts. */
async function lookFar(folder: Folder, paths: readonly string[], kind: SidecarKind): Promise<Look> {
  const tries = await Promise.all(
    paths.map(async (path) => {
      try {
        return { path, store: await folder.open(path), error: null };
      } catch (error) {
        return { path, store: null, error: isRefusal(error) ? null : checked(error) };
      }
    }),
  );
  const [found] = tries.filter(({ store }) => store !== null);
  return {
    kind,
    store: found?.store ?? null,
    error: found ? null : (tries.find(({ error }) => error !== null)?.error ?? null),
    missing: tries.filter(({ store }) => store === null).map(({ path }) => path),
  };
}

/** Servers refuse what is not there, or what nobody may read; and only some addresses may be read from here. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof BandloomError)) return false;
  if (error.code === "FORBIDDEN" || error.code === "NOT_FOUND") return true;
  const { status } = error.details ?? {};
  return typeof status === "number" && status >= 400 && status < 500;
}

/** Failures of the file or its server; what nobody waits for any more and what is a bug is thrown. */
function checked(error: unknown): unknown {
  if (error instanceof BandloomError && error.code !== "OVERLOADED" && !isSourceChanged(error)) return error;
  throw error;
}
