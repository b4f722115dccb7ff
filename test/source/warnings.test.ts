import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { unusedLevelsWarning } from "../../src/source/levels-used.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { boundedWarnings, type ImageWarning, imageWarning } from "../../src/source/warnings.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { openLocal } from "../fixtures/open-local.ts";
import { buildTiff, type DirectorySpec, double, short, TAG, undefinedBytes } from "../fixtures/tiff-builder.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-warnings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IMAGE: DirectorySpec = { width: 20, height: 10 };
const PLACED: DirectorySpec["tags"] = {
  [TAG.modelPixelScale]: double(10, 10, 0),
  [TAG.modelTiepoint]: double(0, 0, 0, 500_000, 5_000_000, 0),
  [TAG.geoKeyDirectory]: short(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_619),
};

let count = 0;

/** Warnings of an image in a folder of its own with other files beside it. */
async function besides(name: string, bytes: Uint8Array, others: readonly string[]): Promise<readonly ImageWarning[]> {
  const own = mkdtempSync(join(folder, `${++count}-`));
  for (const one of others) writeFileSync(join(own, one), "x");
  writeFileSync(join(own, name), bytes);
  const source = await openLocal(join(own, name));
  await source.close();
  return source.info.warnings;
}

const tiff = (spec: DirectorySpec = IMAGE) => buildTiff({ directories: [spec] });
const warningsOf = async (spec: DirectorySpec) => (await openTiff(new MemoryStore(tiff(spec)))).info.warnings;
const codes = (warnings: readonly ImageWarning[]) => warnings.map(({ code }) => code);

describe("files beside an image", () => {
  it.each([
    ["scan.tif", "scan.tif.ovr", /\.ovr/],
    ["scan.tif", "scan.tif.msk", /GDAL_TIFF_INTERNAL_MASK/],
    ["scan.tif", "scan.tif.aux.xml", /\.aux\.xml/],
    ["scan.tif", "scan.tif.vat.dbf", /\.vat\.dbf/],
    ["scan.tif", "scan.tfw", /world file/],
    ["scan.tif", "scan.tifw", /world file/],
    ["scan.tif", "scan.wld", /world file/],
    ["scan.tif", "scan.tif.OVR", /\.ovr/],
    ["scan.tif", "scan.TFW", /world file/],
    ["a.b.tif", "a.b.tfw", /world file/],
    ["no-ending", "no-ending.msk", /\.msk/],
  ])("of %s are not read, which is told: %s", async (name, beside, message) => {
    const warnings = await besides(name, tiff(), [beside]);
    expect(warnings).toEqual([
      { code: "SIDECAR_NOT_READ", message: expect.stringMatching(message), channel: null } satisfies Record<
        keyof ImageWarning,
        unknown
      >,
    ]);
    expect(JSON.stringify(warnings)).not.toContain(name);
  });

  it("of plain images are told too", async () => {
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    expect(codes(await besides("a.png", png, ["a.pgw", "a.png.aux.xml"]))).toEqual([
      "SIDECAR_NOT_READ",
      "SIDECAR_NOT_READ",
    ]);
    expect(await besides("a.png", png, [])).toEqual([]);
  });

  it("of other images are none of its own", async () => {
    expect(await besides("scan.tif", tiff(), ["scan2.tif.ovr", "can.tfw", "scan.tif.bak", "scan.xml"])).toEqual([]);
  });

  it("that tell its place are of no use where it does so itself", async () => {
    expect(await besides("scan.tif", tiff({ ...IMAGE, tags: { ...PLACED } }), ["scan.tfw"])).toEqual([]);
  });
});

/** A profile that is nothing but its name, as version 2 and version 4 write it. */
function profile(name: string, version: 2 | 4): Uint8Array {
  const text = version === 2 ? Buffer.from(`${name}\0`, "latin1") : Buffer.from(name, "utf16le").swap16();
  const head = Buffer.alloc(version === 2 ? 12 : 28);
  head.write(version === 2 ? "desc" : "mluc");
  head.writeUInt32BE(version === 2 ? text.length : 1, 8);
  if (version === 4) {
    head.writeUInt32BE(text.length, 20);
    head.writeUInt32BE(28, 24);
  }
  const table = Buffer.alloc(28);
  table.writeUInt32BE(2);
  table.write("cprt", 4);
  table.write("desc", 16);
  table.writeUInt32BE(156, 20);
  return Buffer.concat([Buffer.alloc(128), table, head, text, Buffer.alloc(16)]);
}

const profiled = (bytes: Uint8Array) =>
  warningsOf({ ...IMAGE, samples: 3, tags: { [TAG.photometric]: short(2), 34675: undefinedBytes(...bytes) } });

describe("a color profile", () => {
  it.each([
    ["Display P3", 4],
    ["Adobe RGB (1998)", 2],
    ["sRGB-elle-V2-g10.icc", 2],
    ["sRGBZ", 2],
  ] as const)("that is %s by its name alone is not applied, which is told", async (name, version) => {
    expect(codes(await profiled(profile(name, version)))).toEqual(["PROFILE_NOT_APPLIED"]);
  });

  it.each([
    ["sRGB IEC61966-2.1", 2],
    ["sRGB", 4],
    ["sRGB2014", 2],
    ["c2", 2],
  ] as const)("that is %s has nothing to tell", async (name, version) => {
    expect(await profiled(profile(name, version))).toEqual([]);
  });

  it.each([[Buffer.alloc(10)], [Buffer.alloc(132, 0xff)], [profile("sRGB", 2).subarray(0, 160)]])(
    "that is cut off is one that is not known",
    async (bytes) => {
      expect(codes(await profiled(bytes))).toEqual(["PROFILE_NOT_APPLIED"]);
    },
  );

  it("in a JPEG is told where it is not sRGB", async () => {
    const image = () => sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } }).jpeg();
    const of = async (icc: string) => codes(await besides("a.jpg", await image().withIccProfile(icc).toBuffer(), []));
    expect([await of("p3"), await of("srgb")]).toEqual([["COLORS_CONVERTED"], []]);
  });
});

describe("a TIFF file", () => {
  it.each<[string, DirectorySpec, string]>([
    ["inks", { ...IMAGE, samples: 4, tags: { [TAG.photometric]: short(5) } }, "COLORS_NOT_CONVERTED"],
    ["L*a*b*", { ...IMAGE, samples: 3, tags: { [TAG.photometric]: short(8) } }, "COLORS_CONVERTED"],
    [
      "L*a*b* of floats",
      { ...IMAGE, samples: 3, type: "float32", tags: { [TAG.photometric]: short(8) } },
      "COLORS_NOT_CONVERTED",
    ],
    ["samples of no format", { ...IMAGE, tags: { [TAG.sampleFormat]: short(4) } }, "TYPE_GUESSED"],
    ["GDAL metadata that break off", { ...IMAGE, gdalMetadata: "<GDALMetadata><Item" }, "METADATA_NOT_USED"],
    [
      "a place in a system without a code",
      { ...IMAGE, tags: { ...PLACED, [TAG.geoKeyDirectory]: short(1, 1, 0, 1, 3072, 0, 1, 32_767) } },
      "CRS_NOT_KNOWN",
    ],
    [
      "a level of another kind",
      { width: 40, height: 40, children: [{ width: 20, height: 20, samples: 2, reduced: true }] },
      "LEVELS_NOT_USED",
    ],
    [
      "a level a third of its size",
      { width: 600, height: 600, children: [{ width: 200, height: 200, reduced: true }] },
      "LEVELS_NOT_USED",
    ],
  ])("tells of %s", async (_, spec, code) => {
    expect(codes(await warningsOf(spec))).toEqual([code]);
  });

  it("has nothing to tell of where it is as it should be", async () => {
    const half = { width: 40, height: 20, reduced: true };
    expect(await warningsOf({ width: 80, height: 40, tags: { ...PLACED }, children: [half] })).toEqual([]);
  });
});

describe("levels", () => {
  const full = { width: 5000, height: 3001 };

  it("that are halves, rounded either way and however small, are used", () => {
    const halves = [full, { width: 2500, height: 1500 }, { width: 625, height: 375 }, { width: 4, height: 2 }];
    expect(unusedLevelsWarning(full, halves)).toEqual([]);
  });

  it("that are not are counted", () => {
    const [warning] = unusedLevelsWarning(
      full,
      [full, { width: 2571, height: 1543 }, { width: 2500, height: 1500 }],
      2,
    );
    expect(warning?.message).toMatch(/^3 stored levels/);
  });
});

describe("warnings", () => {
  const note = (channel: number | null, message = "It is odd.") => imageWarning("METADATA_NOT_USED", message, channel);

  it("that several channels share are about the image", () => {
    expect(boundedWarnings([note(0), note(1), note(2)])).toEqual([note(null)]);
    expect(boundedWarnings([note(1), note(1)])).toEqual([note(1)]);
    expect(boundedWarnings([note(1), note(0, "Else.")])).toEqual([note(1), note(0, "Else.")]);
  });

  it("are bounded in number, and the rest are counted", () => {
    const kept = boundedWarnings(Array.from({ length: 100 }, (_, index) => note(index, `It is odd ${index}.`)));
    expect(kept).toHaveLength(32);
    expect(kept.at(-1)).toEqual({ code: "MORE_WARNINGS", message: "There are 69 more warnings.", channel: null });
    expect(boundedWarnings(kept)).toEqual(kept);
  });

  it("of the files of a set name the file", async () => {
    writeFileSync(join(folder, "one.tif"), tiff());
    writeFileSync(join(folder, "two.tif"), tiff({ ...IMAGE, tags: { [TAG.photometric]: short(0) } }));
    writeFileSync(join(folder, "set.channels.yaml"), "files:\n  - one.tif\n  - two.tif\n");
    const { info } = await openLocal(join(folder, "set.channels.yaml"));
    expect(info.warnings).toEqual([
      { code: "VALUES_INVERTED", message: expect.stringMatching(/^File 2: Its numbers/), channel: null },
    ]);
  });

  it("cross threads as they are", async () => {
    const { info } = await openTiff(new MemoryStore(tiff({ ...IMAGE, tags: { [TAG.photometric]: short(0) } })));
    expect(structuredClone(info)).toEqual(info);
  });
});
