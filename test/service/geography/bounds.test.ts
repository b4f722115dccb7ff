import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extentOf, geographicBounds } from "../../../src/service/geography/index.ts";
import { pixelAt, place } from "../../../src/service/geography/outline.ts";

type Affine = readonly [number, number, number, number, number, number];
type Bounds = readonly [west: number, south: number, east: number, north: number];

async function boundsOf(crs: string | null, affine: Affine, width: number, height: number): Promise<Bounds | null> {
  const found = await geographicBounds({ width, height, georeference: { crs, crsName: null, affine } });
  return found && [found.west, found.south, found.east, found.north];
}

/**
 * Of each image's outline, 2000 points a side, by PROJ 9.5.1 (pyproj 3.7.2) without grids: what lies between our points may
 * be a little further out.
 */
const OUTLINES: readonly (readonly [
  name: string,
  crs: string,
  affine: Affine,
  size: readonly [number, number],
  Bounds,
])[] = [
  ["UTM", "EPSG:32619", [160, 0, 399_960, 0, -160, 5_400_000], [687, 687], [-70.36082, 47.75632, -68.86558, 48.75301]],
  [
    "UTM on ETRS89",
    "EPSG:25832",
    [10, 0, 300_000, 0, -10, 6_100_000],
    [10_980, 10_980],
    [5.87242, 54.02125, 7.62218, 55.03862],
  ],
  [
    "web maps",
    "EPSG:3857",
    [1000, 0, -1_000_000, 0, -1000, 7_000_000],
    [1500, 900],
    [-8.98315, 47.95878, 4.49158, 53.09182],
  ],
  [
    "equal areas of Europe",
    "EPSG:3035",
    [1000, 0, 2_500_000, 0, -1000, 5_500_000],
    [4000, 3500],
    [-35.11679, 37.81943, 61.0887, 72.66441],
  ],
  [
    "a cone over the United States",
    "EPSG:5070",
    [300, 0, -2_500_000, 0, -300, 3_200_000],
    [16_000, 10_000],
    [-129.80566, 21.92973, -64.70009, 51.85798],
  ],
  [
    "Lambert's cone of France",
    "EPSG:2154",
    [500, 0, 100_000, 0, -500, 7_100_000],
    [2400, 2200],
    [-5.49493, 40.86043, 11.49493, 50.99583],
  ],
  [
    "Greenland from above the pole",
    "EPSG:3413",
    [1000, 0, 200_000, 0, -1000, -1_000_000],
    [1000, 1500],
    [-40.42608, 64.79877, 5.19443, 80.60615],
  ],
  [
    "turned against the grid",
    "EPSG:32633",
    [7, 4, 500_000, 4, -7, 5_200_000],
    [1000, 2000],
    [15, 46.8275, 15.1968, 46.98949],
  ],
];

describe("bounds on a globe", () => {
  it.each(OUTLINES)("are those of the whole outline: %s", async (_, crs, affine, [width, height], expected) => {
    const found = await boundsOf(crs, affine, width, height);
    for (const [index, value] of expected.entries()) expect(found?.[index]).toBeCloseTo(value, 3);
  });

  it("are right to a few hundred metres where the registry names a grid of shifts", async () => {
    const britain = await boundsOf("EPSG:27700", [100, 0, 0, 0, -100, 1_300_000], 7000, 13_000);
    for (const [index, value] of [-9.49639, 49.76681, 3.63474, 61.58168].entries())
      expect(Math.abs((britain?.[index] ?? 0) - value)).toBeLessThan(0.005);
    const california = await boundsOf("EPSG:26711", [30, 0, 440_720, 0, -30, 3_751_320], 512, 512);
    for (const [index, value] of [-117.64204, 33.76384, -117.47514, 33.90312].entries())
      expect(Math.abs((california?.[index] ?? 0) - value)).toBeLessThan(0.003);
  });

  it("go round the world where the image holds a pole", async () => {
    const around = await boundsOf("EPSG:3031", [1000, 0, -3_000_000, 0, -1000, 3_000_000], 6000, 6000);
    expect(around?.slice(0, 3)).toEqual([-180, -90, 180]);
    expect(around?.[3]).toBeCloseTo(-52.3171, 3);
    const north = await boundsOf("EPSG:3413", [1000, 0, -100_000, 0, -1000, 2_000_000], 300, 3000);
    expect([north?.[0], north?.[2], north?.[3]]).toEqual([-180, 180, 90]);
  });

  it("have their west in the east across the antimeridian", async () => {
    const fiji = await boundsOf("EPSG:32760", [30, 0, 700_000, 0, -30, 8_200_000], 7000, 4000);
    for (const [index, value] of [178.87158, -17.35674, -179.14381, -16.2461].entries())
      expect(fiji?.[index]).toBeCloseTo(value, 3);
    expect(await boundsOf("EPSG:4326", [0.5, 0, 150, 0, -0.5, 10], 120, 60)).toEqual([150, -20, -150, 10]);
  });

  it("end at the antimeridian on the side that is meant", async () => {
    expect(await boundsOf("EPSG:4326", [1, 0, 0, 0, -1, 10], 180, 20)).toEqual([0, -10, 180, 10]);
    expect(await boundsOf("EPSG:4326", [1, 0, -180, 0, -1, 10], 180, 20)).toEqual([-180, -10, 0, 10]);
    expect(await boundsOf("EPSG:4326", [1, 0, 180, 0, -1, 10], 180, 20)).toEqual([-180, -10, 0, 10]);
  });

  it.each([-180, 0])("of the whole globe are all longitudes, counted from %d", async (first) => {
    expect(await boundsOf("EPSG:4326", [0.25, 0, first, 0, -0.25, 90], 1440, 720)).toEqual([-180, -90, 180, 90]);
  });

  it.each([
    ["no code", null],
    ["a code that the registry does not have", "EPSG:99999"],
    ["a datum", "EPSG:6326"],
    ["heights alone", "EPSG:5703"],
    ["a projection that is not known here", "EPSG:6247"],
    ["another authority", "ESRI:54009"],
    ["a path", "EPSG:../../package"],
  ])("are not told for %s", async (_, crs) => {
    expect(await boundsOf(crs, [1, 0, 0, 0, -1, 0], 10, 10)).toBeNull();
  });

  it("are not told where the image leaves what the reference system can show", async () => {
    expect(await boundsOf("EPSG:3035", [1e6, 0, -5e7, 0, -1e6, 5e7], 100, 100)).toBeNull();
    expect(await boundsOf("EPSG:32619", [1e300, 0, 0, 0, -1e300, 0], 100, 100)).toBeNull();
  });

  it("are not told of an image without a place", async () => {
    expect(await geographicBounds({ width: 1, height: 1, georeference: null })).toBeNull();
  });

  it("hold every pixel of the image, wherever it lies", async () => {
    const side = fc.integer({ min: 1, max: 5000 });
    const origin = fc.tuple(
      fc.integer({ min: -2_000_000, max: 2_000_000 }),
      fc.integer({ min: -2_000_000, max: 2_000_000 }),
    );
    const inside = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    const { referenceSystem } = await import("../../../src/service/geography/reference-system.ts");
    const system = await referenceSystem({ crs: "EPSG:3413" });
    await fc.assert(
      fc.asyncProperty(side, side, origin, inside, async (width, height, [x, y], [across, down]) => {
        const affine: Affine = [200, 0, x, 0, -200, y];
        const bounds = await boundsOf("EPSG:3413", affine, width, height);
        const [longitude, latitude] = system?.toGeographic(...place(affine, across * width, down * height)) ?? [
          Number.NaN,
          Number.NaN,
        ];
        if (!bounds) throw new Error("no bounds");
        const [west, south, east, north] = bounds;
        // Between two points of an outline the curve may bulge, by far less than a pixel's hundred on this map.
        const slack = 0.05;
        expect(latitude).toBeGreaterThanOrEqual(south - slack);
        expect(latitude).toBeLessThanOrEqual(north + slack);
        const turned = (((longitude - west) % 360) + 360) % 360;
        const width360 = (((east - west) % 360) + 360) % 360 || 360;
        expect(Math.min(turned, 360 - turned) < slack || turned <= width360 + slack).toBe(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe("the affine map of an image", () => {
  it("has its inverse, and an extent that holds its corners", () => {
    const number = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(number, number, number, number, number, number, number, number, (a, b, c, d, e, f, column, row) => {
        fc.pre(Math.abs(a * e - b * d) > 1);
        const [x, y] = place([a, b, c, d, e, f], column, row);
        const [back, down] = pixelAt([a, b, c, d, e, f], x, y);
        expect(back).toBeCloseTo(column, 3);
        expect(down).toBeCloseTo(row, 3);
      }),
    );
    expect(extentOf([2, 1, 10, 1, -2, 20], { width: 10, height: 5 })).toEqual({
      minX: 10,
      minY: 10,
      maxX: 35,
      maxY: 30,
    });
  });
});
