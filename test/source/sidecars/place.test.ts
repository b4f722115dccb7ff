import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { geographicBounds, withPlaceWarning } from "../../../src/service/geography/index.ts";
import { type DirectorySpec, double, short, TAG } from "../../fixtures/tiff-builder.ts";
import { codes, type Files, openWith, pam, tiff } from "./support.ts";

/** A name, the method and the parameters of a projection, what its text holds, and the meters of its unit where it has another. */
type Spelled = readonly [string, string, string, (readonly [string, number])[], number?];

const IMAGE: DirectorySpec = { width: 20, height: 10 };
const PLACED: DirectorySpec = {
  ...IMAGE,
  tags: {
    [TAG.modelPixelScale]: double(10, 10, 0),
    [TAG.modelTiepoint]: double(0, 0, 0, 500_000, 5_000_000, 0),
    [TAG.geoKeyDirectory]: short(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_619),
  },
};
const WORLD = "10.0\n0.0\n0.0\n-10.0\n400005.0\n4999995.0\n";
const UTM_ESRI =
  'PROJCS["WGS_1984_UTM_Zone_19N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-69.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]';
const UTM_GDAL =
  'PROJCS["WGS 84 / UTM zone 18N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]],PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",-75],UNIT["metre",1],AUTHORITY["EPSG","32618"]]';
const WKT2 =
  'GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["latitude",north],AXIS["longitude",east],ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",4326]]';
const quoted = (text: string) => text.replaceAll('"', "&quot;");
const georeferenceOf = async (files: Files) => (await openWith(files)).info.georeference;

describe("a world file", () => {
  it.each(["scan.tfw", "scan.tifw", "scan.wld", "scan.TFW"])("tells the place: %s", async (name) => {
    const source = await openWith({ "scan.tif": tiff(IMAGE), [name]: WORLD });
    expect(source.info.georeference).toEqual({ crs: null, crsName: null, affine: [10, 0, 400_000, 0, -10, 5_000_000] });
    expect(codes(source)).toEqual(["CRS_NOT_KNOWN"]);
  });

  it("turns and shears as it says", async () => {
    const georeference = await georeferenceOf({ "a.tif": tiff(IMAGE), "a.tfw": "2 1\n-1,5 -3 100 200" });
    expect(georeference?.affine).toEqual([2, -1.5, 99.75, 1, -3, 201]);
  });

  it("tells the place of a picture", async () => {
    const image = () => sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } });
    const png = await openWith({ "a.png": await image().png().toBuffer(), "a.pgw": WORLD, "a.prj": UTM_ESRI });
    expect(png.info).toMatchObject({
      georeference: { affine: [10, 0, 400_000, 0, -10, 5_000_000] },
      pixelSize: { x: 10, unit: "m" },
    });
    const turned = await image().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const jpeg = await openWith({ "a.jpg": turned, "a.jgw": WORLD });
    expect([codes(jpeg), jpeg.info.georeference]).toEqual([["SIDECAR_NOT_READ"], null]);
  });

  it.each<[string, string, string, RegExp]>([
    ["of five numbers", "scan.tfw", "1 2 3 4 5", /no six numbers/],
    ["of words", "scan.tfw", "<html><body>Not found, and no file</body></html>", /no six numbers|other than numbers/],
    ["of numbers that are none", "scan.tfw", "1 2 3 4 5 0x10", /other than numbers/],
    ["of pixels without size", "scan.tfw", "0 0 0 0 5 6", /no size/],
    ["of a megabyte", "scan.tfw", " ".repeat(2 ** 20), /1048576 bytes, where 4096/],
  ])("%s is told and not read", async (_, name, text, reason) => {
    const source = await openWith({ "scan.tif": tiff(IMAGE), [name]: text });
    expect(source.info.warnings[0]).toMatchObject({
      code: "SIDECAR_NOT_READ",
      message: expect.stringMatching(reason),
    });
    expect(source.info.georeference).toBeNull();
  });

  it("is of no use where the file tells its place", async () => {
    for (const world of [WORLD, "damaged"]) {
      const source = await openWith({ "scan.tif": tiff(PLACED), "scan.tfw": world, "scan.prj": "damaged" });
      expect(source.info.georeference).toMatchObject({
        crs: "EPSG:32619",
        affine: [10, 0, 500_000, 0, -10, 5_000_000],
      });
      expect(codes(source)).toEqual([]);
    }
  });
});

describe("a reference system beside an image", () => {
  it.each([
    ["a code in GDAL's words", UTM_GDAL, { crs: "EPSG:32618", crsName: "WGS 84 / UTM zone 18N" }],
    ["a code in words of WKT 2", WKT2, { crs: "EPSG:4326", ground: { radians: 0.0174532925199433 } }],
    ["the system of web maps", 'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere"]', { crs: "EPSG:3857" }],
    [
      "what Esri spells out",
      UTM_ESRI,
      {
        crs: null,
        ground: { meters: 1, radians: null },
        spelled: {
          projection: "+proj=tmerc +lat_0=0 +lon_0=-69 +k=0.9996 +x_0=500000 +y_0=0 +units=m",
          base: "EPSG:4326",
        },
      },
    ],
  ])("is read: %s", async (_, wkt, expected) => {
    const source = await openWith({ "scan.tif": tiff(IMAGE), "scan.tfw": WORLD, "scan.prj": wkt });
    expect(codes(source)).toEqual([]);
    expect(source.info.georeference).toMatchObject(expected);
  });

  it("gives the same bounds by its code and spelled out", async () => {
    const boundsOf = async (wkt: string) =>
      geographicBounds((await openWith({ "scan.tif": tiff(IMAGE), "scan.tfw": WORLD, "scan.prj": wkt })).info);
    const [spelled, coded] = [await boundsOf(UTM_ESRI), await boundsOf(UTM_GDAL.replace('"32618"', '"32619"'))];
    expect(spelled?.west).toBeCloseTo(coded?.west ?? 0, 9);
    expect(spelled?.north).toBeCloseTo(coded?.north ?? 0, 9);
  });

  it.each([
    [
      "a conic of Lambert",
      "Lambert_Conformal_Conic",
      "lat_1=40 +lat_2=50 +lat_0=30",
      [
        ["Standard_Parallel_1", 40],
        ["Standard_Parallel_2", 50],
        ["Latitude_Of_Origin", 30],
      ],
    ],
    [
      "a polar projection",
      "Stereographic_South_Pole",
      "lon_0=7 +x_0=0 +y_0=0 +lat_0=-90",
      [
        ["Standard_Parallel_1", -71],
        ["Central_Meridian", 7],
      ],
    ],
    ["lengths in feet", "Transverse_Mercator", "x_0=304.8", [["False_Easting", 1000]], 0.3048],
  ] satisfies readonly Spelled[])("is spelled out: %s", async (_, method, words, parameters, unit = 1) => {
    const geographic = UTM_ESRI.slice(UTM_ESRI.indexOf("GEOGCS"), UTM_ESRI.indexOf(",PROJECTION"));
    const list = parameters.map(([name, value]) => `PARAMETER["${name}",${value}]`).join(",");
    const wkt = `PROJCS["x",${geographic},PROJECTION["${method}"],${list},UNIT["u",${unit}]]`;
    const georeference = await georeferenceOf({ "a.tif": tiff(IMAGE), "a.tfw": WORLD, "a.prj": wkt });
    expect(georeference?.spelled?.projection).toContain(words);
  });

  /** Esri's text for a datum by its name and that of its ellipsoid. */
  const esri = (datum: string, a: number, rf: number, meridian = 0) =>
    `GEOGCS["GCS",DATUM["${datum}",SPHEROID["x",${a},${rf}]],PRIMEM["x",${meridian}],UNIT["Degree",0.0174532925199433]]`;

  it.each([
    ["D_Tokyo", 6_377_397.155, 299.1528128, "EPSG:4301"],
    ["D_Amersfoort", 6_377_397.155, 299.1528128, "EPSG:4289"],
    ["D_Deutsches_Hauptdreiecksnetz", 6_377_397.155, 299.1528128, "EPSG:4314"],
    ["Pulkovo 1942", 6_378_245, 298.3, "EPSG:4284"],
    ["North_American_Datum_1927", 6_378_206.4, 294.9786982, "EPSG:4267"],
    ["D_ETRS_1989", 6_378_137, 298.257222101, "EPSG:4258"],
    ["D_Mine", 6_377_397.155, 299.1528128, "+a=6377397.155 +rf=299.1528128"],
  ])("knows the shift of a datum by its name: %s", async (datum, a, rf, base) => {
    const files = { "a.tif": tiff(IMAGE), "a.tfw": "0.01\n0\n0\n-0.01\n8\n50\n", "a.prj": esri(datum, a, rf) };
    const source = await openWith(files);
    expect(source.info.georeference?.spelled).toEqual({ projection: "+proj=longlat", base });
    const due = base.startsWith("EPSG") ? [] : ["DATUM_NOT_KNOWN"];
    expect((await withPlaceWarning(source.info)).warnings.map(({ code }) => code)).toEqual(due);
  });

  it("is not known where a datum by its name is counted from another meridian", async () => {
    const wkt = esri("D_NTF", 6_378_249.2, 293.4660213, 2.33722917);
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tfw": WORLD, "a.prj": wkt });
    expect([codes(source), source.info.georeference?.spelled]).toEqual([["CRS_NOT_KNOWN"], undefined]);
  });

  it.each([
    ["is no WKT", "GEOGCS[", ["SIDECAR_NOT_READ"]],
    ["is nested without end", "A[".repeat(1000), ["SIDECAR_NOT_READ"]],
    ["has a projection that is not known", UTM_ESRI.replace("Transverse_Mercator", "Bonne"), []],
  ])("is told where it %s", async (_, wkt, warnings) => {
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tfw": WORLD, "a.prj": wkt });
    expect(codes(source)).toEqual(["CRS_NOT_KNOWN", ...warnings]);
    expect(source.info.georeference?.affine[0]).toBe(10);
  });
});

describe("a place beside an image that is not read", () => {
  const TABLE = "!table\n!version 300\nDefinition Table\n";

  it.each([
    ["a table of MapInfo", "scan.tab", TABLE, /MapInfo/],
    ["a model of the camera", "scan.RPB", "satId", /camera.*gdalwarp -rpc/],
    ["a model of the camera in the words of others", "scan_RPC.TXT", "LINE_OFF: 1", /camera.*gdalwarp -rpc/],
  ])("is told: %s", async (_, name, text, message) => {
    const lost = await openWith({ "scan.tif": tiff(IMAGE), [name]: text });
    expect(lost.info.warnings).toEqual([
      expect.objectContaining({ code: "SIDECAR_NOT_READ", message: expect.stringMatching(message) }),
    ]);
    expect(codes(await openWith({ "scan.tif": tiff(PLACED), [name]: text }))).toEqual([]);
  });

  it("is none where another program has a file of that name", async () => {
    expect(codes(await openWith({ "scan.tif": tiff(IMAGE), "scan.tab": "a\tb\n" }))).toEqual([]);
  });
});

describe("a place in metadata beside an image", () => {
  const transform = "<GeoTransform> 4.0e+05, 20, 0, 6.0e+06, 0,-20</GeoTransform>";

  it("goes before that of the file, and that before a world file", async () => {
    const xml = pam([], `<SRS dataAxisToSRSAxisMapping="1,2">${quoted(UTM_GDAL)}</SRS>${transform}`);
    const source = await openWith({ "a.tif": tiff(PLACED), "a.tif.aux.xml": xml, "a.tfw": WORLD });
    expect(codes(source)).toEqual([]);
    expect(source.info.georeference).toMatchObject({ crs: "EPSG:32618", affine: [20, 0, 400_000, 0, -20, 6_000_000] });
    expect(source.info.pixelSize).toEqual({ x: 20, y: 20, unit: "m" });
  });

  it("may name the system alone, or the grid alone", async () => {
    const system = pam([], "<SRS>EPSG:32618</SRS>");
    expect(await georeferenceOf({ "a.tif": tiff(PLACED), "a.tif.aux.xml": system })).toMatchObject({
      crs: "EPSG:32618",
      affine: [10, 0, 500_000, 0, -10, 5_000_000],
    });
    expect(await georeferenceOf({ "a.tif": tiff(IMAGE), "a.tfw": WORLD, "a.tif.aux.xml": system })).toMatchObject({
      crs: "EPSG:32618",
      affine: [10, 0, 400_000, 0, -10, 5_000_000],
    });
    expect(await georeferenceOf({ "a.tif": tiff(PLACED), "a.tif.aux.xml": pam([], transform) })).toMatchObject({
      crs: "EPSG:32619",
      affine: [20, 0, 400_000, 0, -20, 6_000_000],
    });
  });

  it("by points is told and not used", async () => {
    const xml = pam([], '<GCPList Projection=""><GCP Id="1" Pixel="0" Line="0" X="1" Y="2"/></GCPList>');
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tif.aux.xml": xml });
    expect([codes(source), source.info.georeference]).toEqual([["PLACE_NOT_KNOWN"], null]);
  });

  it("whose system is no WKT is told", async () => {
    const xml = pam([], `<SRS>?</SRS>${transform}`);
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tif.aux.xml": xml });
    expect(codes(source).toSorted()).toEqual(["CRS_NOT_KNOWN", "SIDECAR_NOT_READ"]);
  });
});
