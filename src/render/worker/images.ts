import { LRUCache } from "lru-cache";
import { filesUnchanged, isSourceChanged, sourceChanged } from "../../source/identity.ts";
import { type Location, locationKey } from "../../source/location.ts";
import type { ImageInfo, ImageSource } from "../../source/types.ts";
import type { Described, NewSource, SourceRef } from "../types.ts";
import type { JobContext } from "./job-context.ts";

/** Images that a worker keeps open: each holds a file descriptor and its directories. */
const MAX_OPEN = 64;

/** Files are compared with their stamps before a read at most this often, milliseconds. */
const CHECK_INTERVAL_MS = 1000;

/** An image, opened for one revision of its bytes. What lies behind a network vouches for itself: each answer names its version. */
export class OpenImage {
  /** Names the image in the keys of the chunk cache; never used again. */
  readonly id: string;
  readonly source: ImageSource;
  #checked: number;
  #unchecked = false;
  #users = 0;
  #retired = false;

  constructor(id: string, source: ImageSource) {
    this.id = id;
    this.source = source;
    this.#checked = performance.now();
  }

  get info(): ImageInfo {
    return this.source.info;
  }

  /** Bytes were read that `assertUnchanged` has yet to vouch for. */
  noteRead(): void {
    this.#unchecked = true;
  }

  /** Before the first read: throws `sourceChanged` when the files are not those that were opened; looks at most once a second. */
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
    if (!filesUnchanged(this.source.identity)) throw sourceChanged();
    this.#checked = performance.now();
  }

  #closeIfUnused(): void {
    if (this.#retired && this.#users === 0) void this.source.close();
  }
}

type Identified = Omit<SourceRef, "key" | "remote">;

/** Opens an image; its kind is told from its bytes. */
export type OpenSource = (location: Location) => ImageSource | Promise<ImageSource>;

/** Open images by location and revision, the least recently used closed first. */
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
    const key = imageKey(ref);
    const image = this.#images.get(key) ?? (await this.#open(key, ref));
    image.enter();
    try {
      image.assertCurrent();
      const result = await work(image);
      image.assertUnchanged();
      return result;
    } catch (error) {
      // A read that failed may have failed because the file was replaced: that is the better answer, and it can be mended.
      const changed = isSourceChanged(error) || !filesUnchanged(image.source.identity);
      if (!changed) throw error;
      if (this.#images.peek(key) === image) this.#images.delete(key);
      throw sourceChanged();
    } finally {
      image.leave();
    }
  }

  /** The same with all images of a job: the one that is shown, and those that are laid over it, which the job then holds. */
  withAll<T>(
    job: JobContext,
    { source, others = [] }: { readonly source: SourceRef; readonly others?: readonly SourceRef[] },
    work: (image: OpenImage) => Promise<T>,
  ): Promise<T> {
    const [next, ...rest] = others;
    if (next === undefined) return this.use(source, work);
    return this.use(next, (other) => {
      job.others.set(next.key, other);
      return this.withAll(job, { source, others: rest }, work);
    });
  }

  /** What is there now, whatever its revision. The image stays open: whoever asked will render it next. */
  async describe({ location, generation = "", stretch = "" }: NewSource): Promise<Described> {
    const source = await this.#openWhole(location);
    const { revision, unseen } = source.identity;
    const image = this.#register(source, { location, revision, generation: generation + (unseen ? stretch : "") });
    return { info: image.info, identity: image.source.identity };
  }

  #open(key: string, ref: SourceRef): Promise<OpenImage> {
    const pending = this.#opening.get(key) ?? this.#openNow(ref).finally(() => this.#opening.delete(key));
    this.#opening.set(key, pending);
    return pending;
  }

  async #openNow({ location, revision, ...ref }: SourceRef): Promise<OpenImage> {
    const source = await this.#openWhole(location);
    if (source.identity.revision === revision) return this.#register(source, { ...ref, location, revision });
    await source.close();
    throw sourceChanged();
  }

  #register(source: ImageSource, ref: Identified): OpenImage {
    const key = imageKey(ref);
    const present = this.#images.get(key);
    // Chunks that were looked at just now are those to be read.
    if (present && !source.identity.chunks) {
      void source.close();
      return present;
    }
    const image = new OpenImage(`i${++this.#lastId}`, source);
    this.#images.set(key, image);
    return image;
  }

  /** Description and identity are of the same bytes, or `sourceChanged` is thrown. */
  async #openWhole(location: Location): Promise<ImageSource> {
    const source = await this.#openSource(location);
    if (filesUnchanged(source.identity)) return source;
    await source.close();
    throw sourceChanged();
  }
}

function imageKey({ revision, generation = "", location }: Identified): string {
  return `${revision}/${generation}/${locationKey(location)}`;
}
