import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRemote } from "../../src/source/index.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { convertFiles, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const SIZE = { width: 1500, height: 1200 };

describe("a source behind HTTP", () => {
  const path = writeTiff(join(folder, "far.tif"), {
    directories: [0, 1].map((seed) => ({ ...SIZE, type: "uint16", tile: [256, 256], codec: "deflate", seed })),
  });
  let server: RangeServer;
  beforeAll(async () => {
    server = await startRangeServer(new Map([["far.tif", new Uint8Array(readFileSync(path))]]));
  });
  afterAll(() => server.close());

  it("becomes the same file as from disk, with a request for many chunks together", async () => {
    const remote = createRemote({ allowed: [server.url] });
    try {
      const [near, far] = [join(folder, "near.ome.tif"), join(folder, "far.ome.tif")];
      await convertFiles([path], near, { format: "ome-tiff" });
      await convertFiles([`${server.url}/far.tif`], far, { format: "ome-tiff", threads: 2, remote });
      expect(readFileSync(far).equals(readFileSync(near))).toBe(true);
      // Of the 60 chunks those of a channel are asked for together.
      expect(server.requests.length).toBeLessThan(20);
    } finally {
      await remote.close();
    }
  });

  it("that is not allowed is refused, and nothing is written", async () => {
    const remote = createRemote({ allowed: [] });
    try {
      const refused = convertFiles([`${server.url}/far.tif`], join(folder, "x.tif"), { format: "cog", remote });
      await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
    } finally {
      await remote.close();
    }
  });
});
