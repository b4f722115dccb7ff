import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { assertNotForeign } from "../../src/source/foreign.ts";
import { openLocal } from "../fixtures/open-local.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-foreign-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const latin = (text: string) => Buffer.from(text.padEnd(64, "\0"), "latin1");
const TIFF = buildTiff({ directories: [{ width: 12, height: 8, type: "uint16" }] });

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("a format that is known and not read", () => {
  it.each([
    ["slide.czi", "ZISRAWFILE", /CZI of Zeiss.*bioformats2raw/],
    ["stack.nd2", "\xda\xce\xbe\x0a", /ND2 of Nikon.*bfconvert/],
    ["stack.lif", "p\0\0\0\x10\0\0\0*", /LIF of Leica.*bfconvert/],
    ["stack.oib", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", /OIB or ZVI.*bfconvert/],
    ["cube.h5", "\x89HDF\r\n\x1a\n", /HDF5 or NetCDF 4.*gdal_translate/],
    ["cube.nc", "CDF\x01", /NetCDF.*gdal_translate/],
    ["sky.fits", "SIMPLE  =                    T", /FITS.*gdal_translate/],
    ["called.tif", "ZISRAWFILE", /CZI of Zeiss/],
  ])("is refused by its name, with a way: %s", async (name, beginning, message) => {
    await expect(openLocal(written(name, latin(beginning)))).rejects.toThrow(message);
  });

  it.each([
    ["slide.mrxs", /preview of a MIRAX slide.*bioformats2raw/],
    ["SLIDE.VSI", /preview of a VSI slide.*bioformats2raw/],
    ["scan.dcm", /DICOM/],
    ["cells.ims", /IMS of Imaris/],
  ])("is refused by its ending where its bytes are those of a picture: %s", async (name, message) => {
    await expect(openLocal(written(name, TIFF))).rejects.toThrow(message);
  });

  it.each(["slide.svs", "stack.stk", "cells.lsm", "plate.flex", "odd.fits"])(
    "is none where it is a TIFF: %s",
    async (name) => {
      expect((await openLocal(written(name, TIFF))).info.width).toBe(12);
    },
  );

  it("is told without the name of the file", () => {
    expect(() => assertNotForeign("secret.czi", latin("ZISRAWFILE"))).toThrow(/^(?!.*secret).*$/);
  });
});
