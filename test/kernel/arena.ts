/** Guard bytes around what a loop may touch, to see writes that go astray. */
const GUARD = 0xa5;
const MARGIN = 256;

/** A WebAssembly memory in which tests lay out buffers. Addresses are odd on purpose where `skew` is. */
export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 64 });
  #next = MARGIN;

  clear(): void {
    this.#next = MARGIN;
  }

  /** Room for `size` bytes between guards. */
  reserve(size: number, skew = 0): number {
    const at = this.#next + skew;
    this.#next = Math.ceil((at + size + MARGIN) / 16) * 16;
    if (this.#next > this.memory.buffer.byteLength) throw new Error("the arena is full");
    this.bytes(at - MARGIN + skew, size + 2 * MARGIN - skew).fill(GUARD);
    return at;
  }

  put(data: ArrayBufferView, skew = 0): number {
    const at = this.reserve(data.byteLength, skew);
    this.bytes(at, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return at;
  }

  bytes(at: number, size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, at, size);
  }

  copy(at: number, size: number): Uint8Array<ArrayBuffer> {
    return this.bytes(at, size).slice();
  }

  /** The first address at or behind `at` that lost its guard within `count` bytes, or null. */
  firstTouched(at: number, count: number): number | null {
    const index = this.bytes(at, count).findIndex((byte) => byte !== GUARD);
    return index < 0 ? null : at + index;
  }
}
