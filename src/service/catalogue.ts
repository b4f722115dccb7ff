import { type Dirent, realpathSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { type Location, localPath } from "../source/index.ts";
import type { CatalogueEntry, ImageFiles } from "./catalogue/types.ts";

/** Endings that a key leaves out, the longer first. */
const EXTENSIONS = [".ome.tiff", ".ome.tif", ".tiff", ".tif"] as const;
const MAX_KEY_LENGTH = 1024;
/** Folders within folders; a deeper tree is more likely a loop than a catalogue. */
const MAX_DEPTH = 16;
const MAX_ENTRIES = 1_000_000;
/** A list of images may be this old, milliseconds. */
const SCAN_INTERVAL_MS = 1000;

/** One image, whatever it is called; its key is its name. */
export function singleImage(key: string, location: Location): ImageFiles {
  const entry = plainEntry(key, location);
  return { find: (wanted) => (wanted === key ? entry : null), keys: async () => [key], close: () => {} };
}

function plainEntry(key: string, location: Location): CatalogueEntry {
  return { key, location, name: null, description: null, formula: null, presets: [], problem: null };
}

/** Image files of a data folder by key: the path without its extension (semantics.md 9). Nothing outside the folder is ever opened. */
export class Catalogue implements ImageFiles {
  readonly #root: string;
  #scan: { readonly at: number; readonly keys: Promise<readonly string[]> } | null = null;

  /** `root` must exist. */
  constructor(root: string) {
    this.#root = realpathSync(root);
  }

  find(key: string): CatalogueEntry | null {
    const path = this.#path(key);
    return path === null ? null : plainEntry(key, localPath(path, this.#root));
  }

  close(): void {}

  #path(key: string): string | null {
    if (!isKey(key)) return null;
    const stem = withoutExtension(key);
    const named = stem === null ? [] : this.#files(stem);
    // A key that keeps its extension is one whose stem several files share.
    if (named.length > 1) {
      const path = named.find((file) => file === join(this.#root, key));
      if (path) return path;
    }
    const files = this.#files(key);
    return files.length === 1 ? (files[0] ?? null) : null;
  }

  keys(): Promise<readonly string[]> {
    const now = performance.now();
    if (!this.#scan || now - this.#scan.at > SCAN_INTERVAL_MS) {
      const keys = this.#list();
      this.#scan = { at: now, keys };
      keys.catch(() => {
        this.#scan = null;
      });
    }
    return this.#scan.keys;
  }

  #files(stem: string): readonly string[] {
    // `x.ome` + `.tif` is the file of key `x`, and of no other.
    const names = EXTENSIONS.map((extension) => stem + extension).filter((name) => withoutExtension(name) === stem);
    return names.map((name) => join(this.#root, name)).filter((path) => this.#isOurs(path));
  }

  /** A regular file that lies in the data folder, also when symbolic links are followed. */
  #isOurs(path: string): boolean {
    try {
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
      const real = realpathSync(path);
      return real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
    } catch {
      return false;
    }
  }

  async #list(): Promise<readonly string[]> {
    const stems = new Map<string, string[]>();
    let entries = 0;
    const visit = async (folder: string, prefix: string, depth: number): Promise<void> => {
      const found: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of found) {
        if (entry.name.startsWith(".") || ++entries > MAX_ENTRIES) continue;
        const name = prefix + entry.name;
        if (entry.isDirectory()) {
          if (depth < MAX_DEPTH) await visit(join(folder, entry.name), `${name}/`, depth + 1);
          continue;
        }
        const stem = withoutExtension(name);
        if (stem === null || !isKey(stem) || !this.#isOurs(join(this.#root, name))) continue;
        const names = stems.get(stem);
        if (names) names.push(name);
        else stems.set(stem, [name]);
      }
    };
    await visit(this.#root, "", 0);
    const keys = [...stems].flatMap(([stem, names]) => (names.length === 1 ? [stem] : names));
    return keys.sort(byCodePoint);
  }
}

function withoutExtension(name: string): string | null {
  const extension = EXTENSIONS.find((one) => name.endsWith(one));
  if (!extension) return null;
  const stem = name.slice(0, -extension.length);
  return stem === "" || stem.endsWith("/") ? null : stem;
}

/** Plain names joined by slashes: no name begins with a dot, and nothing stands for another folder or another drive. */
function isKey(key: string): boolean {
  if (key.length > MAX_KEY_LENGTH || /[\p{Cc}\p{Cs}\\]/u.test(key)) return false;
  return key.split("/").every((part) => part !== "" && !part.startsWith("."));
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
