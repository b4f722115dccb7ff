import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGdalMetadata } from "../../../src/source/tiff/metadata/gdal.ts";

const NEUTRAL = {
  description: null,
  scale: 1,
  offset: 0,
  unit: null,
  wavelengthNm: null,
  color: null,
  interpretation: null,
  isThematic: false,
  statistics: null,
};

function metadata(...items: readonly string[]): string {
  return `<GDALMetadata>\n${items.join("\n")}\n</GDALMetadata>\n`;
}

function role(sample: number, name: string, text: string): string {
  return `<Item name="${name.toUpperCase()}" sample="${sample}" role="${name}">${text}</Item>`;
}

function statistic(sample: number, name: "MINIMUM" | "MAXIMUM", text: string): string {
  return `<Item name="STATISTICS_${name}" sample="${sample}">${text}</Item>`;
}

describe("GDAL's metadata", () => {
  it("tell description, scale, offset, unit and statistics of their own sample", () => {
    const xml = metadata(
      '<Item name="AREA_OR_POINT">Area</Item>',
      role(0, "description", "Red &amp; near"),
      role(1, "description", "NIR"),
      role(1, "scale", "0.0001"),
      role(1, "offset", "-0.1"),
      role(1, "unittype", "K"),
      statistic(1, "MINIMUM", "12"),
      statistic(1, "MAXIMUM", "3400.5"),
    );
    expect(parseGdalMetadata(xml, 3).bands).toEqual([
      { ...NEUTRAL, description: "Red & near" },
      {
        ...NEUTRAL,
        ...{ description: "NIR", scale: 0.0001, offset: -0.1, unit: "K", statistics: { min: 12, max: 3400.5 } },
      },
      NEUTRAL,
    ]);
  });

  it("tell wavelength and colour, where they are such", () => {
    const named = (name: string, text: string) => `<Item name="${name}" sample="0" domain="IMAGERY">${text}</Item>`;
    const found = (wavelength: string, color: string) => {
      const [band] = parseGdalMetadata(
        metadata(named("CENTRAL_WAVELENGTH_UM", wavelength), named("COLOR", color)),
        1,
      ).bands;
      return [band?.wavelengthNm, band?.color];
    };
    expect(found("0.665", "#FF8000")).toEqual([665, "#ff8000"]);
    expect(found("160", "teal")).toEqual([160_000, "#008080"]);
    expect(found("0", "reddish")).toEqual([null, null]);
    expect(found("-1", "12")).toEqual([null, null]);
  });

  it.each([
    ["LAYER_TYPE", "thematic", true],
    ["RepresentationType", "THEMATIC", true],
    ["LAYER_TYPE", "athematic", false],
    ["layer", "thematic", false],
  ])("tell whether numbers are codes: %s %s", (name, text, isThematic) => {
    const xml = metadata(`<Item name="${name}" sample="0">${text}</Item>`);
    expect(parseGdalMetadata(xml, 2).bands).toEqual([{ ...NEUTRAL, isThematic }, NEUTRAL]);
  });

  it("give no statistics where one of the two is missing or no number", () => {
    expect(parseGdalMetadata(metadata(statistic(0, "MINIMUM", "1")), 1).bands).toEqual([NEUTRAL]);
    const infinite = metadata(statistic(0, "MINIMUM", "-inf"), statistic(0, "MAXIMUM", "9"));
    expect(parseGdalMetadata(infinite, 1).bands).toEqual([NEUTRAL]);
  });

  it.each(["0", "inf", "nan", "1e999", "0x10", "", "1,5", "ten"])("drop a scale of %j", (text) => {
    expect(parseGdalMetadata(metadata(role(0, "scale", text)), 1).bands).toEqual([NEUTRAL]);
  });

  it("mean a scale by its role, not by a name that is free", () => {
    expect(parseGdalMetadata(metadata('<Item name="scale" sample="0">7</Item>'), 1).bands).toEqual([NEUTRAL]);
  });

  it("count only directly below their root", () => {
    expect(parseGdalMetadata(metadata(`<Other>${role(0, "scale", "7")}</Other>`), 1).bands).toEqual([NEUTRAL]);
  });

  it("drop a description that is longer than anyone reads", () => {
    expect(parseGdalMetadata(metadata(role(0, "description", "a".repeat(70_000))), 1).bands).toEqual([NEUTRAL]);
  });

  it("are passed over behind a DTD, and never expand its entities", () => {
    const bomb = `<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]>${metadata(role(0, "description", "&c;"))}`;
    expect(parseGdalMetadata(bomb, 1).bands).toEqual([NEUTRAL]);
  });

  it("keep what stands before a break", () => {
    const broken = `<GDALMetadata>${role(0, "unittype", "m")}<Item`;
    expect(parseGdalMetadata(broken, 1).bands).toEqual([{ ...NEUTRAL, unit: "m" }]);
  });

  it("of any text give a band for each sample with finite numbers", () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom("<GDALMetadata>", "</GDALMetadata>", "<Item", ' sample="0"', ' role="scale"', ">", "</Item>"),
        fc.constantFrom("<!DOCTYPE a>", "&amp;", "&x;", "<![CDATA[", "]]>", "<!--", "\u0000", "1e308", "-1"),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 4 }), (parts, samples) => {
        const bands = parseGdalMetadata(parts.join(""), samples).bands;
        expect(bands).toHaveLength(samples);
        expect(bands.every(({ scale, offset }) => Number.isFinite(scale) && Number.isFinite(offset))).toBe(true);
      }),
    );
  });
});
