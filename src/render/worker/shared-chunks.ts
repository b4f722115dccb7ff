import { chunkCount, chunksUnder, type Placed, servedLevel } from "../../plan/index.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { placeName } from "./stored-chunks.ts";

/** Chunks of a picture whose places are kept in mind: smaller ones are quickly decoded again. */
const MAX_CHUNKS = 1024;

/** Keeps the chunks that pictures of a batch share decoded until the last of them is done. */
export class SharedChunks {
  readonly #job: JobContext;
  /** Places that each waiting picture needs. */
  readonly #places = new Map<Placed, readonly string[]>();

  constructor(job: JobContext, image: OpenImage, pictures: readonly Placed[]) {
    this.#job = job;
    if (pictures.length < 2) return;
    for (const picture of pictures) {
      const served = servedLevel(image.info, picture.level);
      if (chunkCount(served.grid, picture.region) > MAX_CHUNKS) continue;
      const places = chunksUnder(served.grid, picture.region).map(({ x, y }) => placeName(image, served, x, y));
      for (const place of places) job.bench.chunks.want(place);
      this.#places.set(picture, places);
    }
  }

  doneWith(picture: Placed): void {
    for (const place of this.#places.get(picture) ?? []) this.#job.bench.chunks.unwant(place);
    this.#places.delete(picture);
  }

  [Symbol.dispose](): void {
    for (const picture of [...this.#places.keys()]) this.doneWith(picture);
  }
}
