import { describe, expect, it } from "vitest";
import { bandsOf, formulaOfPreset, interpret, presetLibrary } from "../../src/formula/index.ts";
import { checked, complete, channel as scopeChannel, scopeOf } from "./support.ts";

const byName = (name: string) => {
  const found = presetLibrary.find((one) => one.name === name);
  if (!found) throw new Error(`no preset ${name}`);
  return found;
};
const channel = (name: string, wavelengthNm: number | null = null, color: string | null = null) => ({
  ...{ name, wavelengthNm, color },
});

/** The bands of Sentinel-2 by their centres. */
const SENTINEL = [443, 490, 560, 665, 705, 740, 783, 842, 865, 945, 1610, 2190].map((nm, index) =>
  channel(["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"][index] ?? "", nm),
);
const [COASTAL, BLUE, GREEN, RED, RE1, RE2, RE3, NIR, NIR2, , SWIR1, SWIR2] = [
  0.03, 0.04, 0.08, 0.06, 0.12, 0.25, 0.31, 0.35, 0.36, 0.2, 0.18, 0.1,
] as const;
const REFLECTANCES = [COASTAL, BLUE, GREEN, RED, RE1, RE2, RE3, NIR, NIR2, 0.2, SWIR1, SWIR2];

/** The number of an index over one pixel of the reflectances above. */
function indexOf(name: string): number {
  const text = formulaOfPreset(byName(name), SENTINEL);
  if (text === null) throw new Error(`${name} has no formula`);
  const { values } = complete(text, scopeOf(SENTINEL.map((one) => scopeChannel(one.name, "float32"))));
  const [value] = values;
  if (!value) throw new Error("no value");
  return interpret(value, (index) => REFLECTANCES[index] ?? Number.NaN)[0] ?? Number.NaN;
}

describe("the library of presets", () => {
  it("has more than sixty indices and more than twenty recipes, each with a name and a source of its own", () => {
    const recipes = presetLibrary.filter(({ category }) => ["composite", "microscopy", "astronomy"].includes(category));
    expect(presetLibrary.length - recipes.length).toBeGreaterThanOrEqual(60);
    expect(recipes.length).toBeGreaterThanOrEqual(20);
    expect(new Set(presetLibrary.map(({ name }) => name.toLowerCase())).size).toBe(presetLibrary.length);
    for (const { name, title, reference } of presetLibrary) {
      expect(title.length, name).toBeGreaterThan(5);
      expect(reference, name).toMatch(/\d{4}|Survey|Sentinel/);
    }
  });

  it("is of formulas that an image with the bands can evaluate, without a warning", () => {
    for (const preset of presetLibrary) {
      const bands = bandsOf(preset);
      const named = bands.map((name) =>
        channel(/^w\d/.test(name) ? `${name} nm` : name, Number(name.slice(1)) || null),
      );
      const channels = bands.length > 0 ? named : [channel("a", 300), channel("b", 500), channel("c", 900)];
      const text = formulaOfPreset(preset, channels);
      if (text === null) throw new Error(`${preset.name} has no formula`);
      const scope = scopeOf(channels.map(({ name }) => scopeChannel(name, "float32", { nan: true })));
      expect(checked(text, scope).diagnostics, `${preset.name}: ${text}`).toEqual([]);
      if (bands.length > 0) expect(formulaOfPreset(preset, channels.slice(1)), preset.name).toBeNull();
    }
  });

  it.each([
    ["NDVI", (NIR - RED) / (NIR + RED)],
    ["EVI", (2.5 * (NIR - RED)) / (NIR + 6 * RED - 7.5 * BLUE + 1)],
    ["SAVI", (1.5 * (NIR - RED)) / (NIR + RED + 0.5)],
    ["MSAVI", (2 * NIR + 1 - Math.sqrt((2 * NIR + 1) ** 2 - 8 * (NIR - RED))) / 2],
    ["ARVI", (NIR - (2 * RED - BLUE)) / (NIR + (2 * RED - BLUE))],
    ["NDWI", (GREEN - NIR) / (GREEN + NIR)],
    ["AWEIsh", BLUE + 2.5 * GREEN - 1.5 * (NIR + SWIR1) - 0.25 * SWIR2],
    ["NBR", (NIR - SWIR2) / (NIR + SWIR2)],
    ["BAI", 1 / ((0.1 - RED) ** 2 + (0.06 - NIR) ** 2)],
    ["BAIS2", (1 - Math.sqrt((RE2 * RE3 * NIR2) / RED)) * ((SWIR2 - NIR2) / Math.sqrt(SWIR2 + NIR2) + 1)],
    ["NDSI", (GREEN - SWIR1) / (GREEN + SWIR1)],
    ["NDBI", (SWIR1 - NIR) / (SWIR1 + NIR)],
    ["MCARI", (RE1 - RED - 0.2 * (RE1 - GREEN)) * (RE1 / RED)],
    ["S2REP", 705 + 35 * (((RE3 + RED) / 2 - RE1) / (RE2 - RE1))],
    ["SIPI", (NIR - COASTAL) / (NIR - RED)],
    ["FAI", NIR2 - (RED + (SWIR1 - RED) * ((859 - 645) / (1640 - 645)))],
    ["GVMI", (NIR + 0.1 - (SWIR2 + 0.02)) / (NIR + 0.1 + (SWIR2 + 0.02))],
  ])("calculates %s as its paper does, of Sentinel-2's bands by wavelength", (name, expected) => {
    expect(indexOf(name) / expected).toBeCloseTo(1, 5);
  });
});

describe("a band of a preset", () => {
  const ndvi = byName("NDVI");

  it("is found by name before it is by wavelength, in any spelling", () => {
    expect(formulaOfPreset(ndvi, [channel("NIR"), channel("Red")])).toBe(
      "(phys(NIR) - phys(Red)) / (phys(NIR) + phys(Red))",
    );
    expect(formulaOfPreset(ndvi, [channel("nir08"), channel("a", 660), channel("RED", 900)])).toContain("phys(RED)");
  });

  it("is the channel nearest to its centre, and none where the image lacks it", () => {
    const channels = [channel("a", 640), channel("b", 668), channel("c", 780), channel("d", 830), channel("e", 2000)];
    expect(formulaOfPreset(ndvi, channels)).toBe("(phys(d) - phys(b)) / (phys(d) + phys(b))");
    expect(formulaOfPreset(byName("NBR"), channels)).toBeNull();
    expect(formulaOfPreset(ndvi, [channel("x"), channel("y")])).toBeNull();
  });

  it("is a narrow one where the paper names the nanometre", () => {
    expect(formulaOfPreset(byName("PRI"), [channel("p", 529), channel("q", 571), channel("r", 550)])).toBe(
      "(phys(p) - phys(q)) / (phys(p) + phys(q))",
    );
    expect(formulaOfPreset(byName("PRI"), [channel("p", 531), channel("q", 590)])).toBeNull();
  });

  it("is a physical value in an index, and what is stored in a composite", () => {
    const bands = [channel("red"), channel("green"), channel("blue")];
    expect(formulaOfPreset(byName("true-colour"), bands)).toBe("rgb(red, green, blue)");
    const scope = scopeOf(bands.map(({ name }) => scopeChannel(name, "uint16", { scale: 0.0001, offset: -0.1 })));
    const { values } = complete(formulaOfPreset(byName("ExG"), bands) ?? "", scope);
    const stored = [2000, 3000, 1500];
    const [value] = values[0] ? interpret(values[0], (index) => stored[index] ?? 0) : [];
    expect(value).toBeCloseTo(2 * 0.2 - 0.1 - 0.05, 5);
  });
});

describe("recipes of whatever channels there are", () => {
  it("show each channel in its own colour, or in that of its wavelength", () => {
    const channels = [channel("DAPI", 461), channel("GFP", 509, "#00ff00"), channel("unknown"), channel("Cy5", 666)];
    const text = formulaOfPreset(byName("emission"), channels);
    expect(text).toMatch(
      /^screen\(tint\(@1, "#0[\da-f]{3}ff"\), tint\(@2, "#00ff00"\), tint\(@4, "#f[\da-f]00[01][\da-f]"\)\)$/,
    );
    expect(formulaOfPreset(byName("emission"), [channel("a"), channel("b")])).toBeNull();
  });

  it("lay wavelengths out from red to violet", () => {
    const text = formulaOfPreset(byName("chromatic-order"), [
      channel("x", 200),
      channel("y", 160_000),
      channel("z", 650),
    ]);
    expect(text).toBe(
      "let band1 = stretch(@2, 1, 99.7); let band2 = stretch(@3, 1, 99.7); let band3 = stretch(@1, 1, 99.7); " +
        "rgb(0.6667 * band1 + 0.3333 * band3, 1 * band2, 0.2 * band2 + 0.8 * band3)",
    );
  });

  it("show infrared as red, visible light as green, ultraviolet as blue", () => {
    const channels = [channel("a", 1250), channel("b", 2200), channel("c", 530), channel("d", 350)];
    expect(formulaOfPreset(byName("three-realms"), channels)).toBe("rgb((@2 + @1) / 2, @3, @4)");
    expect(formulaOfPreset(byName("three-realms"), channels.slice(0, 3))).toBeNull();
  });
});
