import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { ascii, buildTiff, type DirectorySpec, double, type Field, short, TAG } from "../../fixtures/tiff-builder.ts";

/** RPCCoefficientTag of RPCs in GeoTIFF. */
const CAMERA = 50_844;
const SCALE = double(10, 20, 0);
const TIE = double(0, 0, 0, 399_960, 4_800_000, 0);
const [MODEL, RASTER, CITATION, GEOGRAPHIC, PROJECTED, PROJECTED_CITATION, UNITS] = [
  ...[1024, 1025, 1026, 2048, 3072, 3073, 3076],
];

type Key =
  | readonly [key: number | undefined, value: number]
  | readonly [key: number | undefined, tag: number, count: number, value: number];

function keys(...all: readonly Key[]): Field {
  const words = all.flatMap((key) => (key.length === 2 ? [key[0] ?? 0, 0, 1, key[1]] : key.map((word) => word ?? 0)));
  return short(1, 1, 0, all.length, ...words);
}

async function infoOf(tags: NonNullable<DirectorySpec["tags"]>) {
  const { info } = await openTiff(new MemoryStore(buildTiff({ directories: [{ width: 8, height: 6, tags }] })));
  return info;
}

describe("a georeference", () => {
  it("is scale and tie point, wherever the point is tied", async () => {
    const at = async (tie: Field) =>
      (await infoOf({ [TAG.modelPixelScale]: SCALE, [TAG.modelTiepoint]: tie })).georeference?.affine;
    expect(await at(TIE)).toEqual([10, 0, 399_960, 0, -20, 4_800_000]);
    expect(await at(double(3, 2, 0, 399_990, 4_799_960, 0))).toEqual([10, 0, 399_960, 0, -20, 4_800_000]);
  });

  it("is a matrix where one is given", async () => {
    const matrix = double(1, 2, 0, 3, 4, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1);
    const { georeference } = await infoOf({
      [TAG.modelTransformation]: matrix,
      [TAG.modelPixelScale]: SCALE,
      [TAG.modelTiepoint]: TIE,
    });
    expect(georeference?.affine).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("counts from corners also where the file counts from centres", async () => {
    const { georeference } = await infoOf({
      [TAG.modelPixelScale]: SCALE,
      [TAG.modelTiepoint]: TIE,
      [TAG.geoKeyDirectory]: keys([RASTER, 2]),
    });
    expect(georeference?.affine).toEqual([10, 0, 399_955, 0, -20, 4_800_010]);
  });

  it.each<[string, readonly Key[], string | null, string | null]>([
    [
      "projected",
      [
        [MODEL, 1],
        [PROJECTED, 32_619],
      ],
      "EPSG:32619",
      "m",
    ],
    [
      "projected, its geographic base named too",
      [
        [MODEL, 1],
        [GEOGRAPHIC, 4326],
        [PROJECTED, 32_619],
      ],
      "EPSG:32619",
      "m",
    ],
    [
      "projected in feet",
      [
        [MODEL, 1],
        [PROJECTED, 2263],
        [UNITS, 9003],
      ],
      "EPSG:2263",
      "ft",
    ],
    [
      "projected in a unit of its own",
      [
        [MODEL, 1],
        [PROJECTED, 32_767],
        [UNITS, 32_767],
      ],
      null,
      null,
    ],
    [
      "geographic",
      [
        [MODEL, 2],
        [GEOGRAPHIC, 4326],
      ],
      "EPSG:4326",
      "degree",
    ],
    ["geographic without a model type", [[GEOGRAPHIC, 4326]], "EPSG:4326", "degree"],
    [
      "user-defined",
      [
        [MODEL, 1],
        [PROJECTED, 32_767],
      ],
      null,
      "m",
    ],
    [
      "undefined",
      [
        [MODEL, 1],
        [PROJECTED, 0],
      ],
      null,
      "m",
    ],
  ])("has a code and a unit: %s", async (_, all, crs, unit) => {
    const tags = { [TAG.modelPixelScale]: SCALE, [TAG.modelTiepoint]: TIE, [TAG.geoKeyDirectory]: keys(...all) };
    const { georeference, pixelSize } = await infoOf(tags);
    expect(georeference?.crs).toBe(crs);
    expect(pixelSize).toEqual(unit === null ? null : { x: 10, y: 20, unit });
  });

  it("has the name that is cited, of the system before that of the file", async () => {
    const text = "Whole file|Moon 2000|";
    const place = { [TAG.modelPixelScale]: SCALE, [TAG.modelTiepoint]: TIE, [TAG.geoAscii]: ascii(text) };
    const name = async (...all: readonly Key[]) =>
      (await infoOf({ ...place, [TAG.geoKeyDirectory]: keys([MODEL, 1], [PROJECTED, 32_767], ...all) })).georeference
        ?.crsName;
    expect(await name([CITATION, 34_737, 11, 0])).toBe("Whole file");
    expect(await name([CITATION, 34_737, 11, 0], [PROJECTED_CITATION, 34_737, 10, 11])).toBe("Moon 2000");
    expect(await name([CITATION, 34_737, 500, 400])).toBeNull();
    expect(await name([CITATION, 34_736, 1, 0])).toBeNull();
    expect(await name()).toBeNull();
  });

  it.each<[string, NonNullable<DirectorySpec["tags"]>]>([
    ["a tie point alone", { [TAG.modelTiepoint]: TIE }],
    ["a scale alone", { [TAG.modelPixelScale]: SCALE }],
    ["a scale of zero", { [TAG.modelPixelScale]: double(0, 0, 0), [TAG.modelTiepoint]: TIE }],
    ["a scale that is no number", { [TAG.modelPixelScale]: double(Number.NaN, 1, 0), [TAG.modelTiepoint]: TIE }],
    ["a matrix of three numbers", { [TAG.modelTransformation]: double(1, 2, 3) }],
    ["a matrix that folds the plane", { [TAG.modelTransformation]: double(1, 2, 0, 3, 2, 4, 0, 6) }],
    ["a tie point of three numbers", { [TAG.modelPixelScale]: SCALE, [TAG.modelTiepoint]: double(0, 0, 0) }],
  ])("is left out with a warning where it is none: %s", async (_, tags) => {
    const { georeference, pixelSize, warnings } = await infoOf(tags);
    expect([georeference, pixelSize]).toEqual([null, null]);
    expect(warnings).toEqual([
      expect.objectContaining({ code: "PLACE_NOT_KNOWN", message: expect.stringMatching(/GeoTIFF/) }),
    ]);
  });

  it.each<[string, RegExp, NonNullable<DirectorySpec["tags"]>]>([
    [
      "ground control points",
      /control points/,
      { [TAG.modelTiepoint]: double(...[0, 0, 0, 10, 50, 0], ...[9, 9, 0, 11, 49, 0]) },
    ],
    ["a model of its camera", /camera \(RPC\)/, { [CAMERA]: double(...Array(92).fill(1)) }],
  ])("is left out with a warning where it is told by %s", async (_, message, tags) => {
    const { georeference, warnings } = await infoOf(tags);
    expect(georeference).toBeNull();
    expect(warnings).toEqual([
      expect.objectContaining({ code: "PLACE_NOT_KNOWN", message: expect.stringMatching(message) }),
    ]);
  });

  it("needs no model of a camera where it has a grid", async () => {
    const tags = { [TAG.modelPixelScale]: SCALE, [TAG.modelTiepoint]: TIE, [CAMERA]: double(1) };
    const { georeference, warnings } = await infoOf({
      ...tags,
      [TAG.geoKeyDirectory]: keys([MODEL, 1], [PROJECTED, 32_633]),
    });
    expect([georeference?.crs, warnings]).toEqual(["EPSG:32633", []]);
  });

  it("is none, without a warning, where each pixel lies at its own number", async () => {
    const identity = double(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    const { georeference, pixelSize, warnings } = await infoOf({ [TAG.modelTransformation]: identity });
    expect([georeference, pixelSize, warnings]).toEqual([null, null, []]);
  });

  it("is none, without a warning, where there are keys but no place; keys cut off are passed over", async () => {
    const alone = await infoOf({ [TAG.geoKeyDirectory]: keys([MODEL, 1]) });
    expect([alone.georeference, alone.warnings]).toEqual([null, []]);
    const cut = await infoOf({
      [TAG.modelPixelScale]: SCALE,
      [TAG.modelTiepoint]: TIE,
      [TAG.geoKeyDirectory]: short(1, 1, 0, 9, 3072, 0, 1),
    });
    expect(cut.georeference).toEqual({ crs: null, crsName: null, affine: [10, 0, 399_960, 0, -20, 4_800_000] });
  });
});
