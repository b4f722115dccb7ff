import { describe, expect, it } from "vitest";
import { effort } from "../../fixtures/effort.ts";
import { differences, filesOf, needsPeers } from "./peers.ts";

/** Of eight layouts of each type, codec and predictor; all of them in the long form. */
const EVERY = effort(4, 1);

describe("TIFFs of every type, codec, predictor and layout", () => {
  describe("that tifffile writes", needsPeers("tifffile", "imagecodecs"), () => {
    const files = filesOf("write_tifffile.py", EVERY);

    it("have the samples that were written", async () => {
      expect(files().planes.length).toBeGreaterThan(effort(190, 700));
      expect(await differences(files())).toEqual([]);
    });
  });

  describe("that GDAL writes", needsPeers("rasterio"), () => {
    const files = filesOf("write_gdal.py", EVERY);

    it("have the samples that were written, in every overview too", async () => {
      expect(files().planes.length).toBeGreaterThan(effort(190, 700));
      expect(await differences(files())).toEqual([]);
    });
  });
});
