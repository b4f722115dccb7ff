import { describe, expect, it } from "vitest";
import { align } from "../../../src/source/channel-set/align.ts";
import { readOwnAttributes } from "../../../src/source/ome-zarr/own-attributes.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { geoFields } from "../../../src/source/tiff/write-geo.ts";
import type { Georeference, Ground } from "../../../src/source/types.ts";
import { type GeoKey, geoTags } from "../../fixtures/geo-tags.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, double, type Field, short } from "../../fixtures/tiff-builder.ts";

const DEGREE = Math.PI / 180;
const SIZE = { width: 8, height: 6 };

async function placeOf(tags: NonNullable<DirectorySpec["tags"]>): Promise<Georeference | null> {
  const bytes = buildTiff({ directories: [{ ...SIZE, tags }] });
  return (await openTiff(new MemoryStore(bytes))).info.georeference;
}

/** Written by us and read again. */
function again(georeference: Georeference): Promise<Georeference | null> {
  const fields = [...geoFields(georeference, SIZE)].map(([tag, field]): [number, Field] => {
    const values = "values" in field ? Array.from(field.values, Number) : [];
    return [tag, field.type === "double" ? double(...values) : short(...values)];
  });
  return placeOf(Object.fromEntries(fields));
}

const projected = (...more: readonly GeoKey[]): readonly GeoKey[] => [[1024, 1], [3072, 2263], ...more];
const geographic = (...more: readonly GeoKey[]): readonly GeoKey[] => [[1024, 2], [2048, 4267], ...more];

describe("what a unit of a place measures", () => {
  it.each<[string, readonly GeoKey[], Ground | undefined]>([
    ["meters where nothing else is told", projected(), { meters: 1, radians: null }],
    ["international feet", projected([3076, 9002]), { meters: 0.3048, radians: null }],
    ["survey feet", projected([3076, 9003]), { meters: 1200 / 3937, radians: null }],
    ["kilometers", projected([3076, 9036]), { meters: 1000, radians: null }],
    ["a unit of its own", projected([3076, 32_767], [3077, [20.1168]]), { meters: 20.1168, radians: null }],
    ["a unit that nobody knows", projected([3076, 9999]), undefined],
    ["a unit of its own without a size", projected([3076, 32_767], [3077, [0]]), undefined],
    ["degrees where nothing else is told", geographic(), { meters: DEGREE * 6_378_137, radians: DEGREE }],
    ["grads", geographic([2054, 9105]), { meters: (Math.PI / 200) * 6_378_137, radians: Math.PI / 200 }],
    [
      "degrees on a small body",
      geographic([2057, [1_737_400]], [2059, [0]]),
      { meters: DEGREE * 1_737_400, radians: DEGREE },
    ],
    ["degrees on an ellipsoid by code", geographic([2056, 7008]), { meters: DEGREE * 6_378_206.4, radians: DEGREE }],
    ["nothing without keys", [], undefined],
  ])("is known: %s", async (_, keys, ground) => {
    const place = await placeOf(geoTags([10, 20], [50, 60], keys));
    expect(place?.ground).toEqual(ground);
    if (!place || !ground) return;
    const written = await again(place);
    expect(written?.crs).toBe(place.crs);
    expect(written?.ground?.radians).toBe(ground.radians);
    expect((written?.ground?.meters ?? 0) / ground.meters).toBeCloseTo(1, 9);
  });

  it("tells writers a geographic code from a projected one, whatever its number", () => {
    const place: Georeference = { crs: "EPSG:31000", crsName: null, affine: [1, 0, 0, 0, -1, 0] };
    const keysOf = (ground: Ground) => {
      const field = geoFields({ ...place, ground }, SIZE).get(34_735);
      return field && "values" in field ? Array.from(field.values) : [];
    };
    expect(keysOf({ meters: 1, radians: null }).slice(4)).toEqual([1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 31_000]);
    expect(keysOf({ meters: DEGREE * 6_378_137, radians: DEGREE }).slice(4)).toEqual([
      ...[1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 31_000],
      ...[2054, 0, 1, 9102],
    ]);
  });

  it("is kept in the attributes of Zarr, and nothing else is", () => {
    const place = { crs: null, crsName: "My Albers", affine: [1, 0, 0, 0, -1, 0] };
    const spelled = {
      projection: "+proj=aea +lat_1=29.5 +no_uoff",
      base: "+a=6378137 +rf=298.257223563 +towgs84=-1,2,3",
    };
    const ground = { meters: 0.3048, radians: null };
    const read = (more: object) => readOwnAttributes({ georeference: { ...place, ...more } }).georeference;
    expect(read({ spelled, ground })).toEqual({ ...place, spelled, ground });
    expect(read({ spelled: { ...spelled, base: "EPSG:4267" } })?.spelled?.base).toBe("EPSG:4267");
    expect(read({})).toEqual(place);
    for (const wrong of [
      { spelled: { ...spelled, projection: "PROJCS[…]" } },
      { spelled: { ...spelled, base: "+nadgrids=../../etc" } },
      { spelled: { ...spelled, base: "EPSG:../x" } },
      { ground: { meters: 0, radians: null } },
      { ground: { meters: 1, radians: -1 } },
    ])
      expect(read(wrong)).toBeNull();
  });

  it("and a system that is spelled out, keep files apart that have the same name for it", () => {
    const member = (base: string) => ({
      ...SIZE,
      georeference: {
        ...{ crs: null, crsName: "unknown", affine: [1, 0, 0, 0, -1, 0] as const },
        spelled: { projection: "+proj=utm +zone=33 +units=m", base },
      },
    });
    expect(align([member("EPSG:4326"), member("EPSG:4326")]).base).toBe(0);
    expect(() => align([member("EPSG:4326"), member("EPSG:4267")])).toThrow(/different reference systems/);
  });
});
