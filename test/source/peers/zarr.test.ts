import { describe, expect, it } from "vitest";
import { effort } from "../../fixtures/effort.ts";
import { differences, filesOf, needsPeers } from "./peers.ts";

describe("OME-Zarr that zarr-python writes", needsPeers("zarr", "numcodecs"), () => {
  // All 18,720 would take many minutes.
  const files = filesOf("write_zarr.py", effort(149, 13));

  it(
    "has the samples that were written, whatever the version, type, codec, order and shards",
    async () => {
      expect(files().planes.length).toBeGreaterThan(effort(120, 1400));
      expect(await differences(files())).toEqual([]);
    },
    effort(60_000, 600_000),
  );
});
