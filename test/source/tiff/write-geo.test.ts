import { describe, expect, it } from "vitest";
import { WRITE_TAG } from "../../../src/source/tiff/write-fields.ts";
import { geoFields } from "../../../src/source/tiff/write-geo.ts";
import type { Georeference } from "../../../src/source/types.ts";

const SIZE = { width: 100, height: 50 };

function tagsOf(georeference: Georeference) {
  const fields = geoFields(georeference, SIZE);
  const values = (tag: number) => {
    const field = fields.get(tag);
    return field && "values" in field ? Array.from(field.values) : null;
  };
  return {
    scale: values(WRITE_TAG.modelPixelScale),
    tie: values(WRITE_TAG.modelTiepoint),
    matrix: values(WRITE_TAG.modelTransformation),
    keys: values(WRITE_TAG.geoKeyDirectory),
  };
}

describe("GeoTIFF tags", () => {
  it("place a north-up image by scale and tie point, its code that of a projected system", () => {
    const tags = tagsOf({ crs: "EPSG:32619", crsName: null, affine: [10, 0, 399960, 0, -10, 4800000] });
    expect(tags.scale).toEqual([10, 10, 0]);
    expect(tags.tie).toEqual([0, 0, 0, 399960, 4800000, 0]);
    expect(tags.matrix).toBeNull();
    expect(tags.keys).toEqual([1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32619]);
  });

  it("place any other image by a matrix", () => {
    const tags = tagsOf({ crs: "EPSG:32619", crsName: null, affine: [1, 2, 3, 4, 5, 6] });
    expect(tags.matrix).toEqual([1, 2, 0, 3, 4, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([tags.scale, tags.tie]).toEqual([null, null]);
  });

  it.each([
    ["EPSG:4326", [0.01, 0, -70, 0, -0.01, 44], 2, 2048],
    ["EPSG:7844", [0.01, 0, 150, 0, -0.01, -30], 2, 2048],
    // World Equidistant Cylindrical: its number is among geographic ones, its metres are no degrees.
    ["EPSG:4087", [10, 0, 399960, 0, -10, 4800000], 1, 3072],
    // Metres that could be degrees, near the origin of Web Mercator.
    ["EPSG:3857", [0.1, 0, 0, 0, -0.1, 10], 1, 3072],
  ] as const)("tell the kind of %s", (crs, affine, model, key) => {
    const { keys } = tagsOf({ crs, crsName: null, affine });
    expect(keys?.[7]).toBe(model);
    expect(keys?.slice(-4)).toEqual([key, 0, 1, Number(crs.slice(5))]);
  });

  it("keep the name of a system without a code", () => {
    const fields = geoFields({ crs: null, crsName: "Mars 2000 | Sphere", affine: [1, 0, 0, 0, -1, 0] }, SIZE);
    expect(fields.get(WRITE_TAG.geoAscii)).toEqual({ type: "ascii", text: "Mars 2000   Sphere|" });
  });
});
