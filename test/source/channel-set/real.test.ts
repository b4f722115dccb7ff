import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openChannelSet } from "../../../src/source/channel-set/open.ts";
import { parseChannelSet } from "../../../src/source/channel-set/parse.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { NEEDS_REAL_IMAGES, sharedData } from "../../fixtures/needs.ts";
import { openLocal } from "../../fixtures/open-local.ts";

const decoder = new ChunkDecoder();

describe("real files as channel sets", NEEDS_REAL_IMAGES, () => {
  it("are the stains of one plate, each in a file of its own with strips of its own", async () => {
    const folder = sharedData("human-3ch");
    const stains = readdirSync(folder).flatMap((name) => /^(.*f00)(d\d)\.tif$/.exec(name)?.slice(1) ?? []);
    const manifest = `pattern: ${stains[0]}{channel}.tif\nchannels: [d0, { channel: d1, name: actin }, d2]`;
    const set = await openChannelSet(parseChannelSet(manifest), (file) => openLocal(`${folder}/${file}`));
    expect(set.info).toMatchObject({ width: 512, height: 512 });
    expect(set.info.channels.map(({ name, masked }) => [name, masked])).toEqual([
      ["d0", false],
      ["actin", false],
      ["d2", false],
    ]);
    for (const channel of [0, 1, 2]) {
      const alone = await openLocal(`${folder}/${stains[0]}d${channel}.tif`);
      expect(
        planeDifference(await decoder.plane(set, { channel }), await decoder.plane(alone, { channel: 0 })),
      ).toBeNull();
      await alone.close();
    }
    await set.close();
  });

  it("keep the georeference of the finest, and lie on its levels", async () => {
    const open = () => openLocal(sharedData("sentinel2-T19UDP-13ch-u16.tif"));
    const manifest = "files:\n- { file: a.tif, channels: [B04, B03, B02] }\n- { file: b.tif, channel: B08, name: nir }";
    const set = await openChannelSet(parseChannelSet(manifest), open);
    const alone = await open();
    expect(set.info.georeference).toEqual(alone.info.georeference);
    expect(set.info.levels).toEqual(alone.info.levels);
    const index = alone.info.channels.findIndex(({ name }) => name === "B08");
    for (const [level] of alone.info.levels.entries()) {
      const plane = await decoder.plane(alone, { channel: index, level });
      expect(planeDifference(await decoder.plane(set, { channel: 3, level }), plane)).toBeNull();
    }
    await Promise.all([set.close(), alone.close()]);
  });
});
