import { describe, expect, it } from "vitest";
import { retold } from "../../src/source/retold.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { ChunkDecoder } from "../fixtures/decode-image.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const decoder = new ChunkDecoder();

function open(...names: readonly string[]) {
  const item = (name: string, sample: number) => `<Item name="D" sample="${sample}" role="description">${name}</Item>`;
  const gdalMetadata = `<GDALMetadata>${names.map(item).join("")}</GDALMetadata>`;
  const shape = { width: 20, height: 20, tile: [16, 16] as [number, number], samples: names.length };
  return openTiff(
    new MemoryStore(buildTiff({ directories: [{ ...shape, gdalMetadata, value: (x, y, s) => x + y + s }] })),
  );
}

describe("an image", () => {
  it("is left as its reader has it, where nothing else is known", async () => {
    const source = await open("a", "b");
    expect(await retold(source, undefined)).toBe(source);
  });

  it("has the wavelengths that names of its bands tell, and its names, pixels and revision as before", async () => {
    const source = await open("band 1 (418.24 Nanometers)", "QA");
    const told = await retold(source, undefined);
    expect(told.info.channels.map(({ name, wavelengthNm }) => [name, wavelengthNm])).toEqual([
      ["band 1 (418.24 Nanometers)", 418.24],
      ["QA", null],
    ]);
    expect(told.identity).toBe(source.identity);
    for (const channel of [0, 1])
      expect(await decoder.plane(told, { channel })).toEqual(await decoder.plane(source, { channel }));
  });

  it("has channels of the kinds that are told, by name or number, and is another one", async () => {
    const source = await open("a", "QA", "c");
    const told = await retold(source, { all: "categorical", by: { QA: "continuous", 3: "continuous" } });
    expect(told.info.channels.map(({ kind }) => kind)).toEqual(["categorical", "continuous", "continuous"]);
    expect(told.identity.revision).not.toBe(source.identity.revision);
    const other = await retold(source, { all: "categorical", by: {} });
    expect(other.identity.revision).not.toBe(told.identity.revision);
  });

  it("is closed and refused where a channel is told of that it has not", async () => {
    const source = await open("a");
    let closed = 0;
    source.close = () => void closed++;
    await expect(retold(source, { all: null, by: { QA: "categorical" } })).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining('"QA"'),
    });
    expect(closed).toBe(1);
  });
});
