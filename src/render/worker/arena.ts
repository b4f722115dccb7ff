import { BandloomError } from "../../core/errors.ts";
import { SLACK_BYTES } from "../../kernel/kernel.ts";

const PAGE = 65536;

/** Kernels want their planes on 16-byte borders. */
const ALIGNMENT = 16;

/** The memory grows by at least this much, so that its views are not renewed for every small block. */
const GROWTH = 16 * PAGE;

/** A rest of a free block below this many bytes is not worth a block of its own. */
const SPLINTER = 256;

interface Block {
  readonly start: number;
  readonly size: number;
}

/** Gives memory back so that `bytes` may fit; false: nothing left to give. */
export type Reclaim = (bytes: number) => boolean;

/**
 * Allocator over one WebAssembly.Memory: best fit over an address-ordered list of free blocks that merge with their neighbours.
 * Every block is 16-byte aligned and has SLACK_BYTES behind its end that kernels and pixel loops may touch. Growing the memory
 * detaches its ArrayBuffer, so callers keep addresses and make views only where they use them.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #maxBytes: number;
  readonly #free: Block[] = [];
  readonly #used = new Map<number, number>();
  #usedBytes = 0;
  #reclaim: Reclaim = () => false;

  /** `reserved` bytes at the start belong to others (address 0 is nobody's). */
  constructor(memory: WebAssembly.Memory, maxBytes: number, reserved: number) {
    this.memory = memory;
    this.#maxBytes = Math.floor(maxBytes / PAGE) * PAGE;
    const start = Math.ceil(reserved / PAGE) * PAGE;
    const size = memory.buffer.byteLength - start;
    if (size > 0) this.#free.push({ start, size });
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Who is asked for memory before the arena gives up. */
  onPressure(reclaim: Reclaim): void {
    this.#reclaim = reclaim;
  }

  /** LIMIT_EXCEEDED when the worker's memory has no room, even after reclaiming. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
    for (;;) {
      const start = this.#take(size);
      if (start !== null) return start;
      if (!this.#grow(size) && !this.#reclaim(size))
        throw new BandloomError(
          "LIMIT_EXCEEDED",
          "This picture needs more memory than one worker has. Ask for a smaller region, a coarser level or fewer channels.",
        );
    }
  }

  release(address: number): void {
    const size = this.#used.get(address);
    if (size === undefined) throw new Error(`The arena holds no block at ${address}.`);
    this.#used.delete(address);
    this.#usedBytes -= size;
    this.#insert({ start: address, size });
  }

  /** Blocks that are freed together, at the end of the `using` statement's scope. */
  scope(): Scope {
    return new Scope(this);
  }

  #take(size: number): number | null {
    let best = -1;
    let bestSize = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#free.length; index++) {
      const candidate = this.#free[index]?.size ?? 0;
      if (candidate >= size && candidate < bestSize) {
        best = index;
        bestSize = candidate;
        if (candidate === size) break;
      }
    }
    const block = this.#free[best];
    if (!block) return null;
    const rest = block.size - size;
    const taken = rest < SPLINTER ? block.size : size;
    if (taken === block.size) this.#free.splice(best, 1);
    else this.#free[best] = { start: block.start + size, size: rest };
    this.#used.set(block.start, taken);
    this.#usedBytes += taken;
    return block.start;
  }

  #grow(size: number): boolean {
    const end = this.memory.buffer.byteLength;
    const last = this.#free.at(-1);
    const tail = last && last.start + last.size === end ? last.size : 0;
    const least = Math.ceil((size - tail) / PAGE) * PAGE;
    const added = Math.min(Math.max(least, GROWTH), this.#maxBytes - end);
    if (added < least || added <= 0) return false;
    try {
      this.memory.grow(added / PAGE);
    } catch {
      // The system has no more to give; what is here must do.
      return false;
    }
    this.#insert({ start: end, size: added });
    return true;
  }

  #insert(block: Block): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#free[middle]?.start ?? 0) < block.start) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.start + before.size === block.start;
    const joinsAfter = after !== undefined && block.start + block.size === after.start;
    const start = joinsBefore ? before.start : block.start;
    const end = joinsAfter ? after.start + after.size : block.start + block.size;
    const from = joinsBefore ? low - 1 : low;
    this.#free.splice(from, Number(joinsBefore) + Number(joinsAfter), { start, size: end - start });
  }
}

/** Temporary blocks of one piece of work, and what else ends with it. */
export class Scope {
  readonly #arena: Arena;
  readonly #endings: (() => void)[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  allocate(bytes: number): number {
    const address = this.#arena.allocate(bytes);
    this.onEnd(() => this.#arena.release(address));
    return address;
  }

  onEnd(end: () => void): void {
    this.#endings.push(end);
  }

  [Symbol.dispose](): void {
    for (const end of this.#endings.splice(0)) end();
  }
}
