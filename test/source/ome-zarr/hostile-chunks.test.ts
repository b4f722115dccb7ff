import { deflateSync, gzipSync } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Lz4 from "numcodecs/lz4";
import Zstd from "numcodecs/zstd";
import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { openOmeZarr } from "../../../src/source/ome-zarr/open.ts";
import { zipFolder } from "../../../src/source/store/zip-folder.ts";
import type { ImageSource, Store } from "../../../src/source/types.ts";
import { ChunkDecoder, chunkRefs } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { type ArraySpec, buildImage, ZARR_PACKINGS } from "../../fixtures/zarr-builder.ts";
import { buildZip, type ZipLie } from "../../fixtures/zip-builder.ts";
import { failureOf, openFiles } from "./support.ts";

const LEVEL: ArraySpec = { shape: [2, 20, 30], chunk: [1, 16, 16] };
const decoder = new ChunkDecoder();

const CHUNK = { shape: [1, 64, 64], chunk: [1, 64, 64] } as const;
const REF = { level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 } as const;

/** What decoding a chunk is refused with in whose place other bytes lie. */
async function chunkFailure(
  spec: ArraySpec,
  stored: Uint8Array | ((sound: Uint8Array) => Uint8Array),
): Promise<BandloomError> {
  const files = await buildImage({ axes: "cyx", levels: [spec] });
  const sound = files.get("0/c/0/0/0") ?? new Uint8Array(0);
  files.set("0/c/0/0/0", typeof stored === "function" ? stored(sound) : stored);
  return failureOf(decoder.decode(await openFiles(files), REF));
}

describe("a chunk", () => {
  const due = 64 * 64 * 2;
  const BOMB_BYTES = effort(16, 100) * 2 ** 20;
  const packers: Readonly<
    Record<(typeof ZARR_PACKINGS)[number], (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>>
  > = {
    none: (bytes) => bytes,
    zlib: (bytes) => deflateSync(bytes),
    gzip: (bytes) => gzipSync(bytes),
    zstd: (bytes) => Zstd.fromConfig({ id: "zstd", level: 3 }).encode(bytes),
    lz4: (bytes) => Lz4.fromConfig({ id: "lz4" }).encode(bytes),
    blosc: (bytes) =>
      Blosc.fromConfig({ id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 }).encode(bytes),
  };

  it.each(ZARR_PACKINGS)("of another length than it must have is refused: %s", async (packing) => {
    for (const length of [0, 1, due - 1, due + 1, 2 * due]) {
      const packed = Uint8Array.from(await packers[packing](new Uint8Array(length)));
      const { code } = await chunkFailure({ ...CHUNK, packing }, packed);
      expect(code).toBe("SOURCE_UNREADABLE");
    }
  });

  it.each(ZARR_PACKINGS.filter((packing) => packing !== "none"))(
    "that would unpack to megabytes is refused before it does: %s",
    async (packing) => {
      const packed = Uint8Array.from(await packers[packing](new Uint8Array(BOMB_BYTES)));
      const before = process.memoryUsage();
      const { code } = await chunkFailure({ ...CHUNK, packing }, packed);
      expect(code).toBe("SOURCE_UNREADABLE");
      expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(BOMB_BYTES);
    },
  );

  it.each(ZARR_PACKINGS.filter((packing) => packing !== "none"))("of noise is refused: %s", async (packing) => {
    for (const length of [0, 1, 3, 15, 16, 100, 4000]) {
      const noise = Uint8Array.from({ length }, (_, at) => (at * 2654435761) >>> 13);
      expect((await chunkFailure({ ...CHUNK, packing }, noise)).code).toBe("SOURCE_UNREADABLE");
    }
  });

  it.each(ZARR_PACKINGS)("that is cut off is refused: %s", async (packing) => {
    const { code } = await chunkFailure({ ...CHUNK, packing }, (sound) => sound.slice(0, sound.length >> 1));
    expect(code).toBe("SOURCE_UNREADABLE");
  });

  it("with a checksum is refused where it is wrong", async () => {
    const codecs = [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }];
    const spec: ArraySpec = { ...CHUNK, metadata: (document) => ({ ...document, codecs }) };
    const { message } = await chunkFailure(spec, (sound) => Uint8Array.from([...sound, 1, 2, 3, 4]));
    expect(message).toMatch(/checksum of a chunk is wrong/);
  });
});

describe("a shard", () => {
  const SHARD: ArraySpec = { shape: [1, 64, 64], chunk: [1, 16, 16], shard: [1, 4, 4], unchecked: true };
  const CHUNKS = 16;
  const INDEX = CHUNKS * 16;

  function entry(offset: bigint, length: bigint): (sound: Uint8Array) => Uint8Array {
    return (sound) => {
      const lying = Uint8Array.from(sound);
      const index = new DataView(lying.buffer, lying.length - INDEX);
      index.setBigUint64(0, offset, true);
      index.setBigUint64(8, length, true);
      return lying;
    };
  }

  it.each<[string, (sound: Uint8Array) => Uint8Array]>([
    ["past its end", entry(10_000n, 512n)],
    ["at 2⁶⁴ − 2", entry(2n ** 64n - 2n, 512n)],
    ["half in it", entry(8100n, 512n)],
    ["of 2⁶³ bytes", entry(0n, 2n ** 63n)],
    ["of no bytes", entry(0n, 0n)],
    ["of one byte", entry(0n, 1n)],
    ["where offset and length add up to a small number", entry(2n ** 64n - 256n, 512n)],
  ])("whose index tells of a chunk %s is refused", async (_, damage) => {
    expect((await chunkFailure(SHARD, damage)).code).toBe("SOURCE_UNREADABLE");
  });

  it("may have one chunk in several places, as many as it has", async () => {
    const files = await buildImage({ axes: "cyx", levels: [SHARD] });
    const shard = Uint8Array.from(files.get("0/c/0/0/0") ?? []);
    const index = new DataView(shard.buffer, shard.length - INDEX);
    for (let chunk = 1; chunk < CHUNKS; chunk++) index.setBigUint64(16 * chunk, 0n, true);
    files.set("0/c/0/0/0", shard);
    const source = await openFiles(files);
    const [first, last] = [await decoder.decode(source, REF), await decoder.decode(source, { ...REF, x: 3, y: 3 })];
    expect(last).toEqual(first);
  });

  it.each([0, 1, 100, INDEX - 1])("of %i bytes is refused", async (length) => {
    const { code, message } = await chunkFailure(SHARD, new Uint8Array(length));
    expect([code, message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(/shorter than its index/)]);
  });

  it("with a wrong checksum of its index is refused", async () => {
    const damage = (sound: Uint8Array) =>
      Uint8Array.from(sound, (byte, at) => (at === sound.length - 10 ? byte ^ 1 : byte));
    expect((await chunkFailure({ ...SHARD, unchecked: false }, damage)).message).toMatch(/checksum of a shard's index/);
  });
});

describe("a zip", () => {
  async function openZip(bytes: Uint8Array): Promise<ImageSource> {
    const store: Store = {
      size: bytes.length,
      identity: { revision: "0".repeat(32), files: [], remote: [] },
      read(offset, length) {
        if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length))
          throw new BandloomError("SOURCE_UNREADABLE", "It ends before.");
        return Uint8Array.from(bytes.subarray(offset, offset + length));
      },
      close() {},
    };
    return openOmeZarr(await zipFolder(store));
  }

  const files = async () =>
    [...(await buildImage({ axes: "cyx", levels: [LEVEL] }))].map(([name, bytes]) => ({ name, bytes }));

  it.each<[string, "stored" | "deflated", ZipLie]>([
    ["has entries of 4 GB", "deflated", { size: 2 ** 32 - 2 }],
    ["has entries that are longer than it says", "deflated", { size: 10 }],
    ["has entries that are shorter than it says", "stored", { size: 100_000, compressedSize: 100_000 }],
    ["has entries of 4 GB in itself", "deflated", { compressedSize: 2 ** 32 - 2 }],
    ["is encrypted", "stored", { flags: 1 }],
    ["is packed as nobody does", "deflated", { method: 99 }],
    ["has its entries past its end", "stored", { offset: 2 ** 31 }],
    ["has its entries inside each other", "stored", { offset: 7 }],
  ])("is refused that %s", async (_, method, lie) => {
    const found = await failureOf(openZip(buildZip(await files(), method, lie)));
    expect(found.code).toBe("SOURCE_UNREADABLE");
  });

  it("is refused where it is cut off or damaged, in bounded time", async () => {
    const sound = buildZip(await files(), "deflated");
    for (let at = 1; at < sound.length; at += 97) {
      expect((await failureOf(openZip(sound.slice(0, at)))).code).toBe("SOURCE_UNREADABLE");
    }
  });
});

describe("damage", () => {
  /** xorshift32 (Marsaglia 2003). */
  function random(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
  }

  it.each(ZARR_PACKINGS.flatMap((packing) => [2, 3].map((version) => [packing, version as 2 | 3] as const)))(
    "anywhere in an image of %s in Zarr %i is refused, or changes some samples: nothing else",
    async (packing, version) => {
      const shard = version === 3 ? { shard: [1, 2, 2] } : {};
      const sound = await buildImage({
        version,
        axes: "cyx",
        levels: [{ ...LEVEL, packing, ...shard }],
        consolidated: true,
      });
      const next = random(packing.length * 31 + version);
      const paths = [...sound.keys()];
      let refused = 0;
      for (let run = 0; run < 150; run++) {
        const files = new Map(sound);
        const path = paths[next(paths.length)] ?? "";
        const bytes = Uint8Array.from(files.get(path) ?? []);
        for (let count = 0; count <= next(3); count++) bytes[next(bytes.length)] = next(256);
        files.set(path, next(4) === 0 ? bytes.slice(0, next(bytes.length)) : bytes);
        try {
          const source = await openFiles(files);
          for (const ref of chunkRefs(source, 8)) await decoder.decode(source, ref);
        } catch (error) {
          if (!(error instanceof BandloomError)) throw error;
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(10);
    },
  );
});
