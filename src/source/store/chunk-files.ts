import { createHash, type Hash } from "node:crypto";
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Chunks that are files of their own, as they were when an image was opened. Plain data. */
export interface ChunkFiles {
  /** Folders that hold them, and folders of them. */
  readonly roots: readonly string[];
  /** Of the place, length and modification time of each: equal for copies that keep their times. */
  readonly digest: string;
  readonly count: number;
  /** Latest modification of a file or folder, whole milliseconds: what is younger was written later. */
  readonly newestMs: number;
  /** Where they are too many to look at each at once: folders whose time tells that a file came, went or took the place of another. */
  readonly folders: readonly FolderTime[];
}

interface FolderTime {
  readonly path: string;
  readonly mtimeMs: number;
}

/** What looks cost at most. */
interface LookBounds {
  /** Files and folders that one look asks for. Where there are more, a round of all of them takes several looks. */
  readonly look: number;
  /** Files beyond which nobody looks. */
  readonly most: number;
}

/** A look takes some milliseconds, a round no more than half a minute of looks. */
const BOUNDS: LookBounds = { look: 2048, most: 65_536 };
const MAX_FOLDER_TIMES = 1024;
/** Zarr knows eight axes here, and the folder `c` above them. */
const MAX_DEPTH = 9;
/** Names of chunks and of their folders: numbers, with dots between, `c` before. Temporary files and locks of writers are none. */
const CHUNK_NAME = /^(?:c|(?:c\.)?\d+(?:\.\d+)*)$/;
/** Ticks of file systems: a file may be written twice within one, and keep its time. */
const TICK_MS = 20;

/** The chunk files below folders; null: there are more than are looked at. Gives way between looks. */
export async function chunkFiles(roots: readonly string[], { look, most } = BOUNDS): Promise<ChunkFiles | null> {
  const round = new ChunkRound(roots);
  while (!round.step(look)) {
    if (round.count > most) return null;
    await nextTurn();
  }
  const { count, newestMs, digest } = round;
  if (count > most) return null;
  return { roots, digest, count, newestMs, folders: round.stats > look ? round.folders : [] };
}

/** Looks whether chunk files are as they were, again and again; each look is bounded. */
export class ChunkWatch {
  readonly #known: ChunkFiles;
  readonly #look: number;
  /** Null between rounds: a round lists its first folders when it begins, and must not begin before it is asked for. */
  #round: ChunkRound | null = null;

  constructor(known: ChunkFiles, { look } = BOUNDS) {
    this.#known = known;
    this.#look = look;
  }

  /** False: they have changed. True where this look, which may be a part of a round, has found no change. */
  isUnchanged(): boolean {
    if (!this.#known.folders.every(({ path, mtimeMs }) => folderTime(path) === mtimeMs)) return false;
    this.#round ??= new ChunkRound(this.#known.roots);
    if (!this.#round.step(this.#look)) return true;
    const { digest } = this.#round;
    this.#round = null;
    return digest === this.#known.digest;
  }
}

interface OpenFolder {
  readonly path: string;
  /** Names from its root. */
  readonly name: string;
  readonly depth: number;
  readonly entries: readonly Dirent[];
  at: number;
}

/** All chunk files below some folders, once each, in a fixed order. */
class ChunkRound {
  readonly #hash: Hash = createHash("sha256");
  readonly #open: OpenFolder[] = [];
  readonly folders: FolderTime[] = [];
  #digest: string | null = null;
  /** Files and folders that were asked for. */
  stats = 0;
  count = 0;
  newestMs = 0;

  constructor(roots: readonly string[]) {
    // The last one in is looked at first.
    for (const [index, path] of [...roots.entries()].toReversed()) this.#enter(path, `${index}`, 0);
  }

  get digest(): string {
    this.#digest ??= this.#hash.digest("hex").slice(0, 32);
    return this.#digest;
  }

  /** Goes on for about so many files; true: that was all. */
  step(stats: number): boolean {
    const end = this.stats + stats;
    while (this.stats < end) {
      const folder = this.#open.at(-1);
      if (!folder) return true;
      const entry = folder.entries[folder.at++];
      if (!entry) this.#open.pop();
      else if (entry.isDirectory())
        this.#enter(join(folder.path, entry.name), `${folder.name}/${entry.name}`, folder.depth + 1);
      else this.#add(folder, entry.name);
    }
    return this.#open.length === 0;
  }

  #enter(path: string, name: string, depth: number): void {
    this.stats++;
    if (depth > MAX_DEPTH) return;
    const mtimeMs = folderTime(path);
    if (mtimeMs === null) return;
    this.newestMs = Math.max(this.newestMs, mtimeMs);
    if (this.folders.length < MAX_FOLDER_TIMES) this.folders.push({ path, mtimeMs });
    this.#open.push({ path, name, depth, entries: chunkEntries(path), at: 0 });
  }

  #add({ path, name }: OpenFolder, file: string): void {
    this.stats++;
    const found = statSync(join(path, file), { throwIfNoEntry: false });
    if (!found?.isFile()) return;
    const mtimeMs = Math.floor(found.mtimeMs);
    const age = Date.now() - mtimeMs;
    // What may be written again within the tick is another file in the next look.
    const young = age >= 0 && age < TICK_MS ? "?" : "";
    this.count++;
    this.newestMs = Math.max(this.newestMs, mtimeMs);
    this.#hash.update(`${name}/${file}:${found.size}:${mtimeMs}${young}\n`);
  }
}

/** Sorted, so that the order of a round depends on nothing but the names. */
function chunkEntries(path: string): readonly Dirent[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => CHUNK_NAME.test(name));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function folderTime(path: string): number | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? Math.floor(found.mtimeMs) : null;
  } catch {
    return null;
  }
}
