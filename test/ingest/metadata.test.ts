import { join } from "node:path";
import { fromFile } from "geotiff";
import { describe, expect, it } from "vitest";
import { localPath, openSource } from "../../src/source/index.ts";
import { plainChannel } from "../../src/source/plain-info.ts";
import { CogWriter } from "../../src/source/tiff/write-cog.ts";
import { gdalFields } from "../../src/source/tiff/write-gdal.ts";
import { geoFields } from "../../src/source/tiff/write-geo.ts";
import { encodeTile } from "../../src/source/tiff/write-tile.ts";
import type { ChannelInfo, Georeference, ImageInfo } from "../../src/source/types.ts";
import { convertFiles, testFolder } from "./support.ts";

const folder = testFolder();
const SIZE = { width: 300, height: 200 };
const TILE = 512;

const GEOREFERENCE: Georeference = { crs: "EPSG:32619", crsName: null, affine: [10, 0, 399960, 0, -10, 4800000] };
const CHANNELS: readonly ChannelInfo[] = [
  plainChannel({
    ...{ index: 0, name: 'Sea < "land" & ice', dataType: "uint16", nodata: 0, scale: 0.0001, offset: -0.1 },
    ...{ unit: "reflectance", window: [12, 3400], wavelengthNm: 1610, color: "#ff8000" },
  }),
  plainChannel({ index: 1, name: "b2", dataType: "uint16", nodata: 0 }),
];

async function writeSource(path: string): Promise<string> {
  const writer = await CogWriter.create(path, {
    ...{ ...SIZE, tileSize: TILE, type: "uint16", compression: "deflate", channels: 2, rgb: false, levels: 1 },
    fields: new Map([...gdalFields(CHANNELS), ...geoFields(GEOREFERENCE, SIZE)]),
    common: new Map(),
  });
  for (const channel of [0, 1]) {
    const tile = Uint16Array.from({ length: TILE * TILE }, (_, at) => at % 4096);
    writer.place(channel, 0, 0, 0, await writer.store(encodeTile(tile, TILE, 6)));
  }
  await writer.seal();
  await writer.publish();
  return path;
}

async function infoOf(path: string): Promise<ImageInfo> {
  const source = await openSource(localPath(path), { remote: null });
  await source.close();
  return source.info;
}

describe.each([
  ["ome-tiff", "out.ome.tif"],
  ["cog", "out.tif"],
] as const)("what is known of a source stands in the %s", (format, name) => {
  it("for our reader and for another", async () => {
    const source = await writeSource(join(folder, "known.tif"));
    const path = join(folder, name);
    await convertFiles([source], path, { format });
    const info = await infoOf(path);
    expect(info.channels).toEqual(CHANNELS);
    expect(info.georeference).toMatchObject({ crs: "EPSG:32619", affine: GEOREFERENCE.affine });
    const image = await (await fromFile(path)).getImage(0);
    expect(image.getOrigin().slice(0, 2)).toEqual([399960, 4800000]);
    expect(image.getResolution().slice(0, 2)).toEqual([10, -10]);
    expect(image.getGeoKeys()).toMatchObject({
      GTModelTypeGeoKey: 1,
      GTRasterTypeGeoKey: 1,
      ProjectedCSTypeGeoKey: 32619,
    });
    expect(image.getGDALNoData()).toBe(0);
    expect(await image.getGDALMetadata(0)).toMatchObject({ SCALE: "0.0001", OFFSET: "-0.1" });
  });
});

describe.each(["0.4", "0.5"] as const)("what is known of a source stands in OME-Zarr %s", (zarrVersion) => {
  it("for our reader, also what the format has no place for", async () => {
    const source = await writeSource(join(folder, "known-zarr.tif"));
    const path = join(folder, `out-${zarrVersion}.zarr`);
    await convertFiles([source], path, { format: "ome-zarr", zarrVersion });
    const info = await infoOf(path);
    const [first, second] = CHANNELS;
    expect(info.channels[0]).toEqual(first);
    expect(info.channels[1]).toMatchObject({ name: second?.name, nodata: 0, scale: 1, unit: null });
    expect(info.georeference).toEqual({ ...GEOREFERENCE, ground: { meters: 1, radians: null } });
    expect(info.pixelSize).toEqual({ x: 10, y: 10, unit: "m" });
    expect(info.warnings).toEqual([]);
  });
});
