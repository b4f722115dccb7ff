import type { LibraryPreset } from "./types.ts";

type Row = readonly [name: string, title: string, formula: string, reference: string];

const LANDSAT = "U.S. Geological Survey, common Landsat band combinations";
const SENTINEL = "Copernicus Sentinel-2 composites, Sentinel Hub collection";

const rows: readonly Row[] = [
  ["true-colour", "True colour", "rgb(red, green, blue)", LANDSAT],
  ["false-colour", "False colour, infrared: vegetation is red", "rgb(nir, red, green)", LANDSAT],
  ["shortwave-infrared", "Shortwave infrared", "rgb(swir2, nir, red)", SENTINEL],
  ["natural-shortwave", "Natural colours through haze", "rgb(swir1, nir, red)", LANDSAT],
  ["urban", "False colour, urban", "rgb(swir2, swir1, red)", LANDSAT],
  ["agriculture", "Agriculture", "rgb(swir1, nir, blue)", LANDSAT],
  ["geology", "Geology", "rgb(swir2, swir1, blue)", SENTINEL],
  ["atmospheric-penetration", "Atmospheric penetration", "rgb(swir2, swir1, nir)", LANDSAT],
  ["healthy-vegetation", "Healthy vegetation", "rgb(nir, swir1, blue)", LANDSAT],
  ["land-water", "Land and water", "rgb(nir, swir1, red)", LANDSAT],
  ["bathymetric", "Bathymetric", "rgb(red, green, coastal)", SENTINEL],
  ["red-edge", "Red edge: kinds of vegetation", "rgb(nir, rededge1, red)", SENTINEL],
  [
    ...(["wildfire", "Fire over true colour: what glows in the shortwave infrared"] as const),
    'let glow = window(swir2 - swir1, 0.05, 0.5); add(rgb(red, green, blue), tint(glow, "#ff6a00"))',
    "after Giglio et al. 2016, doi:10.1016/j.rse.2016.02.054",
  ],
  [
    ...(["ndvi-map", "Vegetation, in colours from bare to dense"] as const),
    'colormap(window(ndi(nir, red), -0.1, 0.9), "rdylgn")',
    "Rouse et al. 1974, Third ERTS Symposium, NASA SP-351",
  ],
  [
    ...(["nbr-map", "Burns, in colours"] as const),
    'colormap(window(ndi(nir, swir2), -0.5, 0.8), "rdylgn")',
    "García and Caselles 1991, doi:10.1080/10106049109354290",
  ],
  [
    ...(["moisture-map", "Moisture of the canopy, in colours"] as const),
    'colormap(window(ndi(nir, swir1), -0.8, 0.8), "rdylbu")',
    "Hardisky et al. 1983, Photogrammetric Engineering and Remote Sensing 49",
  ],
  [
    ...(["water-map", "Open water in blue over true colour"] as const),
    'let wet = step(0, ndi(green, nir)); over(blend(rgb(red, green, blue), tint(wet, "#0050ff"), "screen"), colour("black"))',
    "McFeeters 1996, doi:10.1080/01431169608948714",
  ],
  ["thermal-map", "Heat, in colours", 'colormap(thermal, "inferno")', LANDSAT],
];

export const compositePresets: readonly LibraryPreset[] = rows.map(([name, title, formula, reference]) => ({
  ...{ name, title, category: "composite", formula, reference, physical: name === "wildfire" },
}));
