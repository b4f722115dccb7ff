import { unreadable } from "../unreadable.ts";
import { type Arrangement, isPart } from "./arrangement.ts";
import { type Directory, readDirectory } from "./directory.ts";
import type { Maybe } from "./maybe.ts";
import { followingPage, type Page, readPage } from "./page.ts";
import type { Parts } from "./parts.ts";
import { isReduction } from "./shape.ts";
import { SUBFILE, TAG } from "./tags.ts";

/** Levels of one pyramid; by powers of two 24 reach one pixel. */
const MAX_REDUCED = 64;

/** What the planes are: pictures, or masks of pictures. Directories of the other kind are passed over. */
export type PlaneKind = "image" | "mask";

/** The directories of an image as pages, read when they are first needed and then kept. */
export class Planes {
  readonly arrangement: Arrangement;
  /** Pages of the first plane, finest first: what all others must equal in shape. */
  readonly levels: readonly Page[];
  /** Reduced directories that are no level: of other samples than the image, or no smaller than the level before. */
  readonly unused: number;
  /** Which of a plane's reduced directories is level 1, 2 … */
  readonly #places: readonly number[];
  readonly #parts: Parts | null;
  readonly #kind: PlaneKind;
  readonly #pages = new Map<string, Page>();

  private constructor(
    arrangement: Arrangement,
    levels: readonly Page[],
    unused: number,
    places: readonly number[],
    parts: Parts | null,
    kind: PlaneKind,
  ) {
    this.arrangement = arrangement;
    this.levels = levels;
    this.unused = unused;
    this.#places = places;
    this.#parts = parts;
    this.#kind = kind;
  }

  static async open(arrangement: Arrangement, parts: Parts | null, kind: PlaneKind): Promise<Planes> {
    const there = arrangement.planes.filter((one) => one !== null);
    const place = there.find((one) => !isPart(one)) ?? there[0];
    if (!place) throw unreadable("all its planes are in other files, and none of them can be read");
    const first = isPart(place) ? await partDirectory(parts, place) : place.directory;
    const full = await readPage(first);
    const candidates = await reducedDirectories(arrangement, first);
    const found = await Promise.all(candidates.map((directory) => reducedPage(directory, full, kind)));
    const pages = found.map((one) => (one === "unlike" ? null : one));
    const places = [...pages.keys()]
      .filter((at) => pages[at] !== null)
      .toSorted((a, b) => (pages[b]?.width ?? 0) - (pages[a]?.width ?? 0));
    const levels = [full];
    const kept = places.filter((at) => {
      const page = pages[at];
      const above = levels.at(-1);
      // Each level must be smaller than the one before: a copy of the same size is none.
      if (!page || !above || (page.width >= above.width && page.height >= above.height)) return false;
      levels.push(page);
      return true;
    });
    const unused = found.filter((one) => one !== null).length - kept.length;
    return new Planes(arrangement, levels, unused, kept, parts, kind);
  }

  /** SOURCE_UNREADABLE where the file lacks the plane, or shapes it unlike the others. */
  page(level: number, column: number, z: number, t: number): Maybe<Page> {
    const key = `${level}/${column}/${z}/${t}`;
    return this.#pages.get(key) ?? this.#read(key, level, column, z, t);
  }

  /** A page that `page` has given before. */
  known(level: number, column: number, z: number, t: number): Page {
    const page = this.#pages.get(`${level}/${column}/${z}/${t}`);
    if (!page) throw new Error("A chunk is decoded after it is fetched.");
    return page;
  }

  /** The first directory of this file that holds a column; null: other files hold it. */
  ownDirectory(column: number): Directory | null {
    const { columns, planes } = this.arrangement;
    for (let at = column; at < planes.length; at += columns) {
      const place = planes[at];
      if (place && !isPart(place)) return place.directory;
    }
    return null;
  }

  async #read(key: string, level: number, column: number, z: number, t: number): Promise<Page> {
    const { depth, columns, planes } = this.arrangement;
    const place = planes[(t * depth + z) * columns + column];
    if (!place) throw unreadable("a plane that its metadata names is not in it");
    const full = isPart(place) ? await partDirectory(this.#parts, place) : place.directory;
    const own = await readPage(await this.#level(full, level));
    const model = this.levels[level];
    if (!model || !sameShape(own, model)) throw unreadable("its channels or planes differ in size, type or tiling");
    const page = isPart(place) || place.nth === 0 ? own : await followingPage(own, place.nth);
    this.#pages.set(key, page);
    return page;
  }

  async #level(full: Directory, level: number): Promise<Directory> {
    if (level === 0) return full;
    const directory = (await reducedDirectories(this.arrangement, full))[this.#places[level - 1] ?? -1];
    if (!directory || !isOfKind(await directory.number(TAG.newSubfileType, 0), this.#kind))
      throw unreadable("a channel or plane lacks a level that others have");
    return directory;
  }
}

async function partDirectory(parts: Parts | null, place: Parameters<Parts["directory"]>[0]): Promise<Directory> {
  if (!parts) throw unreadable("its planes are in other files, which cannot be reached from here");
  return await parts.directory(place);
}

async function reducedDirectories({ reduced }: Arrangement, full: Directory): Promise<readonly Directory[]> {
  const children = await childDirectories(full);
  return [...children, ...(reduced.get(full) ?? []).slice(0, MAX_REDUCED)];
}

/** SubIFDs. */
export async function childDirectories(full: Directory): Promise<readonly Directory[]> {
  const offsets = (await full.numbers(TAG.subIfds, MAX_REDUCED)) ?? [];
  return await Promise.all(offsets.map((offset) => readDirectory(full.file, offset)));
}

function isOfKind(subfileType: number, kind: PlaneKind): boolean {
  return ((subfileType & SUBFILE.mask) !== 0) === (kind === "mask");
}

/** Null for a directory that is no smaller version of `full`, as a mask of a picture is; `unlike` for one whose samples are others. */
async function reducedPage(directory: Directory, full: Page, kind: PlaneKind): Promise<Page | "unlike" | null> {
  if (!isOfKind(await directory.number(TAG.newSubfileType, 0), kind)) return null;
  const [width, height] = [await directory.number(TAG.imageWidth, 0), await directory.number(TAG.imageLength, 0)];
  if (!isReduction(full, { width, height })) return null;
  const page = await readPage(directory);
  return page.dataType === full.dataType && page.samples === full.samples && page.separate === full.separate
    ? page
    : "unlike";
}

function sameShape(a: Page, b: Page): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.dataType === b.dataType &&
    a.samples === b.samples &&
    a.separate === b.separate &&
    a.chunks.width === b.chunks.width &&
    a.chunks.height === b.chunks.height
  );
}
