import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anonymousMemory, type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff, type DirectorySpec, long, short, TAG } from "../fixtures/tiff-builder.ts";
import { oldLzw } from "../fixtures/tiff-encoders.ts";
import { chunkPlaces, encodeChunk, pixel } from "../fixtures/tiff-pixels.ts";
import { type ArraySpec, buildImage } from "../fixtures/zarr-builder.ts";

const GOOD: DirectorySpec = { width: 300, height: 200, type: "uint8", tile: [64, 64], codec: "deflate" };
const good = buildTiff({ directories: [GOOD] });
const valueOfGood = (x: number, y: number) => pixel(GOOD, x, y, 0);
/** Ten times the second that a refusal may take. */
const HANG_MS = 10_000;
const MEMORY_RISE = 256 * 2 ** 20;

function tags(changed: DirectorySpec["tags"]): Uint8Array {
  return buildTiff({ directories: [{ ...GOOD, tags: changed ?? {} }] });
}

/** 900 kB of deflate that inflate to 900 MB, in place of each tile: the same part of it 900 times (RFC 1950, RFC 1951). */
function bomb(): Uint8Array {
  const [count, zeros] = [900, Buffer.alloc(1_000_000)];
  const part = deflateRawSync(zeros, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(((count * zeros.length) % 65_521) * 65_536 + 1);
  const end = Buffer.concat([deflateRawSync(Buffer.alloc(0)), checksum]);
  const packed = Buffer.concat([Buffer.of(0x78, 0xda), ...Array<Buffer>(count).fill(part), end]);
  return buildTiff({ directories: [{ ...GOOD, replaceChunk: () => packed }] });
}

function rawTile(chunk: number): Uint8Array {
  const place = chunkPlaces(GOOD)[chunk];
  if (!place) throw new Error("There is no such tile.");
  return encodeChunk({ ...GOOD, codec: "none" }, place, true);
}

function ome(pixels: string, inside = "", before = ""): Uint8Array {
  const description = `<?xml version="1.0"?>${before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:00000000-0000-4000-8000-000000000001"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="300" SizeY="200" ${pixels}>${inside}</Pixels></Image></OME>`;
  return buildTiff({ directories: [{ ...GOOD, description }] });
}

function part(file: string): Uint8Array {
  return ome(
    'SizeC="1" SizeZ="1" SizeT="1"',
    `<TiffData IFD="0" PlaneCount="1"><UUID FileName="${file}">urn:uuid:00000000-0000-4000-8000-000000000000</UUID></TiffData>`,
  );
}

const LAUGHS = Array.from({ length: 12 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");

const TIFFS: Readonly<Record<string, () => Uint8Array>> = {
  "is empty": () => new Uint8Array(0),
  "is a header alone": () => good.subarray(0, 8),
  "begins as a TIFF and ends there": () => Buffer.from("II*\0"),
  "holds text": () => Buffer.from("no image at all"),
  "ends in the middle": () => good.subarray(0, Math.floor(good.length / 2)),
  "comes back to its own directory": () => buildTiff({ directories: [{ ...GOOD, next: "self" }] }),
  "comes back to its first directory from its second": () =>
    buildTiff({ directories: [GOOD, { ...GOOD, width: 150, height: 100, reduced: true, next: "first" }] }),
  "claims 4,294,967,295 pixels a side": () =>
    tags({ [TAG.imageWidth]: long(4294967295), [TAG.imageLength]: long(4294967295) }),
  "claims 65,535 channels": () => tags({ [TAG.samplesPerPixel]: short(65535) }),
  "claims tiles of 4 GiB": () => tags({ [TAG.tileByteCounts]: long(...new Array<number>(20).fill(4294967295)) }),
  "has tiles beyond its end": () => tags({ [TAG.tileOffsets]: long(...new Array<number>(20).fill(4000000000)) }),
  "has fewer tiles than its size wants": () => tags({ [TAG.tileOffsets]: long(8) }),
  "does not say where its tiles are": () => tags({ [TAG.tileOffsets]: null }),
  "has samples of 3 bits": () => tags({ [TAG.bitsPerSample]: short(3) }),
  "has samples of no bits": () => tags({ [TAG.bitsPerSample]: short(0) }),
  "has the predictor of floats on whole numbers": () => tags({ [TAG.predictor]: short(3) }),
  "is compressed in an unknown way": () => tags({ [TAG.compression]: short(34712) }),
  "is in the LZW of before TIFF 6.0": () =>
    buildTiff({ directories: [{ ...GOOD, codec: "lzw", replaceChunk: (chunk) => oldLzw(rawTile(chunk)) }] }),
  "inflates to a thousand times its size": bomb,
  "laughs a billion times": () =>
    ome('SizeC="1" SizeZ="1" SizeT="1"', "&l12;", `<!DOCTYPE OME [<!ENTITY l0 "ha">${LAUGHS}]>`),
  "names an entity elsewhere": () =>
    ome('SizeC="1" SizeZ="1" SizeT="1"', "&x;", '<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
  "has a wrong SizeC": () => ome('SizeC="9007199254740992" SizeZ="1" SizeT="1"'),
  "has a part outside the folder": () => part("../../secret.tif"),
  "has a part that is missing": () => part("missing.tif"),
};

const ARRAY: ArraySpec = { shape: [1, 200, 300], chunk: [1, 64, 64], type: "uint8" };
const changed =
  (change: Readonly<Record<string, unknown>>) =>
  (document: Record<string, unknown>): Record<string, unknown> => ({ ...document, ...change });
const zarrOf = (change: Partial<ArraySpec>) => buildImage({ axes: "cyx", levels: [{ ...ARRAY, ...change }] });

/** Folders of OME-Zarr. */
const ZARRS: Readonly<Record<string, () => Promise<Map<string, Uint8Array>>>> = {
  "has no metadata of its array": async () => {
    const files = await zarrOf({});
    files.delete("0/zarr.json");
    return files;
  },
  "has no pixels along a side": () => zarrOf({ metadata: changed({ shape: [1, 0, 300] }) }),
  "claims 2⁵³ pixels a side": () => zarrOf({ metadata: changed({ shape: [1, 2 ** 53, 2 ** 53] }) }),
  "has chunks of nothing": () =>
    zarrOf({
      metadata: changed({ chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 0, 64] } } }),
    }),
  "is packed in an unknown way": () => zarrOf({ metadata: changed({ codecs: [{ name: "magic" }] }) }),
  "leads out of its folder": () =>
    buildImage({
      axes: "cyx",
      levels: [ARRAY],
      multiscale: (document) => ({
        ...document,
        datasets: [{ path: "../../../secret", coordinateTransformations: [{ type: "scale", scale: [1, 1, 1] }] }],
      }),
    }),
  "has chunks that inflate to more than they are": async () => {
    const files = await zarrOf({ packing: "gzip" });
    const bombs = gzipSync(Buffer.alloc(100_000_000));
    return new Map([...files].map(([path, bytes]) => [path, /\/c\//.test(path) ? bombs : bytes]));
  },
  "has chunks that are too short": async () => {
    const files = await zarrOf({});
    return new Map([...files].map(([path, bytes]) => [path, /\/c\//.test(path) ? bytes.subarray(5) : bytes]));
  },
  "is of two versions at once": async () => {
    const [three, two] = [await zarrOf({}), await buildImage({ version: 2, axes: "cyx", levels: [ARRAY] })];
    const arrays = [...two].filter(([path]) => path.startsWith("0/"));
    return new Map([...[...three].filter(([path]) => !path.startsWith("0/")), ...arrays]);
  },
};

/** Odd, and what it shows: the value of the first pixel and of one in the middle; null: transparent. */
const ODD: Readonly<
  Record<string, readonly [build: () => Uint8Array | Promise<Map<string, Uint8Array>>, ...(number | null)[]]>
> = {
  "whose tiles are all left out": [
    () => buildTiff({ directories: [{ ...GOOD, sparse: () => true, nodata: "0" }] }),
    null,
    null,
  ],
  "of which one tile is left out": [
    () => buildTiff({ directories: [{ ...GOOD, sparse: (chunk) => chunk === 0, nodata: "0" }] }),
    null,
    valueOfGood(100, 100),
  ],
  "of strips and without levels": [
    () => buildTiff({ directories: [{ ...GOOD, tile: undefined as never, rowsPerStrip: 8 }] }),
    valueOfGood(0, 0),
    valueOfGood(100, 100),
  ],
  "of OME-Zarr with a chunk left out": [
    () => zarrOf({ fill: 9, value: () => 200, missing: ([, y, x]) => y === 0 && x === 0 }),
    9,
    200,
  ],
};

describe("a hostile file in the data folder", () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-hostile-"));
  let server: RunningServer;

  beforeAll(async () => {
    writeFileSync(join(data, "good.tif"), good);
    server = await startServer({ data });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** Status, code and message of the first tile, once it is clear that the refusal is a sound one. */
  async function refusal(key: string): Promise<{ readonly status: number; readonly message: string }> {
    const before = anonymousMemory(server.pid());
    const begun = performance.now();
    const answer = await fetch(`${server.url}/tiles/${key}/0/0/0.png?s=512&f=window(b1,0,255)`);
    expect(performance.now() - begun).toBeLessThan(HANG_MS);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const body = (await answer.json()) as { readonly code: string; readonly message: string };
    expect(body.code).toBe("SOURCE_UNREADABLE");
    expect(JSON.stringify(body)).not.toContain(data);
    expect(anonymousMemory(server.pid()) - before).toBeLessThan(MEMORY_RISE);
    expect((await fetch(`${server.url}/tiles/good/1/0/0.png?f=b1`)).status).toBe(200);
    return { status: answer.status, message: body.message };
  }

  it.each(Object.keys(TIFFS))("that %s is refused with its reason, and harms nothing else", async (name) => {
    const key = `tiff-${Object.keys(TIFFS).indexOf(name)}`;
    writeFileSync(join(data, `${key}.tif`), TIFFS[name]?.() ?? good);
    const { status, message } = await refusal(key);
    expect(status).toBe(422);
    expect(message).toMatch(/^The image file cannot be read: .{10,}\.$/);
  });

  it("is forgotten where a better one has its name", async () => {
    const keys = Object.keys(TIFFS).map((_, index) => `tiff-${index}`);
    for (const key of keys) writeFileSync(join(data, `${key}.tif`), good);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const key of keys) expect((await fetch(`${server.url}/tiles/${key}/1/0/0.png?f=b1`)).status).toBe(200);
  });

  it.each(Object.keys(ZARRS))("of OME-Zarr that %s is refused with its reason", async (name) => {
    const key = `zarr-${Object.keys(ZARRS).indexOf(name)}`;
    put(`${key}.zarr`, (await ZARRS[name]?.()) ?? new Map());
    const { status, message } = await refusal(key);
    expect(status).toBe(422);
    expect(message).toMatch(/^The image file cannot be read: .{10,}\.$/);
  });

  it.each(Object.keys(ODD))("that is odd only is shown as it is: one %s", async (name) => {
    const [build, ...expected] = ODD[name] ?? [() => good];
    const key = `odd-${Object.keys(ODD).indexOf(name)}`;
    const built = await build();
    if (built instanceof Map) put(`${key}.zarr`, built);
    else writeFileSync(join(data, `${key}.tif`), built);
    const answer = await fetch(`${server.url}/tiles/${key}/1/0/0.png?s=512&f=window(b1,0,255)`);
    expect(answer.status).toBe(200);
    const { data: pixels, width } = PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
    const shown = [0, 100 * width + 100].map((at) => (pixels[at * 4 + 3] === 0 ? null : pixels[at * 4]));
    expect(shown).toEqual(expected);
  });

  function put(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(data, folder, path)), { recursive: true });
      writeFileSync(join(data, folder, path), bytes);
    }
  }
});
