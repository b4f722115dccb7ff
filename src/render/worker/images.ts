import { LRUCache } from "lru-cache";
import type { ImageInfo, ImageSource } from "../../source/types.ts";
import { type FileStamp, fileRevision, fileStamp, sameStamp, sourceChanged } from "../revision.ts";
import type { SourceRef } from "../types.ts";

/** Images that a worker keeps open: each holds a file descriptor and its directories. */
const MAX_OPEN = 64;

/** A file is compared with its revision before a read at most this often, milliseconds (semantics.md 13). */
const CHECK_INTERVAL_MS = 1000;

/** An image file, opened for one revision of its bytes. */
export class OpenImage {
  /** Names the image in the keys of the chunk cache; never used again. */
  readonly id: string;
  readonly source: ImageSource;
  readonly #path: string;
  readonly #stamp: FileStamp;
  #checked: number;
  #unchecked = false;
  #users = 0;
  #retired = false;

  constructor(id: string, path: string, source: ImageSource, stamp: FileStamp) {
    this.id = id;
    this.source = source;
    this.#path = path;
    this.#stamp = stamp;
    this.#checked = performance.now();
  }

  get info(): ImageInfo {
    return this.source.info;
  }

  /** Bytes were read that `assertUnchanged` has yet to vouch for. */
  noteRead(): void {
    this.#unchecked = true;
  }

  /** Before the first read: throws `sourceChanged` when the file is not the one that was opened; looks at most once a second. */
  assertCurrent(): void {
    if (performance.now() - this.#checked >= CHECK_INTERVAL_MS) this.#compare();
  }

  /** After the last read: what was read since the last look belongs to the revision, or `sourceChanged` is thrown. */
  assertUnchanged(): void {
    if (this.#unchecked) this.#compare();
    this.#unchecked = false;
  }

  enter(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    this.#closeIfUnused();
  }

  /** Close it as soon as no job reads it. */
  retire(): void {
    this.#retired = true;
    this.#closeIfUnused();
  }

  #compare(): void {
    if (!sameStamp(fileStamp(this.#path), this.#stamp)) throw sourceChanged();
    this.#checked = performance.now();
  }

  #closeIfUnused(): void {
    if (this.#retired && this.#users === 0) void this.source.close();
  }
}

/** Opens an image file; the kind of file is told from its bytes. */
export type OpenSource = (path: string) => ImageSource | Promise<ImageSource>;

/** Open images by path and revision, the least recently used closed first. */
export class ImageCache {
  readonly #openSource: OpenSource;
  readonly #images: LRUCache<string, OpenImage>;
  readonly #opening = new Map<string, Promise<OpenImage>>();
  #lastId = 0;

  /** `forget` is told the id of an image that is closed: its chunks are of no more use. */
  constructor(openSource: OpenSource, forget: (id: string) => void) {
    this.#openSource = openSource;
    this.#images = new LRUCache({
      max: MAX_OPEN,
      dispose: (image) => {
        image.retire();
        forget(image.id);
      },
    });
  }

  /** Runs `work` on the open image; what it returns was read from bytes of this revision, else `sourceChanged` is thrown. */
  async use<T>(ref: SourceRef, work: (image: OpenImage) => Promise<T>): Promise<T> {
    const key = `${ref.path}\0${ref.revision}`;
    const image = this.#images.get(key) ?? (await this.#open(key, ref));
    image.enter();
    try {
      image.assertCurrent();
      const result = await work(image);
      image.assertUnchanged();
      return result;
    } catch (error) {
      // A read that failed may have failed because the file was replaced: that is the better answer, and it can be mended.
      if (this.#images.peek(key) === image && !stillCurrent(image)) {
        this.#images.delete(key);
        throw sourceChanged();
      }
      throw error;
    } finally {
      image.leave();
    }
  }

  #open(key: string, ref: SourceRef): Promise<OpenImage> {
    const pending = this.#opening.get(key) ?? this.#openNow(key, ref).finally(() => this.#opening.delete(key));
    this.#opening.set(key, pending);
    return pending;
  }

  async #openNow(key: string, { path, revision }: SourceRef): Promise<OpenImage> {
    const stamp = fileStamp(path);
    if (fileRevision(path) !== revision) throw sourceChanged();
    const source = await this.#openSource(path);
    const image = new OpenImage(`i${++this.#lastId}`, path, source, stamp);
    image.noteRead();
    try {
      image.assertUnchanged();
    } catch (error) {
      image.retire();
      throw error;
    }
    this.#images.set(key, image);
    return image;
  }
}

function stillCurrent(image: OpenImage): boolean {
  image.noteRead();
  try {
    image.assertUnchanged();
    return true;
  } catch {
    return false;
  }
}
