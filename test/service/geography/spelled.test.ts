import { describe, expect, it } from "vitest";
import { geographicBounds } from "../../../src/service/geography/index.ts";
import { withPlaceWarning } from "../../../src/service/geography/place-warning.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { geoFields } from "../../../src/source/tiff/write-geo.ts";
import type { Georeference, ImageInfo } from "../../../src/source/types.ts";
import { type GeoKey, geoTags } from "../../fixtures/geo-tags.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { ascii, buildTiff, type DirectorySpec, double, type Field, short } from "../../fixtures/tiff-builder.ts";
import { SPELLED, type SpelledCase } from "./spelled-systems.ts";

type Bounds = readonly [west: number, south: number, east: number, north: number];

async function infoOf(tags: DirectorySpec["tags"], side = 8): Promise<ImageInfo> {
  const directory = { width: side, height: side, ...(tags ? { tags } : {}) };
  return (await openTiff(new MemoryStore(buildTiff({ directories: [directory] })))).info;
}

const opened = ({ keys, grid: [pixel, x, y, side] }: SpelledCase) =>
  infoOf(geoTags([pixel, pixel], [x, y], keys), side);

async function expectBounds(image: Parameters<typeof geographicBounds>[0], expected: Bounds, digits = 6) {
  const found = await geographicBounds(image);
  expect(found).not.toBeNull();
  const values = [found?.west, found?.south, found?.east, found?.north];
  for (const [index, value] of expected.entries())
    expect(Math.abs((values[index] ?? Number.NaN) - value), `${values} for ${expected}`).toBeLessThan(10 ** -digits);
}

/** What our writer makes of a place, as the builder of test files takes it. */
function writtenTags(georeference: Georeference, side: number): DirectorySpec["tags"] {
  const fields = geoFields(georeference, { width: side, height: side });
  return Object.fromEntries(
    [...fields].map(([tag, field]): [number, Field] => {
      if ("text" in field) return [tag, ascii(field.text)];
      const values = "values" in field ? Array.from(field.values, Number) : [];
      return [tag, field.type === "double" ? double(...values) : short(...values)];
    }),
  );
}

describe("a reference system that a file spells out", () => {
  it.each(SPELLED)("has the bounds that PROJ gives it: $name", async (one) => {
    const info = await opened(one);
    await expectBounds(info, one.bounds);
    expect(info.warnings).toEqual([]);
    // An ellipsoid alone tells no datum.
    const due = one.name === "longlat_clrk66" ? ["DATUM_NOT_KNOWN"] : [];
    expect((await withPlaceWarning(info)).warnings.map(({ code }) => code)).toEqual(due);
  });

  it.each(SPELLED)("is written as it was read: $name", async (one) => {
    const { georeference } = await opened(one);
    if (!georeference) throw new Error("It has no place.");
    const side = one.grid[3];
    const again = await infoOf(writtenTags(georeference, side), side);
    expect(again.georeference?.spelled).toEqual(georeference.spelled);
    expect(again.georeference?.ground).toEqual(georeference.ground);
    await expectBounds(again, one.bounds);
  });

  const utm = (...more: readonly GeoKey[]): readonly GeoKey[] => [[1024, 1], [3072, 32_767], ...more];
  it.each<[string, readonly GeoKey[], string, string]>([
    ["a zone on a datum by code", utm([2048, 4267], [3074, 16_111]), "+proj=utm +zone=11 +south +units=m", "EPSG:4267"],
    [
      "a zone on nothing that is told: WGS 84, as for GDAL",
      utm([3074, 16_033]),
      "+proj=utm +zone=33 +units=m",
      "+a=6378137 +rf=298.257223563",
    ],
    [
      "an ellipsoid by code and a meridian by name",
      utm([2056, 7011], [2051, 8903], [3074, 16_031]),
      "+proj=utm +zone=31 +units=m",
      "+a=6378249.2 +rf=293.4660212936269 +pm=paris",
    ],
    [
      "an ellipsoid by both axes",
      utm([2057, [6_378_206.4]], [2058, [6_356_583.8]], [3074, 16_031]),
      "+proj=utm +zone=31 +units=m",
      "+a=6378206.4 +rf=294.9786982138982",
    ],
    [
      "lengths in a unit of its own",
      utm(
        [2048, 4326],
        [3074, 32_767],
        [3075, 24],
        [3076, 32_767],
        [3077, [20]],
        [3088, [5]],
        [3082, [2]],
        [3083, [3]],
      ),
      "+proj=sinu +lon_0=5 +x_0=40 +y_0=60 +to_meter=20",
      "EPSG:4326",
    ],
    [
      "keys of a false origin where those of a natural one are usual",
      utm([2048, 4326], [3075, 11], [3078, [30]], [3079, [40]], [3084, [7]], [3085, [8]], [3086, [9]], [3087, [10]]),
      "+proj=aea +lat_1=30 +lat_2=40 +lat_0=8 +lon_0=7 +x_0=9 +y_0=10 +units=m",
      "EPSG:4326",
    ],
  ])("is told by %s", async (_, keys, projection, base) => {
    const { georeference } = await infoOf(geoTags([10, 10], [500_000, 4_000_000], keys));
    expect(georeference?.spelled).toEqual({ projection, base });
  });

  it.each<[string, readonly GeoKey[]]>([
    ["a projection that is not known", utm([3075, 2])],
    ["parallels that are missing", utm([3075, 11], [3080, [7]])],
    ["a parallel that is no number", utm([3075, 11], [3078, [Number.NaN]], [3079, [40]])],
    ["a length beyond all measure", utm([3075, 24], [3082, [1e300]])],
    ["a unit that is not known", utm([3074, 16_031], [3076, 9999])],
    ["a zone beyond the last one", utm([3074, 16_061])],
    [
      "grads",
      [
        [1024, 2],
        [2048, 32_767],
        [2054, 9105],
      ],
    ],
    ["nothing but that there is one", utm()],
  ])("is not known, with a warning, by %s", async (_, keys) => {
    const { georeference, warnings } = await infoOf(geoTags([10, 10], [500_000, 4_000_000], keys));
    expect([georeference?.crs, georeference?.spelled]).toEqual([null, undefined]);
    expect(warnings.map(({ code, message }) => [code, /neither a code nor spelled out/.test(message)])).toEqual([
      ["CRS_NOT_KNOWN", true],
    ]);
  });

  const MOLLWEIDE =
    'PROJCS["World_Mollweide",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mollweide"],PARAMETER["Central_Meridian",0.0],UNIT["Meter",1.0]]';
  /** GDAL's keys of a projection that GeoTIFF has none for. */
  const esri = (wkt: string): readonly GeoKey[] => [
    ...([
      [1024, 32_767],
      [1026, "World_Mollweide"],
      [2048, 32_767],
      [2050, 6326],
      [2054, 9102],
    ] as const),
    ...([
      [2057, [6_378_137]],
      [2059, [298.257223563]],
      [3073, `ESRI PE String = ${wkt}`],
      [3076, 9001],
    ] as const),
  ];

  it("is told by Esri's text where keys have no words for it", async () => {
    const info = await infoOf(geoTags([3000, 3000], [926_166.43, 5_669_949.72], esri(MOLLWEIDE)), 300);
    expect(info.warnings).toEqual([]);
    expect(info.georeference).toMatchObject({ crsName: "World_Mollweide", ground: { meters: 1, radians: null } });
    // PROJ 9.7.
    await expectBounds(info, [10.8880466, 39.8260786, 23.4284328, 48.0705813]);
  });

  it.each([
    ["of a projection that is not known", MOLLWEIDE.replace('["Mollweide', '["Goode_Homolosine')],
    ["that is damaged", MOLLWEIDE.slice(0, 200)],
  ])("is no degrees where Esri's text is one %s", async (_, wkt) => {
    const info = await infoOf(geoTags([100, 100], [926_166, 5_669_949], esri(wkt)));
    expect(info.warnings.map(({ code }) => code)).toEqual(["CRS_NOT_KNOWN"]);
    expect(info.georeference?.ground?.radians ?? null).toBeNull();
    expect(await geographicBounds(info)).toBeNull();
  });

  it("is missed where there are no keys at all", async () => {
    const { warnings } = await infoOf(geoTags([10, 10], [500_000, 4_000_000]));
    expect(warnings.map(({ code, message }) => [code, /names no reference system/.test(message)])).toEqual([
      ["CRS_NOT_KNOWN", true],
    ]);
  });
});

describe("a place without bounds", () => {
  const place = (georeference: Partial<Georeference>): ImageInfo => ({
    ...BARE,
    georeference: { crs: null, crsName: null, affine: [1, 0, 0, 0, -1, 0], ...georeference },
  });
  let BARE: ImageInfo;

  it.each<[string, Partial<Georeference>, string, RegExp]>([
    ["a code that nobody knows", { crs: "EPSG:31001" }, "CRS_NOT_KNOWN", /\(EPSG:31001\) is none of the registry/],
    [
      "another body",
      { crsName: "Moon", spelled: { projection: "+proj=longlat", base: "+a=1737400 +b=1737400" } },
      "CRS_NOT_KNOWN",
      /\(Moon\).*another body/,
    ],
    [
      "a projection that the library has for spheres alone",
      { crsName: "Ortho", spelled: { projection: "+proj=ortho +lat_0=45 +lon_0=10", base: "EPSG:4326" } },
      "CRS_NOT_KNOWN",
      /\(Ortho\).*projection that is not known/,
    ],
    [
      "meters that are called degrees",
      { crs: "EPSG:4326", affine: [10, 0, 5e5, 0, -10, 5e6] },
      "PLACE_NOT_KNOWN",
      /beyond/,
    ],
    [
      "meters about the equator",
      { crs: "EPSG:4326", affine: [1e3, 0, -4e3, 0, -1e3, 4e3] },
      "PLACE_NOT_KNOWN",
      /beyond/,
    ],
    [
      "pixels outside of the system",
      { crs: "EPSG:3035", affine: [1e6, 0, -5e7, 0, -1e6, 5e7] },
      "PLACE_NOT_KNOWN",
      /beyond/,
    ],
  ])("says so: %s", async (_, georeference, code, message) => {
    BARE = await infoOf(undefined);
    const info = place(georeference);
    expect(await geographicBounds(info)).toBeNull();
    const { warnings } = await withPlaceWarning(info);
    expect(warnings).toEqual([expect.objectContaining({ code, message: expect.stringMatching(message) })]);
  });

  it("says nothing more where there is no system, or none is missed", async () => {
    BARE = await infoOf(undefined);
    expect((await withPlaceWarning(BARE)).warnings).toEqual([]);
    expect((await withPlaceWarning(place({}))).warnings).toEqual([]);
    expect((await withPlaceWarning(place({ crs: "EPSG:4326" }))).warnings).toEqual([]);
  });
});

/** Outlines of square images, 2001 points a side, by PROJ 9.5.1 (pyproj 3.7.2) without grids. */
const SHIFTED: readonly (readonly [crs: string, affine: Georeference["affine"], side: number, bounds: Bounds])[] = [
  ["EPSG:26711", [30, 0, 440720, 0, -30, 3751320], 512, [-117.6420428, 33.7638422, -117.4751445, 33.9031222]],
  ["EPSG:26719", [30, 0, 400000, 0, -30, 4900000], 300, [-70.2520645, 44.1673869, -70.1377996, 44.2495763]],
  ["EPSG:26706", [30, 0, 500000, 0, -30, 7000000], 300, [-147.0022984, 63.0497649, -146.8238197, 63.1306504]],
  ["EPSG:26717", [30, 0, 450000, 0, -30, 2900000], 300, [-81.5003783, 26.1392726, -81.4099969, 26.220822]],
  ["EPSG:26715", [30, 0, 600000, 0, -30, 6000000], 300, [-91.4722577, 54.0577468, -91.3315738, 54.1404328]],
  ["EPSG:32039", [100, 0, 2000000, 0, -100, 400000], 300, [-100.3337135, 30.6841876, -100.2381896, 30.766711]],
  ["EPSG:27700", [50, 0, 300000, 0, -50, 800000], 300, [-3.651371, 56.9454187, -3.3989334, 57.083127]],
  ["EPSG:20355", [50, 0, 600000, 0, -50, 5800000], 300, [148.1393465, -38.0755762, 148.312423, -37.9386331]],
  ["EPSG:31467", [50, 0, 3500000, 0, -50, 5500000], 300, [8.9989636, 49.5016593, 9.2066195, 49.6367106]],
  ["EPSG:27200", [50, 0, 2500000, 0, -50, 6000000], 300, [172.8806472, -41.3418038, 173.0598673, -41.2066698]],
  ["EPSG:2048", [50, 0, 50000, 0, -50, 3700000], 300, [18.3011091, -33.4248804, 18.4632153, -33.2888428]],
  ["EPSG:23031", [50, 0, 400000, 0, -50, 4600000], 300, [1.7999361, 41.408479, 1.9818612, 41.5452968]],
  ["EPSG:28417", [30, 0, 17500000, 0, -30, 6200000], 300, [99.0000588, 55.8418981, 99.14402, 55.9228158]],
  ["EPSG:3563", [100, 0, 500000, 0, -100, 100000], 300, [-157.9972608, 21.3561986, -157.90905, 21.4388089]],
  ["EPSG:2326", [30, 0, 836694, 0, -30, 819069], 300, [114.1810064, 22.2292937, 114.268357, 22.3105952]],
  ["EPSG:3440", [30, 0, 550000, 0, -30, 2250000], 300, [57.4816085, 20.2679877, 57.5680878, 20.3495718]],
  ["EPSG:4267", [0.01, 0, -100, 0, -0.01, 40], 100, [-100.0004156, 39.0000101, -99.0003783, 40.0000003]],
];

describe("a datum with known shifts", () => {
  it.each(SHIFTED)("is shifted as PROJ does it: %s", async (crs, affine, side, bounds) => {
    await expectBounds({ width: side, height: side, georeference: { crs, crsName: null, affine } }, bounds);
  });
});
