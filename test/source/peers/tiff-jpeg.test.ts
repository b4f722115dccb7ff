import { describe, expect, it } from "vitest";
import { effort } from "../../fixtures/effort.ts";
import { differences, filesOf, needsPeers } from "./peers.ts";

describe("JPEG inside TIFF", needsPeers("tifffile", "imagecodecs", "rasterio", "PIL"), () => {
  const files = filesOf("write_jpeg.py", effort(3, 1));

  it("has the samples that two other readers find, whatever its quality, sampling and tables", async () => {
    expect(files().planes.length).toBeGreaterThan(effort(30, 110));
    expect(await differences(files())).toEqual([]);
  });
});
