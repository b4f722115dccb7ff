// The text of docs/presets.md: the library of presets, from its rows.
import {
  bandsOf,
  type LibraryPreset,
  PRESET_CATEGORIES,
  type PresetCategory,
  presetLibrary,
} from "../src/formula/index.ts";

const TITLES: Readonly<Record<PresetCategory, string>> = {
  vegetation: "Vegetation",
  water: "Water",
  snow: "Snow and ice",
  fire: "Fire",
  soil: "Soil and minerals",
  "built-up": "Buildings",
  composite: "Composites of Earth observation",
  microscopy: "Microscopy",
  astronomy: "Astronomy",
};

const INTRODUCTION = `# Presets

Formulas of the literature under their names. An image has those whose bands it has: a band is found by the channel's name (\`nir\`, \`NIR\`,
\`swir16\`, \`GFP\` …), else by its wavelength. Bands of an index are physical values (\`phys\`): the scale and the offset of the file apply, so
constants of reflectance mean what the papers meant. This page is made from the library (\`npm run docs\`).

\`\`\`graphql
{ image(key: "scene") {
    presets { name title formula }                                          # what this image can show
    render(preset: "NDVI", display: { colormap: "rdylgn" }) { canonical }   # a preset is a formula like any other
} }
\`\`\`

In addresses: \`/tiles/scene/0/0/0.jpg?preset=NDVI\`. Addresses that answers give carry the formula itself and may be cached for ever; one with
\`preset\` is asked for again each time, since a preset may be saved anew.

**Presets of your own** stand in \`catalogue.yaml\` beside an image, or are saved by a mutation, for one image or for all that can evaluate them:

\`\`\`graphql
mutation { savePreset(input: { name: "My ratio", formula: "colormap(ndi(b8, b4), \\"viridis\\")" }) {
  preset { id } userErrors { field message } diagnostics { message from to } } }
\`\`\`

They are kept in the server's own folder, or in the Redis of \`BANDLOOM_STATE_REDIS_URL\` for several servers. Mutations need the header
\`Authorization: Bearer …\` with the server's \`BANDLOOM_ADMIN_TOKEN\`; where none is set, with the secret that the server prints when it starts.
`;

export function presetsPage(): string {
  const sections = PRESET_CATEGORIES.map((category) => {
    const rows = presetLibrary.filter((preset) => preset.category === category);
    const lines = rows.map(line).join("\n");
    return `## ${TITLES[category]}\n\n| name | what | formula | source |\n|---|---|---|---|\n${lines}\n`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

function line(preset: LibraryPreset): string {
  const { name, title, formula, reference } = preset;
  const written =
    formula === null || bandsOf(preset).length === 0 ? "made of the channels that there are" : `\`${formula}\``;
  return `| ${name} | ${title} | ${written} | ${reference} |`;
}
