import { expect, it } from "vitest";
import { parseGdalMetadata } from "../../src/source/tiff/metadata/gdal.ts";
import { wavelengthIn } from "../../src/source/wavelength.ts";

it.each([
  ["band 1 (418.24 Nanometers)", 418.24],
  ["Band 3 (0.66 Micrometers)", 660],
  ["Band 3 (0.665 Micrometers)", 665],
  ["  B5 865nm ", 865],
  ["Red (665 nm)", 665],
  ["swir [2.2 µm]", 2200],
  ["0.66 \u03BCm", 660],
  ["NIR 842 nm", 842],
  ["red edge 705nm", 705],
  ["Red-edge_705 nm", 705],
  ["865 nm", 865],
  ["Wavelength: 1610 NM", 1610],
  ["b8a - 864.7 nm", 864.7],
  ["Band 10 (10.9 microns)", 10_900],
  ["B4, central wavelength 665 nm", 665],
])("the name %j tells a wavelength", (name, wanted) => {
  expect(wavelengthIn(name)).toBe(wanted);
});

it.each([
  ...["10 nm pixel", "10 nm", "(10 nm)", "pixel (200 nm)", "Height 200 nm", "Thickness (300 nm)", "height_300nm"],
  ...["450-520 nm", "Ex 488nm Em 520nm", "488 nm (520 nm)", "band 1 (418.24)", "B5 865", "865", "5 m", "30 m (665 m)"],
  ...["418.24 nmol", "DAPI", "", "band 1 (418.24 Nanometers) mean", "1e3 nm", `${"b".repeat(200)} (500 nm)`, "3 mm"],
])("the name %j tells none", (name) => {
  expect(wavelengthIn(name)).toBeNull();
});

it("looks no longer at a name that is made to be looked at for long", () => {
  const names = [`${" ".repeat(99)}x`, `b${"-".repeat(98)}x`, "1".repeat(100), `(${"9".repeat(98)}`];
  expect(names.map(wavelengthIn)).toEqual(names.map(() => null));
});

it.each([
  [{ CENTRAL_WAVELENGTH_UM: "0.665" }, 665],
  [{ CENTRAL_WAVELENGTH_UM: "0.665", wavelength: "500", wavelength_units: "nm" }, 665],
  [{ wavelength: "418.24", wavelength_units: "Nanometers" }, 418.24],
  [{ WAVELENGTH: "0.66", WAVELENGTH_UNITS: "Micrometers" }, 660],
  [{ WAVELENGTH: "860", WAVELENGTH_UNIT: "nm" }, 860],
  [{ wavelength: "418.24" }, null],
  [{ wavelength: "418.24", wavelength_units: "Wavenumber" }, null],
  [{ wavelength: "Unknown", wavelength_units: "nm" }, null],
  [{ CENTRAL_WAVELENGTH_UM: "-1" }, null],
])("items of GDAL's metadata %j tell %j", (items, wanted) => {
  const written = Object.entries(items).map(([name, text]) => `<Item name="${name}" sample="0">${text}</Item>`);
  const { bands } = parseGdalMetadata(`<GDALMetadata>${written.join("")}</GDALMetadata>`, 1);
  expect(bands[0]?.wavelengthNm).toBe(wanted);
});
