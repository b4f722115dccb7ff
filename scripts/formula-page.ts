// The text of docs/formula.md: every operator and function, from the table.
import {
  CONSTANTS,
  callName,
  type FunctionCategory,
  type FunctionRow,
  functionTable,
  signature,
} from "../src/formula/index.ts";

const TITLES: Readonly<Record<FunctionCategory, string>> = {
  operator: "Operators",
  arithmetic: "Arithmetic",
  power: "Powers, roots and logarithms",
  trigonometry: "Trigonometry and hyperbolic functions",
  logic: "Conditions and missing data",
  data: "Stored and physical values",
  index: "Indices",
  planes: "Planes of a stack",
  statistics: "Numbers of the whole image",
  neighbourhood: "Neighbourhoods",
  display: "From numbers to shades",
  colour: "Colours",
  blending: "Blending",
};

/** A name that is good for a file and an anchor. */
export function pictureName(row: FunctionRow): string {
  return callName(row) ?? row.name;
}

/** Whether a picture says more than the words: operators are shown by words alone. */
export function hasPicture(row: FunctionRow): boolean {
  return row.category !== "operator";
}

export function formulaPage(): string {
  const categories = Object.entries(TITLES) as [FunctionCategory, string][];
  const sections = categories.map(([category, title]) => {
    const rows = functionTable.filter((row) => row.category === category);
    return `## ${title}\n\n${category === "operator" ? operators(rows) : functions(rows)}`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}\n## Constants\n\n${constants()}`;
}

const INTRODUCTION = `# The formula language

One text describes a picture: which channels, the arithmetic, the window, the colours. This page is made from the table of functions
(\`npm run docs\`); the pictures are the examples, rendered of the demo image.

- **Channels** are named as the file names them (\`red\`, \`uv1\` for UV-1), in backticks where a name is no word (\`\\\`a+b\\\`\`), or by
  number (\`@7\`, \`b7\`). One plane of a stack: \`dapi[z=3, t=0]\`. Zeros in front of a number do not count, and a band is found in a longer
  name: \`B4\` is \`B04\`, \`SR_B4\` or \`sur_refl_b04\`. A name goes before a number, with a warning where the two are different channels; \`B8\` is never
  \`B8A\`, and \`@4\` is always the fourth channel.
- **Comments** stand between \`/*\` and \`*/\`; \`//\` is the division that rounds down, as in Python.
- **Names of your own**: \`let d = uv1 - green; red + 2*d\`.
- **Other images** of the catalogue: \`before.red\`, and where they lie elsewhere \`use before = image("slide-2020", dx=12, dy=-8, scale=2);
  red - before.red\`. \`dx\` and \`dy\` are pixels of this image at full resolution, \`scale\` is the size of a pixel of the other in pixels of this
  one: the pixel at (X, Y) shows the other image at ((X − dx) / scale, (Y − dy) / scale), as the mean of the four pixels around it by nearness, or
  with \`nearest\`, and always where its channel is categorical, as the one that holds it (on coarser levels a sample, too, and no mean).
  Sizes, sample types and pyramids may differ; beyond its edges there is no data.
- **Types**: number; shade (0 … 1, ready for display); color. A number that is shown gets a window.
- **The window of a number** that is shown without one is the first of these:
  - 0 … 1 or −1 … 1 where its bounds are known to lie within, 0 … 255 where it is made of bytes;
  - of a channel by itself the window that its file states, of bytes else 0 … 255 (always, where the image has red, green and blue). It does not count where it is all
    that the type can hold, nor where 99.9 % of the pixels would be in the darkest or in the brightest eighth of its shades: what files state is not always about their pixels;
  - what the pixels hold, from the 0.5 to the 99.5 percentile. Values of fewer than 2 % of the pixels at one end that are farther off than four times the room of all
    others are left out unless they have a spread of their own, at least half as wide as the gap before them: glare has none, a stain of many strengths has. Where 99 % of the
    pixels have one value, the others decide (without one in twenty of them at each end, and if they are at least eight pixels): a few spots on nothing are shown.
- **Stacks** have one window for all planes, so that shades of planes can be compared: each of up to nine planes evenly spaced along z and t is looked at, and the
  window reaches from the least low end to the greatest high one. Planes that are all of one value do not count beside others. It is the same with \`stretch\` and \`zscale\`;
  \`equalize mean stddev percentile\` are of the plane that they name. A number of several planes (\`dapi[z=1] - dapi[z=0]\`, \`zmax(dapi)\`) is looked at as it is written. Where
  nobody names a plane the file's own is meant (\`defaultZ\` and \`defaultT\` of OMERO's settings), else the middle one.
- **What the image decides** (windows by its pixels, \`stretch zscale equalize mean stddev percentile\`) is measured once for each revision of the
  files, on all pixels of the finest stored level of at most a megapixel, else on four megapixels of chunks (4,096 at most) spread evenly over the coarsest one (of a stack, on as many of all
  planes together), and stands in the canonical text as numbers: every tile and every server shows the same. Chunks that are damaged are left out, with a warning.
- **Without a formula** an image is shown by the first of these that there is: the catalogue's formula; the channels that the file calls active, merged in their
  colors; the sRGB that the file's color profile makes; red, green and blue, whatever is beside them, or the bands of Sentinel-2, Landsat and MODIS that are so by their
  names or wavelengths; the colors that cyan, magenta, yellow and black print; the channels that have colors, merged (up to eight, those of the
  brightest colors first); the first channel in the colors of its classes, where a table beside the file gives each one (64 at most); the first channel that is not the opacity of the
  others, inverted where the file says that large numbers mean darkness. With \`BANDLOOM_COLOR=stored\`
  no profile is applied and nothing is inverted.
- **Several outputs**: \`red; green; blue\` is \`rgb(red, green, blue)\`; four are with alpha.
- **Alpha**: a picture of an image with an alpha is as opaque as that says, times what \`rgba\` or \`opacity\` say. A formula that reads the alpha itself decides
  alone. Numbers have no data where the alpha is 0. JPEG has no alpha: there the picture lies over black.
- **No data** (NaN, infinities, the file's own no-data value) is transparent, and goes through calculations. Division by zero and the logarithm
  of 0 are infinities within a calculation (\`1 / (1 / red)\` is 0 where red is 0) and no data wherever somebody looks: in the picture, in numbers, in
  neighbourhoods, and for \`isnan\`, \`valid\` and \`coalesce\`: \`coalesce(red / green, 7)\` is 7 where green is 0.
- **Bits** of quality bands: \`bit(QA_PIXEL, 3) == 0\`, \`bitand(QA_PIXEL, 24) != 0\`, \`bitand(shift(QA_PIXEL, -8), 3)\`. They are exact for whole numbers
  from −16,777,216 to 16,777,216 (negative ones in two's complement) and no data for all others: fractions, as the means of coarser levels are, and larger
  numbers, whose lowest bits float32 does not hold. A formula that may meet such numbers is told so by a warning.
- **Codes** (classes, flags) have no means. Levels that lie in no file are means of finer ones, but for categorical channels (palettes, labels, what the catalogue or a
  channel set calls \`kind: categorical\`), of which one pixel in four is taken. \`nearest(x)\` asks for the same of any channel:
  \`classes(nearest(@1), 11: "navy", 41: "green")\`, \`bit(nearest(QA_PIXEL), 3)\`. A picture that reads samples alone is scaled by taking pixels too. Levels that the file holds are
  as they were written. Where codes are told apart of means a formula has a warning (\`SAMPLING\`).
- **Terrain**: \`slope aspect hillshade\` make meters of degrees and feet, by the image's place and the height's unit (meters where the file tells none).
  A degree is measured as gdaldem measures it from GDAL 3.11 on: on a sphere of the equator's radius, its width at the latitude of the image's middle, or at that of
  each row where an image is taller than two degrees. With \`scale\` nothing is converted: slopes are divided by it, as by gdaldem's \`-s\`.
  \`aspect\` is that of the ground, also where pixels are no squares, of which gdaldem knows nothing.
- **Precision**: all arithmetic is float32, one rounding an operation; the same in every browser and on every server. It shows in two places: samples
  of 32-bit integers beyond 16,777,216 are rounded to 24 bits, and 64-bit floats to about 7 digits (\`16777217 - 16777216\` is 0). A formula that
  reads such a channel is told so by a warning; subtracting a large constant does not bring the digits back. 8- and 16-bit samples
  are exact, and so are their sums and products below 16,777,216.
`;

function operators(rows: readonly FunctionRow[]): string {
  const lines = rows.map(
    (row) => `| ${code(row.name === "neg" ? "-" : row.name)} | ${row.help} | ${code(row.example)} |`,
  );
  return `| operator | meaning | example |\n|---|---|---|\n${lines.join("\n")}\n`;
}

function functions(rows: readonly FunctionRow[]): string {
  const lines = rows.map((row) => {
    const name = pictureName(row);
    const aliases = [row.name, ...(row.aliases ?? [])].filter((other) => other !== name);
    const also = aliases.length > 0 ? ` Also ${aliases.map(code).join(", ")}.` : "";
    const picture = `<img src="formula/${name}.webp" width="128" height="128" alt="">`;
    return `| ${code(signature(name, row))} | ${row.help}${also} | ${code(row.example)} | ${picture} |`;
  });
  return `| function | meaning | example | |\n|---|---|---|---|\n${lines.join("\n")}\n`;
}

function constants(): string {
  const lines = [...CONSTANTS].map(([name, { help }]) => `| ${code(name)} | ${help} |`);
  return `| name | value |\n|---|---|\n${lines.join("\n")}\n`;
}

/** In a table a bar must be escaped, also in code. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}
