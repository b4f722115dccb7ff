import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Checksums } from "../../src/ingest/checksums.ts";
import { Crew } from "../../src/ingest/crew.ts";
import type { ChunkPlace, Target } from "../../src/ingest/protocol.ts";
import { verifiedCount, verify } from "../../src/ingest/verify.ts";
import { localPath, openSource } from "../../src/source/index.ts";
import { convertFiles, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const SIZE = { width: 601, height: 523 };

function targetOf(size: { readonly width: number; readonly height: number }, levels: number): Target {
  return {
    ...size,
    ...{
      levels,
      chunk: 256,
      type: "uint8",
      nodata: [null],
      categorical: [false],
      alpha: null,
      downsample: "mean",
      fill: 0,
      sparse: false,
    },
    encoding: { compression: "deflate", effort: 4, predictor: true },
  };
}

describe("verification", () => {
  it("finds a chunk that is not what was written, and a description that is not", async () => {
    const source = writeTiff(join(folder, "a.tif"), { directories: [{ ...SIZE, type: "uint8" }] });
    const path = join(folder, "a.ome.tif");
    await convertFiles([source], path, { format: "ome-tiff" });
    const target = targetOf(SIZE, 3);
    const opened = await openSource(localPath(path), { remote: null });
    await opened.close();
    const checksums = new Checksums(target, 1);
    const crew = new Crew(1, [], target, null);
    try {
      const places = [...checksums.places()];
      const job = { kind: "check", location: localPath(path), channels: 1, depth: 1, chunks: places } as const;
      const found = await crew.check(job);
      expect(new Set(found).size).toBe(places.length);
      const note = (place: ChunkPlace, checksum = 0) => checksums.set({ ...place, offset: 0, length: 1, checksum });
      for (const [index, place] of places.entries()) note(place, found[index]);
      const check = (changed: Partial<Target> = {}) =>
        verify(localPath(path), opened.info, { ...target, ...changed }, checksums, crew, () => {}, undefined);
      await check();
      await expect(check({ type: "int8" })).rejects.toThrow("its sample type (uint8, where int8 was written)");
      await expect(check({ levels: 2 })).rejects.toThrow("its levels");
      note({ plane: 0, level: 1, x: 1, y: 0 }, 12345);
      await expect(check()).rejects.toThrow("chunk 1, 0 of level 1 of plane 0");
    } finally {
      await crew.close();
    }
  });

  it("looks at all chunks, and of very many at a sample of the finest and all coarser ones", () => {
    const few = new Checksums(targetOf({ width: 5000, height: 3000 }, 6), 2);
    expect(verifiedCount(few)).toBe(few.count);
    const many = new Checksums(targetOf({ width: 65536, height: 65536 }, 9), 1);
    expect(many.finestCount).toBe(65536);
    expect(verifiedCount(many)).toBe(8192 + many.count - many.finestCount);
  });
});
