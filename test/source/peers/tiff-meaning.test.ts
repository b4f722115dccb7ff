import { describe, expect, it } from "vitest";
import { isNodata } from "../../../src/kernel/index.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { type Compare, compareSamples, differences, filesOf, needsPeers, refusals } from "./peers.ts";

const decoder = new ChunkDecoder();

describe("samples beside the colors, of every type, place and number", needsPeers("tifffile", "rasterio"), () => {
  const files = filesOf("write_alpha.py", effort(5, 1));

  /** Channels that have no data by an alpha are float32, with NaN; the alpha is among them as it is stored. */
  const compare: Compare = async (source, one, due) => {
    const alphas = source.info.channels.flatMap(({ alpha, index }) => (alpha ? [index] : []));
    const expected = typeof one.alpha === "number" ? [one.alpha] : [];
    if (alphas.join() !== expected.join()) return `has alpha ${alphas.join()} in place of ${expected.join()}`;
    return await compareSamples(source, one, due);
  };

  it("are alpha where GDAL says so, and make no data of what it leaves out", async () => {
    const { planes } = files();
    expect(new Set(planes.map(({ alpha }) => typeof alpha))).toEqual(new Set(["number", "object"]));
    expect(await differences(files(), compare)).toEqual([]);
  });
});

describe("texts of no-data values", needsPeers("tifffile", "rasterio"), () => {
  const files = filesOf("write_nodata.py", 1);

  const compare: Compare = async (source, { text }, due) => {
    const plane = await decoder.plane(source, { channel: 0 });
    const { type } = source.layout({ level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 });
    const nodata = source.info.channels[0]?.nodata ?? null;
    // What is no number has no data anyhow.
    const isMasked = (value: number) => isNodata(type, value, nodata) || Number.isNaN(value);
    const wrong = [...plane].filter((value, at) => isMasked(value) !== (due[0]?.[at] === 1 || Number.isNaN(value)));
    return wrong.length === 0 ? null : `${JSON.stringify(text)} masks other samples than GDAL: ${wrong.join(", ")}`;
  };

  it("mask what GDAL masks, whatever the type", async () => {
    expect(files().planes.length).toBeGreaterThan(400);
    expect(await differences(files(), compare)).toEqual([]);
  });
});

describe("palettes", needsPeers("tifffile", "rasterio"), () => {
  const files = filesOf("write_palettes.py", 1);

  it("have the codes that are stored, and the colors that GDAL shows", async () => {
    expect(files().planes.length).toBeGreaterThan(15);
    expect(await differences(files())).toEqual([]);
  });

  it("of 2 and 4 bits are refused by name", async () => {
    const refused = await refusals(files());
    expect(refused.map(({ file }) => file)).toEqual(["bits-2.tif", "bits-4.tif"]);
    for (const { message, says } of refused) expect(message).toContain(says);
  });
});
