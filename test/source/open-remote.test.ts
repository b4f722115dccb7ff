import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSource } from "../../src/source/index.ts";
import { createRemote } from "../../src/source/remote/index.ts";
import { writeFifteenSet } from "../fixtures/fifteen.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { picture, writeTileFolder } from "../fixtures/tile-folders.ts";

describe("an image behind a network", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-names-"));
  let server: RangeServer;
  beforeAll(async () => {
    const tiles = join(folder, "two words");
    mkdirSync(tiles);
    await writeTileFolder(tiles, "deep-zoom", picture(100, 80));
    renameSync(join(tiles, "tiles.dzi"), join(tiles, "für alle.dzi"));
    renameSync(join(tiles, "tiles_files"), join(tiles, "für alle_files"));
    renameSync(join(tiles, writeFifteenSet(tiles, "set")), join(tiles, "50% more.channels.yaml"));
    server = await startRangeServer(folder);
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["two%20words/f%C3%BCr%20alle.dzi", 100],
    ["two%20words/50%25%20more.channels.yaml", 704],
  ])("is found under the encoded names of its files: %s", async (path, width) => {
    const remote = createRemote({ allowed: [server.url] });
    const source = await openSource({ kind: "url", url: `${server.url}/${path}`, series: 0 }, { remote });
    expect(source.info.width).toBe(width);
    await source.close();
    await remote.close();
  });
});
