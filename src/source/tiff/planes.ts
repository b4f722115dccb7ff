import { unreadable } from "../unreadable.ts";
import type { Arrangement } from "./arrangement.ts";
import { type Directory, readDirectory } from "./directory.ts";
import type { TiffFile } from "./file.ts";
import { createIndexPages, type IndexPages } from "./index-array.ts";
import type { Maybe } from "./maybe.ts";
import { type Page, readPage } from "./page.ts";
import { SUBFILE, TAG } from "./tags.ts";

/** Levels of one pyramid; by powers of two 24 reach one pixel. */
const MAX_REDUCED = 64;

/** The directories of an image as pages, read when they are first needed and then kept. */
export class Planes {
  readonly arrangement: Arrangement;
  /** Pages of the first plane, finest first: what all others must equal in shape. */
  readonly levels: readonly Page[];
  /** Which of a plane's reduced directories is level 1, 2 … */
  readonly #places: readonly number[];
  readonly #file: TiffFile;
  readonly #indexPages: IndexPages;
  readonly #pages = new Map<string, Page>();

  private constructor(
    file: TiffFile,
    arrangement: Arrangement,
    levels: readonly Page[],
    places: readonly number[],
    indexPages: IndexPages,
  ) {
    this.#file = file;
    this.arrangement = arrangement;
    this.levels = levels;
    this.#places = places;
    this.#indexPages = indexPages;
  }

  static async open(file: TiffFile, arrangement: Arrangement): Promise<Planes> {
    const indexPages = createIndexPages();
    const first = arrangement.planes.find((one) => one !== null);
    if (!first) throw unreadable("it holds no image");
    const full = await readPage(file, first, indexPages);
    const candidates = await reducedDirectories(file, arrangement, first);
    const pages = await Promise.all(candidates.map((directory) => reducedPage(file, directory, full, indexPages)));
    const places = [...pages.keys()]
      .filter((place) => pages[place] !== null)
      .toSorted((a, b) => (pages[b]?.width ?? 0) - (pages[a]?.width ?? 0));
    const levels = [full];
    const kept = places.filter((place) => {
      const page = pages[place];
      const above = levels.at(-1);
      // Each level must be smaller than the one before: a copy of the same size is none.
      if (!page || !above || (page.width >= above.width && page.height >= above.height)) return false;
      levels.push(page);
      return true;
    });
    return new Planes(file, arrangement, levels, kept, indexPages);
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

  directory(column: number, z: number, t: number): Directory | null {
    const { depth, columns, planes } = this.arrangement;
    return planes[(t * depth + z) * columns + column] ?? null;
  }

  async #read(key: string, level: number, column: number, z: number, t: number): Promise<Page> {
    const directory = this.directory(column, z, t);
    if (!directory) throw unreadable("a plane that its metadata names is not in it");
    const page = await readPage(this.#file, await this.#level(directory, level), this.#indexPages);
    const model = this.levels[level];
    if (!model || !sameShape(page, model)) throw unreadable("its channels or planes differ in size, type or tiling");
    this.#pages.set(key, page);
    return page;
  }

  async #level(full: Directory, level: number): Promise<Directory> {
    if (level === 0) return full;
    const reduced = await reducedDirectories(this.#file, this.arrangement, full);
    const directory = reduced[this.#places[level - 1] ?? -1];
    if (!directory) throw unreadable("a channel or plane lacks a level that others have");
    return directory;
  }
}

async function reducedDirectories(
  file: TiffFile,
  { reduced }: Arrangement,
  full: Directory,
): Promise<readonly Directory[]> {
  const offsets = (await full.numbers(TAG.subIfds, MAX_REDUCED)) ?? [];
  const children = await Promise.all(offsets.map((offset) => readDirectory(file, offset)));
  return [...children, ...(reduced.get(full.offset) ?? []).slice(0, MAX_REDUCED)];
}

/** Null for a directory that is no smaller version of `full`: a mask, a thumbnail of another kind. */
async function reducedPage(
  file: TiffFile,
  directory: Directory,
  full: Page,
  indexPages: IndexPages,
): Promise<Page | null> {
  const kind = await directory.number(TAG.newSubfileType, 0);
  if ((kind & SUBFILE.mask) !== 0) return null;
  const [width, height] = [await directory.number(TAG.imageWidth, 0), await directory.number(TAG.imageLength, 0)];
  if (!(width <= full.width && height <= full.height) || !sameAspect(full, { width, height })) return null;
  const page = await readPage(file, directory, indexPages);
  return page.dataType === full.dataType && page.samples === full.samples && page.separate === full.separate
    ? page
    : null;
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Sides divided by the same number and rounded either way; a label or a macro picture beside the image has another aspect. */
function sameAspect(full: Sides, reduced: Sides): boolean {
  const scale = Math.max(full.width / reduced.width, full.height / reduced.height);
  const fits = (whole: number, part: number) => Math.abs(whole / scale - part) <= 1.5;
  return (
    reduced.width > 0 && reduced.height > 0 && fits(full.width, reduced.width) && fits(full.height, reduced.height)
  );
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
