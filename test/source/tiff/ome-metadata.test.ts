import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import {
  looksLikeOme,
  type OmeMetadata,
  omeImage,
  otherImages,
  parseOme as parseDocument,
} from "../../../src/source/tiff/metadata/ome.ts";
import { planeIfds } from "../../../src/source/tiff/metadata/ome-planes.ts";

function parseOme(xml: string): OmeMetadata {
  return omeImage(parseDocument(xml), 0);
}

interface Document {
  readonly root?: string;
  readonly order?: string;
  readonly sizes?: readonly [c: number | string, z: number | string, t: number | string];
  readonly pixels?: string;
  readonly channels?: string;
  readonly data?: string;
  readonly after?: string;
}

function ome(document: Document = {}): string {
  const { root = "", order = "XYCZT", sizes = [2, 1, 1], pixels = "", data = "", after = "" } = document;
  const [c, z, t] = sizes;
  const channels = document.channels ?? "<Channel/>".repeat(Number(c) || 0);
  return `<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" ${root}><Image ID="Image:0"><Pixels DimensionOrder="${order}"
 Type="uint16" SizeX="8" SizeY="4" SizeC="${c}" SizeZ="${z}" SizeT="${t}" ${pixels}>${channels}${data}</Pixels></Image>${after}</OME>`;
}

function refusal(xml: string): string {
  try {
    parseOme(xml);
  } catch (error) {
    if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return error.message;
    throw error;
  }
  throw new Error("The document was read.");
}

describe("OME-XML", () => {
  it.each([
    ["an XML declaration", ome(), true],
    ["a byte order mark", `\uFEFF${ome()}`, true],
    ["a comment before its root", "<!-- x --><OME/>", false],
    ["a comment before its root and attributes", '<!-- x --><OME UUID="a">', true],
    ["a namespace prefix", '<OME:OME xmlns:OME="x">', true],
    ["another root", '<?xml version="1.0"?><OMEX>', false],
    ["no XML", "ImageJ=1.53\nimages=3 <OME >", false],
  ])("is told by its beginning: %s", (_, text, expected) => {
    expect(looksLikeOme(text)).toBe(expected);
  });

  it("is read with a byte order mark, and with namespace prefixes", () => {
    const prefixed = ome().replaceAll(/<(\/?)(OME|Image|Pixels|Channel)\b/g, "<$1p:$2");
    expect(parseOme(`\uFEFF${prefixed}`)).toEqual(parseOme(ome()));
  });

  it("is read as text, whatever encoding it declares", () => {
    expect(parseOme(ome().replace("UTF-8", "UTF-16"))).toEqual(parseOme(ome()));
  });

  it("describes sizes and order", () => {
    expect(parseOme(ome({ sizes: [3, 5, 7], order: "XYZTC", root: 'UUID="urn:uuid:A1"' }))).toMatchObject({
      ...{ sizeX: 8, sizeY: 4, sizeC: 3, sizeZ: 5, sizeT: 7, dimensionOrder: "XYZTC", uuid: "urn:uuid:a1" },
      ...{ warnings: [], pixelSize: null },
    });
  });

  it("takes no element of an annotation for one of the image", () => {
    const value = '<Image><Pixels SizeC="9"><Channel Name="no"/><TiffData IFD="3"/></Pixels></Image><Channel/>';
    const after = `<StructuredAnnotations><XMLAnnotation><Value>${value}</Value></XMLAnnotation></StructuredAnnotations>`;
    expect(parseOme(ome({ after }))).toEqual(parseOme(ome()));
    expect(parseOme(ome().replace("<Image", `${after}<Image`))).toEqual(parseOme(ome()));
  });

  it("describes several images, each by itself", () => {
    const second = '<Image Name="b"><Pixels SizeX="1"><Channel/><TiffData/></Pixels></Image>';
    const document = parseDocument(ome({ after: second }));
    expect(document.images.map(({ name }) => name)).toEqual([null, "b"]);
    expect(omeImage(document, 0)).toEqual(parseOme(ome()));
    expect(() => omeImage(document, 1)).toThrow(BandloomError);
  });

  it("leaves the descriptions out where they are not as many as its channels", () => {
    const { channels, warnings } = parseOme(ome({ sizes: [3, 1, 1], channels: '<Channel Name="a"/><Channel/>' }));
    expect(channels).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});

describe("a channel", () => {
  const channel = (attributes: string) =>
    parseOme(ome({ sizes: [1, 1, 1], channels: `<Channel ${attributes}/>` })).channels[0];

  it.each([
    ['EmissionWavelength="461"', 461],
    ['EmissionWavelength="461" ExcitationWavelength="350"', 461],
    ['ExcitationWavelength="350"', 350],
    ['EmissionWavelength="-1" ExcitationWavelength="350"', 350],
    ['EmissionWavelength="0.5" EmissionWavelengthUnit="µm"', 500],
    ['EmissionWavelength="0.5" EmissionWavelengthUnit="\u03BCm"', 500],
    ['EmissionWavelength="5000" EmissionWavelengthUnit="\u00C5"', 500],
    ['EmissionWavelength="5000" EmissionWavelengthUnit="\u212B"', 500],
    ['EmissionWavelength="5000" EmissionWavelengthUnit="A\u030A"', 500],
    ['EmissionWavelength="500000" EmissionWavelengthUnit="pm"', 500],
    ['EmissionWavelength="500" EmissionWavelengthUnit="furlong"', null],
    ['EmissionWavelength="1e305" EmissionWavelengthUnit="m"', null],
    ['EmissionWavelength="0x1F4"', null],
    ['EmissionWavelength="INF"', null],
    ['EmissionWavelength=""', null],
  ])("has its wavelength in nanometres: %s", (attributes, expected) => {
    const { wavelengthNm } = channel(attributes) ?? {};
    if (expected === null) expect(wavelengthNm).toBeNull();
    else expect(wavelengthNm).toBeCloseTo(expected, 9);
  });

  it.each([
    ["-16776961", "#ff0000"],
    ["65535", "#0000ff"],
    ["16711935", "#00ff00"],
    ["4278190335", "#ff0000"],
    ["-1", "#ffffff"],
    ["-256", "#ffffff"],
    ["0", null],
    ["255", null],
    ["4294967296", null],
    ["-2147483649", null],
    ["1e300", null],
    ["1.5", null],
    ["red", null],
  ])("has its colour without alpha: %s", (rgba, color) => {
    expect(channel(`Color="${rgba}"`)?.color).toBe(color);
  });

  it.each([
    ["255", /color in which nothing is seen/],
    ["#ff0000", /color that is no number/],
  ])("has no color where it is told as %s, with a warning", (rgba, message) => {
    const channels = `<Channel Color="${rgba}"/><Channel Color="65535"/>`;
    const { warnings } = parseOme(ome({ channels }));
    expect(warnings).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
    expect(parseOme(ome()).warnings).toEqual([]);
  });

  it("says where one axis counts two", () => {
    const modulo = (axis: string, type: string) =>
      `<XMLAnnotation><Value><Modulo><ModuloAlong${axis} Type="${type}" Start="0" End="3"/></Modulo></Value></XMLAnnotation>`;
    const after = `<StructuredAnnotations>${modulo("Z", "angle")}${modulo("C", "lifetime")}</StructuredAnnotations>`;
    expect(parseOme(ome({ after })).warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/two axes along Z \(Modulo, angle\)/),
      expect.stringMatching(/two axes along C \(Modulo, lifetime\)/),
    ]);
  });

  it.each([
    ["um", "um", { x: 0.5, y: 0.25, unit: "µm" }],
    ["micron", "microns", { x: 0.5, y: 0.25, unit: "µm" }],
    ["\u03BCm", "\u00B5m", { x: 0.5, y: 0.25, unit: "µm" }],
    ["Nanometer", "nm", { x: 0.5, y: 0.25, unit: "nm" }],
    ["inches", "in", { x: 0.5, y: 0.25, unit: "in" }],
    ["\u212B", "angstroms", { x: 0.5, y: 0.25, unit: "Å" }],
    ["µm", "nm", { x: 0.5, y: 0.00025, unit: "µm" }],
    ["pixel", "pixel", { x: 0.5, y: 0.25, unit: "pixel" }],
    ["pixel", "nm", null],
  ])("tells the size of pixels in units of any spelling: %s, %s", (x, y, size) => {
    const pixels = `PhysicalSizeX="0.5" PhysicalSizeXUnit="${x}" PhysicalSizeY="0.25" PhysicalSizeYUnit="${y}"`;
    const { pixelSize } = parseOme(ome({ pixels }));
    expect(pixelSize).toEqual(size && { ...size, y: expect.closeTo(size.y, 12) });
  });

  it.each(["0", "-3", "1.5", "many"])("has one sample where %s are told", (samples) => {
    expect(channel(`SamplesPerPixel="${samples}"`)?.samplesPerPixel).toBe(1);
  });

  it("may be named like a property of every object", () => {
    expect(channel('Name="__proto__" constructor="x"')?.name).toBe("__proto__");
    expect(channel('Name=""')?.name).toBeNull();
  });
});

describe("the size of a pixel", () => {
  const size = (pixels: string) => parseOme(ome({ pixels })).pixelSize;

  it.each([
    ['PhysicalSizeX="0.65" PhysicalSizeY="0.7"', { x: 0.65, y: 0.7, unit: "µm" }],
    ['PhysicalSizeX="1" PhysicalSizeXUnit="nm" PhysicalSizeY="2" PhysicalSizeYUnit="nm"', { x: 1, y: 2, unit: "nm" }],
    ['PhysicalSizeX="1" PhysicalSizeXUnit="\u03BCm" PhysicalSizeY="2"', { x: 1, y: 2, unit: "\u00B5m" }],
    ['PhysicalSizeX="1" PhysicalSizeXUnit="nm" PhysicalSizeY="2"', { x: 1, y: 2000, unit: "nm" }],
    [
      'PhysicalSizeX="1" PhysicalSizeXUnit="mm" PhysicalSizeY="1" PhysicalSizeYUnit="in"',
      { x: 1, y: 25.4, unit: "mm" },
    ],
    ['PhysicalSizeX="1" PhysicalSizeXUnit="pixel" PhysicalSizeY="2"', null],
    ['PhysicalSizeX="1"', null],
    ['PhysicalSizeX="0" PhysicalSizeY="1"', null],
    ['PhysicalSizeX="1e999" PhysicalSizeY="1"', null],
  ])("%s", (pixels, expected) => {
    expect(size(pixels)).toEqual(expected);
  });
});

describe("planes", () => {
  const ORDERS = ["XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"] as const;
  const [C, Z, T] = [2, 3, 4];
  const ifds = (document: Document, count: number) => planeIfds(parseOme(ome(document)), count);

  /** By three nested loops, the fastest dimension innermost. */
  function inOrder(order: string): readonly number[] {
    const sizes: Record<string, number> = { C, Z, T };
    const planes: number[] = [];
    const [fast = "", middle = "", slow = ""] = order.slice(2);
    let ifd = 0;
    for (let k = 0; k < (sizes[slow] ?? 0); k++)
      for (let j = 0; j < (sizes[middle] ?? 0); j++)
        for (let i = 0; i < (sizes[fast] ?? 0); i++) {
          const at: Record<string, number> = { [fast]: i, [middle]: j, [slow]: k };
          planes[((at.T ?? 0) * Z + (at.Z ?? 0)) * C + (at.C ?? 0)] = ifd++;
        }
    return planes;
  }

  it.each(ORDERS)("follow each other in %s", (order) => {
    for (const data of ["", "<TiffData/>", `<TiffData IFD="0" PlaneCount="${C * Z * T}"/>`])
      expect(ifds({ order, sizes: [C, Z, T], data }, C * Z * T)).toEqual(inOrder(order));
  });

  it.each<[string, string, readonly (number | null)[]]>([
    ["an IFD alone is one plane", '<TiffData IFD="2"/>', [2, null, null, null]],
    ["a count goes on in order", '<TiffData IFD="1" PlaneCount="3"/>', [1, 2, 3, null]],
    ["a count without IFD begins with the first", '<TiffData PlaneCount="2"/>', [0, 1, null, null]],
    ["a beginning alone takes all directories", '<TiffData FirstZ="1"/>', [null, null, 0, 1]],
    ["a count of 0 is none", '<TiffData IFD="0" PlaneCount="0"/>', [null, null, null, null]],
    ["each by itself", '<TiffData IFD="3"/><TiffData IFD="0" FirstC="1" FirstZ="1"/>', [3, null, null, 0]],
    ["a count beyond the last plane ends with it", '<TiffData IFD="0" FirstZ="1" PlaneCount="9"/>', [null, null, 0, 1]],
    ["directories that do not exist", '<TiffData IFD="3" PlaneCount="4"/>', [3, null, null, null]],
    ["numbers that are none", '<TiffData IFD="-1" FirstC="x" PlaneCount="1e3.5"/>', [0, 1, 2, 3]],
  ])("are where TiffData puts them: %s", (_, data, expected) => {
    expect(ifds({ sizes: [2, 2, 1], data }, 4)).toEqual(expected);
  });

  // The dimension that is counted fastest: beyond its size, the next rank is another plane's.
  it.each([
    ["XYCZT", "FirstC"],
    ["XYZTC", "FirstZ"],
    ["XYTZC", "FirstT"],
  ])("that begin outside the sizes are nowhere: order %s, %s", (order, first) => {
    const data = `<TiffData IFD="0" ${first}="2"/>`;
    expect(ifds({ order, sizes: [2, 2, 2], data }, 8)).toEqual(new Array(8).fill(null));
  });

  it("of this file are told by its UUID, whatever name it had; those of other files by the name of the file", () => {
    const uuid = (name: string, text: string) => `<UUID FileName="${name}">\n ${text}\n</UUID>`;
    const data = `<TiffData IFD="0">${uuid("old-name.ome.tif", "urn:uuid:AB")}</TiffData>
      <TiffData IFD="1" FirstC="1">${uuid("../../x", "urn:uuid:cd")}</TiffData>`;
    expect(ifds({ root: 'UUID="urn:uuid:ab"', data }, 2)).toEqual([
      0,
      { file: "../../x", uuid: "urn:uuid:cd", ifd: 1 },
    ]);
  });

  it("of an RGB channel are one for all its samples", () => {
    const channels = '<Channel SamplesPerPixel="3"/><Channel/>';
    expect(ifds({ sizes: [4, 2, 1], channels, data: "<TiffData/>" }, 4)).toEqual([0, 1, 2, 3]);
  });

  it("may not be given over and over", () => {
    const xml = ome({ data: '<TiffData IFD="0" PlaneCount="2"/>'.repeat(2) });
    expect(() => planeIfds(parseOme(xml), 2)).toThrow(BandloomError);
  });
});

describe("hostile OME-XML", () => {
  it.each<[string, string, string]>([
    ["a billion laughs", `<!DOCTYPE a [<!ENTITY l "l"><!ENTITY m "&l;&l;">]>${ome().slice(38)}`, "DTD"],
    ["an external entity", `<!DOCTYPE a SYSTEM "file:///etc/passwd">${ome().slice(38)}`, "DTD"],
    ["an entity that is not XML's", ome({ channels: '<Channel Name="&nbsp;"/><Channel/>' }), "line 3"],
    ["an entity named like a property", ome({ channels: '<Channel Name="&constructor;"/><Channel/>' }), "line 3"],
    ["an element left open", ome().replace("</Image>", ""), "not well-formed"],
    ["a document left off", ome().slice(0, -20), "not well-formed"],
    ["an attribute twice", ome({ pixels: 'SizeX="9"' }), "not well-formed"],
    ["no document", "", "not well-formed"],
    ["no pixels", '<OME><BinaryOnly MetadataFile="../../x" UUID="a"/></OME>', "no pixels"],
    ["pixels elsewhere than in an image", "<OME><Pixels/></OME>", "no pixels"],
    ["100,000 levels of elements", "<OME>".repeat(100_000), "too deep"],
    ["20 million characters", `<OME>${" ".repeat(20e6)}</OME>`, "characters"],
    ["a million elements", `<OME>${"<a/>".repeat(1e6)}</OME>`, "elements"],
    ["a long attribute", ome({ channels: `<Channel Name="${"a".repeat(70_000)}"/>` }), "attribute"],
    ["a long name of an attribute", ome({ channels: `<Channel ${"a".repeat(70_000)}="1"/>` }), "attribute"],
    ["a long element name", `<OME><${"a".repeat(70_000)}/></OME>`, "too long"],
    ["no channels", ome({ sizes: [0, 1, 1] }), "SizeC"],
    ["negative planes", ome({ sizes: [1, -1, 1] }), "SizeZ"],
    ["half a time", ome({ sizes: [1, 1, "1.5"] }), "SizeT"],
    ["hexadecimal times", ome({ sizes: [1, 1, "0x2"] }), "SizeT"],
    ["infinite planes", ome({ sizes: [1, "INF", 1] }), "SizeZ"],
    ["a million and some planes", ome({ sizes: [1, 1001, 1000] }), "1001000 planes"],
    ["sizes whose product is large", ome({ sizes: [1, 2 ** 31, 2 ** 31] }), "planes"],
    ["an order of no dimensions", ome({ order: "XYCCT" }), "order"],
  ])("is refused: %s", (_, xml, reason) => {
    const message = refusal(xml);
    expect(message).toContain(reason);
    expect(message.length).toBeLessThan(200);
  });

  it("is refused by a BandloomError or read with planes that exist, whatever it says", () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 9 }).map(String),
      fc.double().map(String),
      fc.constantFrom("1e300", "4294967296", "", "x", "0x1"),
    );
    const attribute = fc
      .tuple(fc.constantFrom("IFD", "FirstC", "FirstZ", "FirstT", "PlaneCount"), number)
      .map(([name, value]) => `${name}="${value}"`);
    const data = fc.uniqueArray(attribute, { selector: (text) => text.split("=")[0], maxLength: 5 });
    const channel = number.map((value) => `<Channel SamplesPerPixel="${value}" Color="${value}"/>`);
    const document = fc.record({
      order: fc.constantFrom("XYCZT", "XYTZC", "XYZTC", "no"),
      sizes: fc.tuple(number, number, number),
      channels: fc.array(channel, { maxLength: 4 }).map((all) => all.join("")),
      data: fc.array(data, { maxLength: 4 }).map((all) => all.map((one) => `<TiffData ${one.join(" ")}/>`).join("")),
      after: fc.oneof(fc.constant(""), fc.constant(""), fc.string()),
    });
    fc.assert(
      fc.property(document, fc.integer({ min: 0, max: 12 }), (parts, count) => {
        try {
          const parsed = parseOme(ome(parts));
          const planes = planeIfds(parsed, count);
          expect(planes.length % (parsed.sizeZ * parsed.sizeT)).toBe(0);
          for (const ifd of planes) if (typeof ifd === "number") expect(ifd >= 0 && ifd < count).toBe(true);
        } catch (error) {
          if (!(error instanceof BandloomError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of any characters is refused by a BandloomError", () => {
    const piece = fc.constantFrom(
      "<OME>",
      "</OME>",
      "<",
      ">",
      "&",
      ";",
      "<?",
      "?>",
      "<!--",
      "]]>",
      "<![CDATA[",
      "\uD800",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (parts) => {
        expect(() => parseOme(parts.join(""))).toThrow(BandloomError);
      }),
    );
  });
});

describe("other images of a document", () => {
  const image = (planes: number) =>
    `<Image><Pixels DimensionOrder="XYCZT" SizeX="1" SizeY="1" SizeC="1" SizeZ="${planes}" SizeT="1"/></Image>`;
  const others = (planes: readonly number[]) =>
    otherImages(parseDocument(`<OME>${planes.map(image).join("")}</OME>`), 0);

  it("are looked at as long as they have no more than a million planes together", () => {
    expect(others([1, 400_000, 400_000, 400_000, 1]).map(({ sizeZ }) => sizeZ)).toEqual([400_000, 400_000]);
    expect(others(new Array(1000).fill(1_000_000))).toHaveLength(1);
    expect(others([1, 1, 1])).toHaveLength(2);
  });
});
