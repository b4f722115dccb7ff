import { indices, type LibraryPreset } from "./types.ts";

const water = indices("water", [
  [
    "NDWI",
    "Normalized difference water index",
    "(green - nir) / (green + nir)",
    "McFeeters 1996, doi:10.1080/01431169608948714",
  ],
  [
    "MNDWI",
    "Modified normalized difference water index",
    "(green - swir1) / (green + swir1)",
    "Xu 2006, doi:10.1080/01431160600589179",
  ],
  [
    "AWEInsh",
    "Automated water extraction index, no shadows",
    "4 * (green - swir1) - 0.25 * nir + 2.75 * swir2",
    "Feyisa et al. 2014, doi:10.1016/j.rse.2013.08.029",
  ],
  [
    "AWEIsh",
    "Automated water extraction index, with shadows",
    "blue + 2.5 * green - 1.5 * (nir + swir1) - 0.25 * swir2",
    "Feyisa et al. 2014, doi:10.1016/j.rse.2013.08.029",
  ],
  [
    "WI2015",
    "Water index 2015",
    "1.7204 + 171 * green + 3 * red - 70 * nir - 45 * swir1 - 71 * swir2",
    "Fisher et al. 2016, doi:10.1016/j.rse.2015.12.055",
  ],
  [
    "WRI",
    "Water ratio index",
    "(green + red) / (nir + swir1)",
    "Shen and Li 2010, doi:10.1109/GEOINFORMATICS.2010.5567762",
  ],
  [
    "LSWI",
    "Land surface water index",
    "(nir - swir1) / (nir + swir1)",
    "Xiao et al. 2004, doi:10.1016/j.rse.2003.11.008",
  ],
  [
    "NDTI",
    "Normalized difference turbidity index",
    "(red - green) / (red + green)",
    "Lacaux et al. 2007, doi:10.1016/j.rse.2006.07.012",
  ],
  [
    "NDCI",
    "Normalized difference chlorophyll index",
    "(rededge1 - red) / (rededge1 + red)",
    "Mishra and Mishra 2012, doi:10.1016/j.rse.2011.10.016",
  ],
  [
    "FAI",
    "Floating algae index",
    "nir2 - (red + (swir1 - red) * ((859 - 645) / (1640 - 645)))",
    "Hu 2009, doi:10.1016/j.rse.2009.05.012",
  ],
]);

const snow = indices("snow", [
  [
    "NDSI",
    "Normalized difference snow index",
    "(green - swir1) / (green + swir1)",
    "Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P",
  ],
  [
    "NDGI",
    "Normalized difference glacier index",
    "(green - red) / (green + red)",
    "Keshri et al. 2009, doi:10.1080/01431160802385459",
  ],
  [
    "NDSII",
    "Normalized difference snow and ice index",
    "(red - swir1) / (red + swir1)",
    "Xiao et al. 2001, doi:10.1080/01431160119766",
  ],
  [
    "SWI",
    "Snow water index",
    "green * (nir - swir1) / ((green + nir) * (nir + swir1))",
    "Dixit et al. 2019, doi:10.3390/rs11232774",
  ],
  [
    "S3",
    "S3 snow index",
    "nir * (red - swir1) / ((nir + red) * (nir + swir1))",
    "Saito and Yamazaki 1999, doi:10.3178/jjshwr.12.28",
  ],
]);

const fire = indices("fire", [
  [
    "NBR",
    "Normalized burn ratio",
    "(nir - swir2) / (nir + swir2)",
    "García and Caselles 1991, doi:10.1080/10106049109354290",
  ],
  [
    "NBR2",
    "Normalized burn ratio of two shortwave bands",
    "(swir1 - swir2) / (swir1 + swir2)",
    "Key and Benson 2006, USDA RMRS-GTR-164",
  ],
  ["BAI", "Burned area index", "1 / ((0.1 - red) ^ 2 + (0.06 - nir) ^ 2)", "Martín 1998, Universidad de Alcalá"],
  [
    "BAIS2",
    "Burned area index for Sentinel-2",
    "(1 - sqrt(rededge2 * rededge3 * nir2 / red)) * ((swir2 - nir2) / sqrt(swir2 + nir2) + 1)",
    "Filipponi 2018, doi:10.3390/ecrs-2-05177",
  ],
  [
    "MIRBI",
    "Mid-infrared burn index",
    "10 * swir2 - 9.8 * swir1 + 2",
    "Trigg and Flasse 2001, doi:10.1080/01431160110053185",
  ],
  ["CSI", "Char soil index", "nir / swir2", "Smith et al. 2005, doi:10.1016/j.rse.2005.04.014"],
]);

const soil = indices("soil", [
  [
    "BSI",
    "Bare soil index",
    "((swir1 + red) - (nir + blue)) / ((swir1 + red) + (nir + blue))",
    "Rikimaru et al. 2002, Tropical Ecology 43",
  ],
  [
    "NDTillI",
    "Normalized difference tillage index",
    "(swir1 - swir2) / (swir1 + swir2)",
    "van Deventer et al. 1997, Photogrammetric Engineering and Remote Sensing 63",
  ],
  [
    "STI",
    "Simple tillage index",
    "swir1 / swir2",
    "van Deventer et al. 1997, Photogrammetric Engineering and Remote Sensing 63",
  ],
  ["DBSI", "Dry bareness index", "ndi(swir1, green) - ndi(nir, red)", "Rasul et al. 2018, doi:10.3390/land7030081"],
  [
    "MBI",
    "Modified bare soil index",
    "(swir1 - swir2 - nir) / (swir1 + swir2 + nir) + 0.5",
    "Nguyen et al. 2021, doi:10.3390/land10030231",
  ],
  [
    "RI",
    "Redness index",
    "(red - green) / (red + green)",
    "Escadafal and Huete 1991, Comptes Rendus de l’Académie des Sciences 312",
  ],
  [
    "clay",
    "Clay minerals ratio",
    "swir1 / swir2",
    "Segal 1982, International Symposium on Remote Sensing of Environment",
  ],
  [
    "iron-oxide",
    "Iron oxide ratio",
    "red / blue",
    "Segal 1982, International Symposium on Remote Sensing of Environment",
  ],
  [
    "ferrous",
    "Ferrous minerals ratio",
    "swir1 / nir",
    "Segal 1982, International Symposium on Remote Sensing of Environment",
  ],
]);

const builtUp = indices("built-up", [
  [
    "NDBI",
    "Normalized difference built-up index",
    "(swir1 - nir) / (swir1 + nir)",
    "Zha et al. 2003, doi:10.1080/01431160304987",
  ],
  [
    "UI",
    "Urban index",
    "(swir2 - nir) / (swir2 + nir)",
    "Kawamura et al. 1996, International Archives of Photogrammetry and Remote Sensing 31",
  ],
  [
    "VrNIRBI",
    "Visible red and near-infrared built-up index",
    "(red - nir) / (red + nir)",
    "Estoque and Murayama 2015, doi:10.1016/j.ecolind.2015.03.037",
  ],
  [
    "IBI",
    "Index-based built-up index",
    "let built = ndi(swir1, nir); let rest = (1.5 * (nir - red) / (nir + red + 0.5) + ndi(green, swir1)) / 2; (built - rest) / (built + rest)",
    "Xu 2008, doi:10.1080/01431160802039957",
  ],
]);

/** Water, snow, fire, soil and buildings. */
export const surfacePresets: readonly LibraryPreset[] = [...water, ...snow, ...fire, ...soil, ...builtUp];
