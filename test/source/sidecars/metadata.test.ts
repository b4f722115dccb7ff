import { describe, expect, it } from "vitest";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";
import { codes, openWith, pam, tiff } from "./support.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 20, height: 10, value: (x, y) => (x + y) % 5 };

async function channelOf(band: string, image: DirectorySpec = IMAGE) {
  const source = await openWith({ "scan.tif": tiff(image), "scan.tif.aux.xml": pam([band]) });
  return source.info.channels[0];
}

describe("metadata beside an image", () => {
  it("tell a no-data value, name, unit, scale and wavelength of each band", async () => {
    const source = await openWith({
      "scan.tif": tiff({ ...IMAGE, samples: 2, type: "uint16" }),
      "scan.tif.aux.xml": pam([
        '<Description>B04</Description><NoDataValue le_hex_equiv="0000000000C05840">99</NoDataValue><UnitType>1</UnitType><Scale>0.0001</Scale><Offset>-0.1</Offset><Metadata domain="IMAGERY"><MDI key="CENTRAL_WAVELENGTH_UM">0.665</MDI></Metadata>',
        "<Metadata><MDI key='STATISTICS_MAXIMUM'>4</MDI><MDI key='COLOR'>#FF8000</MDI></Metadata><Histograms/>",
      ]),
    });
    expect(codes(source)).toEqual([]);
    expect(source.info.channels).toMatchObject([
      { name: "B04", nodata: 99, unit: "1", scale: 0.0001, offset: -0.1, wavelengthNm: 665, kind: "continuous" },
      { name: "b2", nodata: null, unit: null, scale: 1, offset: 0, window: null, color: "#ff8000" },
    ]);
  });

  it("go before what the file says, as for GDAL", async () => {
    const gdalMetadata = '<GDALMetadata><Item name="d" sample="0" role="description">old</Item></GDALMetadata>';
    const image: DirectorySpec = { ...IMAGE, nodata: "3", gdalMetadata };
    const told = await channelOf("<Description>new</Description><NoDataValue>2</NoDataValue>", image);
    expect(told).toMatchObject({ name: "new", nodata: 2 });
    expect(await channelOf("<Scale>2</Scale>", image)).toMatchObject({ name: "old", nodata: 3, scale: 2 });
  });

  it("name classes, and give them colors that are shown", async () => {
    const entries = [
      [0, 0, 0, 0],
      [255, 0, 0, 255],
      [0, 128, 0, 255],
      [0, 0, 0, 255],
    ];
    const table = entries.map(([c1, c2, c3, c4]) => `<Entry c1="${c1}" c2="${c2}" c3="${c3}" c4="${c4}"/>`).join("");
    const band = `<CategoryNames><Category>sea</Category><Category/><Category>forest</Category></CategoryNames><ColorTable>${table}</ColorTable>`;
    const source = await openWith({ "scan.tif": tiff(IMAGE), "scan.tif.aux.xml": pam([band]) });
    expect(source.info.channels.map(({ name }) => name)).toEqual(["b1", "red", "green", "blue"]);
    expect(source.info.channels[0]).toMatchObject({
      kind: "categorical",
      classes: [
        { value: 0, name: "sea", color: null },
        { value: 1, name: null, color: "#ff0000" },
        { value: 2, name: "forest", color: "#008000" },
      ],
    });
    // What is transparent has no color, and is a code like others.
    const green = Float32Array.from(expectedPlane(IMAGE, 0), (code) =>
      code === 0 ? Number.NaN : (entries[code]?.[1] ?? 0),
    );
    expect(planeDifference(await decoder.plane(source, { channel: 2 }), green)).toBeNull();
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(IMAGE, 0))).toBeNull();
    expect(codes(source)).toEqual([]);
  });

  it.each(["uint16", "int16", "int32", "float32"] as const)("give colors to codes of %s", async (type) => {
    const image: DirectorySpec = { ...IMAGE, type, value: (x) => x % 4 };
    const table = [0, 80, 160].map((red) => `<Entry c1="${red}" c2="0" c3="7" c4="${red === 80 ? 128 : 255}"/>`);
    const source = await openWith({
      "a.tif": tiff(image),
      "a.tif.aux.xml": pam([`<ColorTable>${table.join("")}</ColorTable>`]),
    });
    // Codes beyond the table are black.
    const due = Array.from({ length: 200 }, (_, at) => [0, 80, 160, 0][(at % 20) % 4] ?? 0);
    const red = type === "float32" ? Float32Array.from(due) : Uint8Array.from(due);
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), red)).toBeNull();
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "ALPHA_NOT_APPLIED", message: expect.stringMatching(/transparent in part/) }),
    ]);
  });

  it("name classes whose colors are in the file", async () => {
    const colors = Array.from({ length: 768 }, (_, at) => (at % 256 < 3 ? (at % 256) * 257 : 0));
    const image: DirectorySpec = { ...IMAGE, tags: { [TAG.photometric]: short(3), [TAG.colorMap]: short(...colors) } };
    const channel = await channelOf(
      "<CategoryNames><Category>a</Category><Category>b</Category></CategoryNames>",
      image,
    );
    expect(channel?.classes).toEqual([
      { value: 0, name: "a", color: "#000000" },
      { value: 1, name: "b", color: "#010101" },
      { value: 2, name: null, color: "#020202" },
    ]);
  });

  it("name classes in a table of attributes", async () => {
    const field = (name: string, usage: number) =>
      `<FieldDefn index="0"><Name>${name}</Name><Type>0</Type><Usage>${usage}</Usage></FieldDefn>`;
    const fields = [
      field("OID", 0),
      field("Value", 5),
      field("Class_Name", 0),
      field("R", 6),
      field("G", 7),
      field("B", 8),
    ];
    const rows = ["<F>0</F><F>11</F><F>water</F><F>0</F><F>0</F><F>255</F>", "<F>1</F><F>4</F><F>ice</F><F/><F/><F/>"];
    const table = `<GDALRasterAttributeTable tableType="thematic">${fields.join("")}${rows.map((one) => `<Row>${one}</Row>`).join("")}</GDALRasterAttributeTable>`;
    expect(await channelOf(table)).toMatchObject({
      kind: "categorical",
      classes: [
        { value: 4, name: "ice", color: null },
        { value: 11, name: "water", color: "#0000ff" },
      ],
    });
  });

  const column = (name: string, usage: number, type = 0) =>
    `<FieldDefn index="0"><Name>${name}</Name><Type>${type}</Type><Usage>${usage}</Usage></FieldDefn>`;
  const rows = (...all: readonly string[]) =>
    all
      .map(
        (row) =>
          `<Row>${row
            .split(",")
            .map((one) => `<F>${one}</F>`)
            .join("")}</Row>`,
      )
      .join("");

  it.each([
    [
      "whose rows stand for equal steps of values, as ERDAS Imagine has them",
      `<GDALRasterAttributeTable Row0Min="10" BinSize="1" tableType="thematic">${column("Red", 6)}${column("Green", 7)}${column("Blue", 8)}${column("Class_Names", 2, 2)}${rows("0,0,0,", "0,0,255,water", "0,0,0,coal", "0,0,0,")}</GDALRasterAttributeTable>`,
      [
        { value: 11, name: "water", color: "#0000ff" },
        { value: 12, name: "coal", color: "#000000" },
      ],
    ],
    [
      "whose colors are shares of one",
      `<GDALRasterAttributeTable>${column("VALUE", 0)}${column("RED", 0, 1)}${column("GREEN", 0, 1)}${column("BLUE", 0, 1)}${rows("3,0.2,1,0", "4,1,1,1")}</GDALRasterAttributeTable>`,
      [
        { value: 3, name: null, color: "#33ff00" },
        { value: 4, name: null, color: "#ffffff" },
      ],
    ],
  ])("name classes in a table %s", async (_, table, classes) => {
    expect(await channelOf(table)).toMatchObject({ kind: "categorical", classes });
  });

  it("tell of ranges of values that a table names, which are no classes", async () => {
    const table = `<GDALRasterAttributeTable>${column("Min", 3)}${column("Max", 4)}${column("Class", 2, 2)}${rows("0,9,low", "10,99,high")}</GDALRasterAttributeTable>`;
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tif.aux.xml": pam([table]) });
    expect(source.info.channels[0]).toMatchObject({ kind: "continuous", classes: null });
    expect(source.info.warnings).toEqual([
      expect.objectContaining({
        code: "METADATA_NOT_USED",
        message: expect.stringMatching(/ranges of values/),
        channel: 0,
      }),
    ]);
  });

  it("tell of values that mean no data in all bands together", async () => {
    const xml = pam([], '<Metadata><MDI key="NODATA_VALUES">0 0 0</MDI></Metadata>');
    const gdalMetadata = '<GDALMetadata><Item name="NODATA_VALUES">0 0 0</Item></GDALMetadata>';
    const image: DirectorySpec = { ...IMAGE, samples: 3 };
    const warning = { code: "NODATA_NOT_USED", message: expect.stringMatching(/"0 0 0" in all bands together/) };
    for (const files of [{ "a.tif": tiff(image), "a.tif.aux.xml": xml }, { "a.tif": tiff({ ...image, gdalMetadata }) }])
      expect((await openWith(files)).info.warnings).toEqual([expect.objectContaining(warning)]);
  });

  it("tell which bands are colors, and which is their opacity", async () => {
    const image: DirectorySpec = { ...IMAGE, samples: 4, value: (x, _, sample) => (sample === 3 ? x % 2 : sample + 1) };
    const bands = ["Red", "Green", "Blue", "Alpha"].map((one) => `<ColorInterp>${one}</ColorInterp>`);
    const source = await openWith({
      "scan.tif": tiff({ ...image, tags: { [TAG.extraSamples]: short(0, 0, 0) } }),
      "scan.tif.aux.xml": pam(bands),
    });
    expect(source.info.channels.map(({ name }) => name)).toEqual(["red", "green", "blue", "alpha"]);
    expect(source.info.channels[3]?.alpha).toBe(true);
    const green = Float32Array.from({ length: 200 }, (_, at) => ((at % 20) % 2 === 0 ? Number.NaN : 2));
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), green)).toBeNull();
  });

  it("tell a no-data value that the samples cannot have", async () => {
    const source = await openWith({ "a.tif": tiff(IMAGE), "a.tif.aux.xml": pam(["<NoDataValue>-9999</NoDataValue>"]) });
    expect([codes(source), source.info.channels[0]?.nodata]).toEqual([["NODATA_NOT_USED"], null]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["that break off", "<PAMDataset><PAMRasterBand", /not well-formed/],
    ["with a DTD", "<!DOCTYPE a [<!ENTITY b 'c'>]><PAMDataset/>", /DTD/],
    ["of another program", "<metadata/>", /no metadata of GDAL/],
    [
      "of a band without end",
      pam([]).replace("<PAMDataset>", '<PAMDataset><PAMRasterBand band="99999"/>'),
      /none of 1 to/,
    ],
    ["of 5 MiB", new Uint8Array(5 * 2 ** 20).fill(32), /5242880 bytes, where 4194304 are the most/],
    ["that are empty", "", /not well-formed|no metadata/],
  ])("%s are told and not read", async (_, xml, reason) => {
    const source = await openWith({ "scan.tif": tiff(IMAGE), "scan.tif.aux.xml": xml });
    expect(source.info.warnings).toEqual([
      { code: "SIDECAR_NOT_READ", message: expect.stringMatching(reason), channel: null },
    ]);
    expect(source.info.channels[0]).toMatchObject({ name: "b1", nodata: null });
  });
});
