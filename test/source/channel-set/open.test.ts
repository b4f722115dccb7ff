import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { openChannelSet } from "../../../src/source/channel-set/open.ts";
import { parseChannelSet } from "../../../src/source/channel-set/parse.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { unreadable } from "../../../src/source/unreadable.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { grayProfile } from "../../fixtures/icc-profile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, undefinedBytes } from "../../fixtures/tiff-builder.ts";
import { level, openSet, setOf, type TestMember, testSource } from "./support.ts";

const decoder = new ChunkDecoder();
const value: TestMember["value"] = (stored, channel, x, y) => (x * 3 + y * 5 + channel * 7 + stored * 11) % 250;
const plain = (width: number, height: number, more: Partial<TestMember> = {}): TestMember => ({
  ...{ width, height, value, levels: [level(width, height, 16, 16)] },
  ...more,
});
const utm = (crs: string | null, affine: readonly [number, number, number, number, number, number]) => ({
  told: { georeference: { crs, crsName: null, affine } },
});

async function reason(members: readonly TestMember[]): Promise<string> {
  const sources = members.map(testSource);
  const opened = openChannelSet(
    setOf(members),
    async (file) => sources[Number.parseInt(file, 10)] ?? testSource(plain(1, 1)),
  );
  const error = await opened.then(
    () => "no error",
    (refusal: unknown) => {
      expect(refusal).toMatchObject({ code: "SOURCE_UNREADABLE" });
      return (refusal as Error).message.replace("The image file cannot be read: ", "");
    },
  );
  // Whatever was opened is closed when the set cannot be.
  if (error !== "no error") expect(sources.map(({ closed }) => closed)).toEqual(sources.map(() => true));
  return error;
}

describe("a channel set", () => {
  it("takes the one channel that a file stores, whatever its reader makes of it", async () => {
    const gray = { ...{ width: 20, height: 10 }, tags: { 34675: undefinedBytes(...grayProfile("Gray", 1)) } };
    const open = () => openTiff(new MemoryStore(buildTiff({ directories: [gray] })));
    expect((await open()).info.channels).toHaveLength(4);
    const source = await openChannelSet(parseChannelSet("pattern: L8_{channel}.tif\nchannels:\n- B8\n- B3"), open);
    expect(source.info.channels.map(({ name, derived }) => [name, derived])).toEqual([
      ["B8", false],
      ["B3", false],
    ]);
  });

  it("is a Landsat scene: bands of 30 m on the grid of a panchromatic one of 15 m, read from TIFF files", async () => {
    const files: Record<string, DirectorySpec> = {
      "L8_B8.tif": { width: 101, height: 77, tile: [32, 16], type: "uint16", codec: "deflate", seed: 1 },
      "L8_B3.tif": { width: 51, height: 39, tile: [16, 16], type: "uint16", codec: "deflate", seed: 2 },
      "L8_B4.tif": { width: 51, height: 39, rowsPerStrip: 7, type: "uint16", codec: "lzw", seed: 3 },
    };
    const open = (file: string) =>
      openTiff(new MemoryStore(buildTiff({ directories: [files[file] ?? { width: 1, height: 1 }] })));
    const manifest =
      "pattern: L8_{channel}.tif\nchannels:\n- {channel: B8, name: pan}\n- B3\n- {channel: B4, name: red, wavelength: 655}";
    const source = await openChannelSet(parseChannelSet(manifest), open);
    expect(source.info).toMatchObject({ width: 101, height: 77, format: "channel set" });
    expect(source.info.channels.map(({ name, masked, dataType }) => [name, masked, dataType])).toEqual([
      ["pan", false, "uint16"],
      ["B3", true, "uint16"],
      ["red", true, "uint16"],
    ]);
    const pan = await open("L8_B8.tif");
    expect(await decoder.plane(source, { channel: 0 })).toEqual(await decoder.plane(pan, { channel: 0 }));
    const band = await decoder.plane(await open("L8_B4.tif"), { channel: 0 });
    const red = await decoder.plane(source, { channel: 2 });
    const at = (x: number, y: number) => Number(band[y * 51 + x]);
    // Pixel (7, 4) of the set lies a quarter of a band pixel from the centre of band pixel (3, 2), towards (4, 1).
    expect(red[4 * 101 + 7]).toBeCloseTo((9 * at(3, 2) + 3 * at(4, 2) + 3 * at(3, 1) + at(4, 1)) / 16, 2);
    expect(red[0]).toBe(at(0, 0));
    // The last pixel is the upper left of the four that the last band pixel stands for.
    expect(red[76 * 101 + 100]).toBeCloseTo((9 * at(50, 38) + 3 * at(49, 38) + 3 * at(50, 37) + at(49, 37)) / 16, 2);
  });

  it("gives what its members have as it is stored, where they have the same levels and chunks", async () => {
    const { source, members } = await openSet([plain(40, 30), plain(40, 30, { channels: 2, interleaved: true })]);
    const ref = { level: 0, group: source.locate(2).group, z: 0, t: 0, x: 1, y: 1 };
    expect(source.locate(2)).toEqual({ group: 1, sample: 1 });
    expect(source.layout(ref)).toEqual({ width: 16, height: 14, samples: 2, type: "uint8" });
    expect(source.fetch(ref)).toEqual(members[1]?.fetch({ ...ref, group: 0 }));
    expect(source.fetchAll).toBeUndefined();
  });

  it("takes channels by name and number, and what the manifest says of them before what the file says", async () => {
    const { source } = await openSet([
      plain(9, 9, {
        channels: 3,
        nodata: 4,
        chosen: [
          { channel: "B3" },
          { channel: "1", name: "first", nodata: 9, window: [1, 2], scale: 0.5 },
          { channel: 1 },
        ],
      }),
    ]);
    expect(
      source.info.channels.map(({ index, name, nodata, window, scale }) => [index, name, nodata, window, scale]),
    ).toEqual([
      [0, "0_3", 4, null, 1],
      [1, "first", 9, [1, 2], 0.5],
      [2, "0_2", 4, null, 1],
    ]);
    expect([...(await decoder.plane(source, { channel: 0 }))].slice(0, 3)).toEqual([14, 17, 20]);
    expect([...(await decoder.plane(source, { channel: 1 }))].slice(0, 3)).toEqual([0, 3, 6]);
  });

  it("has channels of the kind that it tells, but for those of which it tells another", async () => {
    const open = async () => testSource(plain(9, 9));
    const chosen = [{ channel: 0, kind: "continuous" as const }, { channel: 0 }];
    const set = setOf([plain(9, 9), { ...plain(9, 9), chosen }]);
    const { info } = await openChannelSet({ ...set, kind: "categorical" }, open);
    expect(info.channels.map(({ kind }) => kind)).toEqual(["categorical", "continuous", "categorical"]);
  });

  it("names a channel as its file is named, where the file names none", async () => {
    const open = async () => testSource(plain(9, 9));
    const files = ["bands/B02.tif", "https://host/a/B03.ome.tif?sig=1", "c#d.tiff"];
    const { info } = await openChannelSet(
      {
        name: "scene",
        description: "about",
        kind: null,
        members: files.map((file) => ({ file, resampling: "bilinear", channels: null })),
      },
      open,
    );
    expect(info.channels.map(({ name }) => name)).toEqual(["B02", "B03", "c"]);
    expect(info).toMatchObject({ name: "scene", description: "about" });
  });

  it("keeps the type of a coarser file where nearest is asked for, with its no data outside", async () => {
    const georeference = (size: number) => utm("EPSG:32619", [size, 0, 0, 0, -size, 0]);
    const { source } = await openSet([
      plain(20, 20, georeference(10)),
      plain(8, 8, { ...georeference(20), nodata: 255, resampling: "nearest" }),
      plain(8, 8, { ...georeference(20), resampling: "nearest" }),
      plain(8, 8, { ...georeference(20), resampling: "nearest", nodata: -1 }),
    ]);
    expect(source.info.channels.map(({ masked }) => masked)).toEqual([false, false, true, true]);
    const kept = await decoder.plane(source, { channel: 1 });
    expect(kept).toBeInstanceOf(Uint8Array);
    const masked = await decoder.plane(source, { channel: 2 });
    for (const [x, y] of [
      [0, 0],
      [7, 4],
      [15, 15],
      [16, 3],
      [19, 19],
    ] as const) {
      const inside = x < 16 && y < 16;
      const nearest = value(0, 0, x >> 1, y >> 1);
      expect(kept[y * 20 + x], `${x}, ${y}`).toBe(inside ? nearest : 255);
      expect(masked[y * 20 + x], `${x}, ${y}`).toEqual(inside ? nearest : Number.NaN);
    }
  });

  it("lets a file of one plane serve all planes of the others", async () => {
    const { source, members } = await openSet([plain(9, 9, { told: { depth: 3 } }), plain(9, 9)]);
    expect(source.info).toMatchObject({ depth: 3, times: 1 });
    await decoder.decode(source, { level: 0, group: 1, z: 2, t: 0, x: 0, y: 0 });
    expect(members[1]?.fetched).toEqual(["0/0/0/0"]);
    expect(await reason([plain(9, 9, { told: { depth: 3 } }), plain(9, 9, { told: { depth: 2 } })])).toMatch(
      /3 and 2 planes along z/,
    );
  });

  it("asks each file for all its chunks at once, and for none twice, where it lies behind a network", async () => {
    const { source, members } = await openSet([plain(64, 64), plain(32, 32, { rounds: true, remote: true })]);
    const refs = [0, 1, 2, 3].flatMap((y) =>
      [0, 1, 2, 3].flatMap((x) => [0, 1].map((group) => ({ level: 0, group, z: 0, t: 0, x, y }))),
    );
    const all = (await source.fetchAll?.(refs)) ?? [];
    expect(members[1]?.rounds).toEqual([4]);
    expect(members[1]?.fetched.toSorted()).toEqual(["0/0/0/0", "0/0/0/1", "0/0/1/0", "0/0/1/1"]);
    for (const [index, ref] of refs.entries()) expect(all[index]).toEqual(await source.fetch(ref));
  });

  it("fails for a chunk alone where one of those that it is made of cannot be had", async () => {
    const { source } = await openSet([
      plain(64, 64),
      plain(32, 32, { rounds: true, broken: ({ x, y }) => x === 1 && y === 1 }),
    ]);
    const refs = [0, 3].map((at) => ({ level: 0, group: 1, z: 0, t: 0, x: at, y: at }));
    const [whole, broken] = (await source.fetchAll?.(refs)) ?? [];
    expect(whole).toBeInstanceOf(Uint8Array);
    expect(broken).toBeInstanceOf(Error);
  });

  it("has an identity of its own, of all its files and all that the manifest says", async () => {
    const revision = async (members: readonly TestMember[]) => (await openSet(members)).source.identity.revision;
    const one = await revision([plain(9, 9), plain(9, 9)]);
    expect(await revision([plain(9, 9), plain(9, 9)])).toBe(one);
    expect(await revision([plain(9, 9)])).not.toBe(one);
    expect(await revision([plain(9, 9), plain(9, 9, { chosen: [{ channel: 0, name: "x" }] })])).not.toBe(one);
  });

  it("opens a file once that it names twice, and closes it with the others", async () => {
    const opened: string[] = [];
    const sources = [testSource(plain(9, 9, { channels: 2 })), testSource(plain(9, 9))];
    const manifest = "files:\n- {file: a.tif, channel: 2}\n- b.tif\n- {file: a.tif, channel: 1}";
    const source = await openChannelSet(parseChannelSet(manifest), async (file) => {
      opened.push(file);
      return sources[opened.length - 1] ?? testSource(plain(1, 1));
    });
    expect(opened).toEqual(["a.tif", "b.tif"]);
    expect((await decoder.plane(source, { channel: 0 }))[0]).toBe(7);
    expect((await decoder.plane(source, { channel: 2 }))[0]).toBe(0);
    await source.close();
    expect(sources.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it.each<[string, readonly TestMember[], RegExp]>([
    [
      "another shape",
      [plain(60, 60), plain(50, 40)],
      /^its file 2 measures 50 × 40 pixels and file 1 60 × 60, which is another shape; cut them/,
    ],
    [
      "another reference system",
      [plain(9, 9, utm("EPSG:1", [1, 0, 0, 0, -1, 0])), plain(9, 9, utm("EPSG:2", [1, 0, 0, 0, -1, 0]))],
      /EPSG:1 and EPSG:2; warp them/,
    ],
    [
      "a turned file",
      [plain(9, 9, utm("a", [1, 0, 0, 0, -1, 0])), plain(9, 9, utm("a", [1, 1, 0, 1, -1, 0]))],
      /file 2 is turned or mirrored against file 1/,
    ],
    [
      "a mirrored file",
      [plain(9, 9, utm("a", [1, 0, 0, 0, -1, 0])), plain(9, 9, utm("a", [-1, 0, 0, 0, -1, 0]))],
      /turned or mirrored/,
    ],
    [
      "an affine of nothing",
      [plain(9, 9, utm("a", [1, 0, 0, 0, -1, 0])), plain(9, 9, utm("a", [0, 0, 0, 0, 0, 0]))],
      /turned or mirrored/,
    ],
    [
      "a channel of many",
      [plain(9, 9, { channels: 2, chosen: [{ channel: null }] })],
      /file 1 has 2 channels; say in the manifest which one/,
    ],
    [
      "an unknown channel",
      [plain(9, 9, { chosen: [{ channel: "nir" }] })],
      /file 1 has no channel "nir", or several of that name; it has b1/,
    ],
    ["a number too high", [plain(9, 9, { chosen: [{ channel: "2" }] })], /no channel "2"/],
    [
      "chunks of a pixel under a large one",
      [plain(64, 64, { levels: [level(64, 64)] }), plain(64, 64, { levels: [level(64, 64, 1, 1)] })],
      /chunks of its file 2 \(1 × 1 pixels\)/,
    ],
    [
      "too much memory",
      [plain(4096, 4096, { levels: [level(4096, 4096)] }), plain(2048, 2048, { levels: [level(2048, 2048)] })],
      /convert both to tiles/,
    ],
    ["too many channels", [plain(9, 9, { channels: 4097 })], /more than 4096 channels/],
  ])("is refused for %s, with the reason and what to do", async (_, members, message) => {
    expect(await reason(members)).toMatch(message);
  });

  it("tells what its chunks cost where they are made of those of a file of another size or tiling", async () => {
    const costOf = async (...members: readonly TestMember[]) => {
      const { chunkReads, chunkBytes } = (await openSet(members)).source.info.levels[0] ?? {};
      return [chunkReads, chunkBytes];
    };
    const full = plain(64, 64);
    expect(await costOf(full, plain(64, 64))).toEqual([undefined, undefined]);
    // 16 pixels of the set are 8 of the file, in chunks of 4: three each way on the average.
    expect(await costOf(full, plain(32, 32, { levels: [level(32, 32, 4, 4)] }))).toEqual([9, 9 * 4 * 4 * 8]);
    const costly = { ...level(64, 64, 16, 16), chunkReads: 7, chunkBytes: 4096 };
    expect(await costOf(full, plain(64, 64, { levels: [costly] }))).toEqual([7, 4096]);
    expect(await costOf(plain(64, 64, { levels: [costly] }), plain(32, 32))).toEqual([7, 4608]);
  });

  it("tells which of its files cannot be read, by its place", async () => {
    const set = parseChannelSet("files: [a.tif, b.tif]");
    const good = testSource(plain(9, 9));
    const codes = async (failure: Error) => {
      const opened = openChannelSet(set, async (file) => {
        if (file === "a.tif") return good;
        throw failure;
      });
      return opened.catch((error: unknown) =>
        error instanceof BandloomError ? [error.code, error.message] : [String(error)],
      );
    };
    expect(await codes(unreadable("it is empty"))).toEqual([
      "SOURCE_UNREADABLE",
      "File 2 of its channel set: The image file cannot be read: it is empty.",
    ]);
    expect(await codes(new BandloomError("NOT_FOUND", "no"))).toEqual([
      "SOURCE_UNREADABLE",
      "The image file cannot be read: there is no file 2 of its channel set; see the names in its manifest.",
    ]);
    expect(await codes(new BandloomError("FORBIDDEN", "not allowed"))).toEqual([
      "FORBIDDEN",
      "File 2 of its channel set: not allowed",
    ]);
    expect(await codes(new TypeError("a bug"))).toEqual(["TypeError: a bug"]);
    expect(good.closed).toBe(true);
  });
});
