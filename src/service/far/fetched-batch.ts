import { setTimeout as sleep } from "node:timers/promises";
import { BandloomError } from "../../core/errors.ts";
import { Slots } from "../../core/slots.ts";
import { isPicture, type Priority } from "../../render/index.ts";
import type { MadePicture, PictureBatch, PictureMaker, WantedPicture } from "../picture-batch.ts";
import type { FarPicture, RenderNode } from "./render-node.ts";

/** Pictures of one list that are asked for at a time: as many as two nodes of two workers let wait, however long they take. */
const AT_A_TIME = 32;
/** So often is a picture of a list asked for where the other side has too much to do. */
const TRIES = 5;

/**
 * Pictures that processes of the role `render` make. `local` makes those whose formula is too long for an address, those of which the other side knows
 * another version (it sees a purge or a new file a moment sooner or later than this process), and those in whose place something else came.
 */
export function farPictures(node: RenderNode, local: PictureMaker): PictureMaker {
  return { here: false, batch: (priority) => new FetchedBatch(node, local, priority) };
}

class FetchedBatch implements PictureBatch {
  readonly #node: RenderNode;
  readonly #maker: PictureMaker;
  readonly #priority: Priority;
  readonly #local: PictureBatch;
  readonly #slots = new Slots(AT_A_TIME);

  constructor(node: RenderNode, maker: PictureMaker, priority: Priority) {
    this.#node = node;
    this.#maker = maker;
    this.#priority = priority;
    this.#local = maker.batch(priority);
  }

  add(wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const path = pathOrNull(wanted.path);
    return path === null ? this.#local.add(wanted, signal) : this.#fetch(path, wanted, signal);
  }

  start(): void {
    this.#local.start();
  }

  /** A list is one piece of work, of which the other side sees the pictures alone: it may refuse some for the time being. */
  async #patiently(path: string, signal: AbortSignal): Promise<FarPicture> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#node.picture(path, signal);
      } catch (error) {
        const isBusy = error instanceof BandloomError && error.code === "OVERLOADED";
        if (!isBusy || this.#priority === "live" || tries === TRIES) throw error;
        const pause = Number(error.details?.retryAfter ?? 1) * 1000;
        await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
  }

  async #fetch(path: string, wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const { etag, ...picture } = await this.#slots.run(() => this.#patiently(path, signal));
    const isOther = etag === "" || !wanted.key.startsWith(etag);
    if (isOther || !isPicture(wanted.task.encoding.format, picture.bytes)) {
      const batch = this.#maker.batch(this.#priority);
      const own = batch.add(wanted, signal);
      batch.start();
      return own;
    }
    return { ...picture, kept: true, renderMs: 0 };
  }
}

/** An address; null where the formula is too long for one. */
export function pathOrNull(path: () => string): string | null {
  try {
    return path();
  } catch (error) {
    if (error instanceof BandloomError && error.code === "LIMIT_EXCEEDED") return null;
    throw error;
  }
}
