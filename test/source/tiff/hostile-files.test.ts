import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { memoryRise } from "../../fixtures/peak-memory.ts";
import { buildTiff, type DirectorySpec, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";

const decoder = new ChunkDecoder();
let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-hostile-"));
  path = join(folder, "secret-name.tif");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const PARTS = 16;
/** The promise is a second; ten times that, of the CPU, is a hang. */
const HANG_MS = 10_000;
const MAX_RISE_BYTES = 256 << 20;

describe("a file cut off", () => {
  const image: DirectorySpec = { width: 90, height: 70, type: "uint16", tile: [32, 32] };
  it.each<[string, TiffSpec]>([
    ["deflate tiles", { directories: [{ ...image, codec: "deflate", predictor: 2 }] }],
    [
      "big-endian strips of LZW",
      { order: "MM", directories: [{ width: 90, height: 70, rowsPerStrip: 8, codec: "lzw" }] },
    ],
    ["JPEG tiles", { directories: [{ width: 90, height: 70, tile: [32, 32], codec: "jpeg", samples: 3 }] }],
    [
      "a pyramid in BigTIFF, not compressed",
      { big: true, directories: [{ ...image, children: [{ ...image, width: 45, height: 35, reduced: true }] }] },
    ],
  ])("at every sixteenth shows whole chunks or refuses: %s", async (_, spec) => {
    const whole = buildTiff(spec);
    writeFileSync(path, whole);
    const expected = await tryImage(() => openLocal(path), decoder, 100);
    expect(expected.refusals).toEqual([]);
    for (let part = 0; part < PARTS; part++) {
      writeFileSync(path, whole.subarray(0, Math.floor((whole.length * part) / PARTS)));
      const { chunks, refusals } = await tryImage(() => openLocal(path), decoder, 100);
      expect(refusals.length).toBeGreaterThan(0);
      for (const [place, chunk] of chunks)
        expect(Buffer.from(chunk).equals(expected.chunks.get(place) ?? chunk)).toBe(true);
    }
  });

  it("while it is open refuses the chunks that are gone", async () => {
    const whole = buildTiff({ directories: [{ ...image, codec: "deflate" }] });
    writeFileSync(path, whole);
    const source = await openLocal(path);
    truncateSync(path, whole.length >> 1);
    const last = { level: 0, group: 0, z: 0, t: 0, x: 2, y: 2 };
    const error = await decoder.decode(source, last).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BandloomError);
    expect(String(error)).not.toContain("secret-name");
    await source.close();
  });
});

describe("a file that is none", () => {
  it("is told without its path: missing, or a folder", async () => {
    for (const place of [join(folder, "nothing.tif"), folder]) {
      const error = await openLocal(place).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BandloomError);
      expect(String(error)).not.toContain("bandloom-hostile");
    }
  });
});

describe("directories that lie over each other", () => {
  it("are refused by their fields together", async () => {
    const [fields, step] = [4096, 12];
    // Each directory begins a field after the one before; what is a field of one is the count or the link of another.
    const bytes = Buffer.alloc(8 + (fields + 500) * step + 64);
    bytes.write("II*\u0000", "latin1");
    bytes.writeUInt32LE(8, 4);
    for (let index = 0; index < 500; index++) {
      const at = 8 + index * step;
      bytes.writeUInt16LE(fields, at);
      bytes.writeUInt32LE(at + step, at + 2 + fields * step);
    }
    writeFileSync(path, bytes);
    const before = process.memoryUsage().heapUsed;
    await expect(openLocal(path)).rejects.toThrow(/more than 1000000 fields/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(MAX_RISE_BYTES);
  });
});

describe("OME-XML that means harm", () => {
  const plane: DirectorySpec = { width: 20, height: 10 };
  const head = `<?xml version="1.0"?>`;
  const pixels = (attributes: string, inside = "") =>
    `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="20" SizeY="10" ${attributes}>${inside}</Pixels></Image></OME>`;
  const sizes = (c: number, z = 1, t = 1) => `SizeC="${c}" SizeZ="${z}" SizeT="${t}"`;
  const laughs = Array.from({ length: 12 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");

  it.each<[string, string]>([
    ["a billion laughs", `${head}<!DOCTYPE OME [<!ENTITY l0 "ha">${laughs}]>${pixels(sizes(1), "&l12;")}`],
    [
      "an external entity",
      `${head}<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]>${pixels(sizes(1), `<Channel Name="&x;"/>`)}`,
    ],
    ["a million planes", head + pixels(sizes(1000, 1000))],
    ["2⁵³ planes", head + pixels(sizes(9007199254740992))],
    ["sizes of zero and less", head + pixels(sizes(0, -1))],
    ["sizes that are no numbers", head + pixels(`SizeC="many" SizeZ="NaN" SizeT="1e9"`)],
    ["more channels than planes", head + pixels(sizes(7))],
    [
      "planes in a file elsewhere",
      head + pixels(sizes(2), `<TiffData IFD="0"><UUID FileName="../../x.tif">u</UUID></TiffData>`),
    ],
    ["directories that are not there", head + pixels(sizes(1), `<TiffData IFD="4294967295" PlaneCount="4294967295"/>`)],
    ["an order that is none", head + pixels(sizes(1)).replace("XYCZT", "ZZZZZ")],
    ["no end", `${head}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels`],
    ["deep nesting", `${head}<OME>${"<a>".repeat(200_000)}`],
    ["100,000 channels", head + pixels(sizes(1), `<Channel ID="c" Name="n"/>`.repeat(100_000))],
  ])("is refused or passed over: %s", async (_, description) => {
    writeFileSync(path, buildTiff({ directories: [{ ...plane, description }] }));
    const { source, refusals } = await tryImage(() => openLocal(path), decoder, 16);
    expect(source !== null || refusals.length === 1).toBe(true);
    for (const channel of source?.info.channels ?? []) expect(channel.name).not.toMatch(/root|haha/);
    for (const { message } of refusals) expect(message.length).toBeLessThan(1000);
  });

  it.each<[string, () => TiffSpec]>([
    [
      "two million images",
      () => ({ directories: [{ ...plane, description: `${head}<OME>${"<Image/>".repeat(2_000_000)}</OME>` }] }),
    ],
    [
      "a hundred thousand ranges of fifteen thousand planes",
      () => {
        const many = sizes(1, 15_000);
        const ranges = `<TiffData IFD="0" PlaneCount="15000"/>`.repeat(100_000);
        const rest = Array.from({ length: 14_999 }, () => plane);
        return { directories: [{ ...plane, description: head + pixels(many, ranges) }, ...rest] };
      },
    ],
  ])("takes neither much time nor much memory: %s", async (_, spec) => {
    writeFileSync(path, buildTiff(spec()));
    let spentMs = 0;
    const rise = await memoryRise(async () => {
      const before = process.cpuUsage();
      await tryImage(() => openLocal(path), decoder, 16);
      const { user, system } = process.cpuUsage(before);
      spentMs = (user + system) / 1000;
    }, MAX_RISE_BYTES);
    expect(spentMs).toBeLessThan(HANG_MS);
    expect(rise).toBeLessThan(MAX_RISE_BYTES);
  });

  it("does not have to be read where it is 50 MB of spaces", async () => {
    const length = 50 << 20;
    const spec = (offset: number): TiffSpec => ({
      directories: [{ ...plane, tags: { [TAG.imageDescription]: { type: 2, values: [], count: length, offset } } }],
    });
    const end = buildTiff(spec(0)).length;
    writeFileSync(path, buildTiff(spec(end)));
    const spaces = Buffer.alloc(1 << 20, `${head}<OME> `);
    for (let i = 0; i < 50; i++) appendFileSync(path, spaces);
    const rise = await memoryRise(async () => {
      await tryImage(() => openLocal(path), decoder, 16);
    }, MAX_RISE_BYTES);
    expect(rise).toBeLessThan(MAX_RISE_BYTES);
  });
});
