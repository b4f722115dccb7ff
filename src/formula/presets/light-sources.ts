import type { PresetChannel } from "./bands.ts";
import { colourOfWavelength, hueParts } from "./light.ts";
import type { LibraryPreset } from "./types.ts";

const LUPTON = "Lupton et al. 2004, doi:10.1086/382245";
const RECTOR = "Rector et al. 2007, doi:10.1086/510117";

/** Where light ends to be visible, nanometres. */
const [ULTRAVIOLET, INFRARED] = [400, 750];

/** One scale for three colours, by the arcsine of their mean: bright stars keep their colour. */
function lupton(red: string, green: string, blue: string): string {
  const component = (band: string) => `window((${band} - low) * scale, 0, 1)`;
  return [
    `let mean3 = (${red} + ${green} + ${blue}) / 3`,
    "let low = percentile(mean3, 5)",
    "let span = percentile(mean3, 99.7) - low",
    "let above = max((mean3 - low) / span, 1e-6)",
    "let scale = asinh(8 * above) / (asinh(8) * above * span)",
    `rgb(${[red, green, blue].map(component).join(", ")})`,
  ].join("; ");
}

const SCREEN = (layers: readonly string[]) =>
  layers.length === 1 ? (layers[0] ?? "") : `screen(${layers.join(", ")})`;

interface Indexed extends PresetChannel {
  readonly index: number;
}

/** Channels that have a wavelength, the longest first. */
function byWavelength(channels: readonly PresetChannel[]): readonly (Indexed & { readonly wavelengthNm: number })[] {
  return channels
    .flatMap((one, index) => (one.wavelengthNm === null ? [] : [{ ...one, index, wavelengthNm: one.wavelengthNm }]))
    .sort((a, b) => b.wavelengthNm - a.wavelengthNm);
}

/** What is one channel of an image of bytes or of words is a shade of one colour: so many channels can be told apart. */
const MOST = 64;
/** Each channel stands in the canonical text three times, and texts have bounds. */
const MOST_WEIGHED = 40;

function emissions(channels: readonly PresetChannel[]): string | null {
  const lit = channels.flatMap(({ wavelengthNm, color }, index) => {
    const own =
      color ??
      (wavelengthNm !== null && wavelengthNm >= 350 && wavelengthNm <= 1000 ? colourOfWavelength(wavelengthNm) : null);
    return own === null ? [] : [`tint(@${index + 1}, "${own}")`];
  });
  return lit.length === 0 || lit.length > MOST ? null : SCREEN(lit);
}

/** Means of all channels, weighed by the parts of red, green and blue in their hues: what is as bright in all of them is grey. */
function chromaticOrder(channels: readonly PresetChannel[]): string | null {
  const ordered = byWavelength(channels);
  if (ordered.length < 2 || ordered.length > MOST_WEIGHED) return null;
  const hues = ordered.map((_, place) => hueParts((place / (ordered.length - 1)) * 270));
  const shades = ordered.map(({ index }, place) => `let band${place + 1} = stretch(@${index + 1}, 1, 99.7)`);
  const mean = (component: 0 | 1 | 2) => {
    const parts = hues.map((hue, place) => ({ weight: Math.round(hue[component] * 100) / 100, place }));
    const seen = parts.filter(({ weight }) => weight > 0);
    const total = seen.reduce((sum, { weight }) => sum + weight, 0);
    return seen.map(({ weight, place }) => `${Number((weight / total).toFixed(4))} * band${place + 1}`).join(" + ");
  };
  return `${shades.join("; ")}; rgb(${mean(0)}, ${mean(1)}, ${mean(2)})`;
}

/** Infrared as red, visible light as green, ultraviolet as blue. */
function threeRealms(channels: readonly PresetChannel[]): string | null {
  const ordered = byWavelength(channels);
  const realms = [
    ordered.filter(({ wavelengthNm }) => wavelengthNm >= INFRARED),
    ordered.filter(({ wavelengthNm }) => wavelengthNm < INFRARED && wavelengthNm >= ULTRAVIOLET),
    ordered.filter(({ wavelengthNm }) => wavelengthNm < ULTRAVIOLET),
  ];
  if (realms.some((realm) => realm.length === 0) || ordered.length > MOST) return null;
  const means = realms.map((realm) => {
    const sum = realm.map(({ index }) => `@${index + 1}`).join(" + ");
    return realm.length === 1 ? sum : `(${sum}) / ${realm.length}`;
  });
  return `rgb(${means.join(", ")})`;
}

function merge(parts: readonly (readonly [band: string, colour: string])[]): string {
  return SCREEN(parts.map(([band, colour]) => `tint(${band}, "${colour}")`));
}

/** Hematoxylin and eosin as absorption of two dyes, k = 2.5. */
const STAINED = [
  "let nuclear = 2.5 * stretch(dapi, 1, 99.5)",
  "let stroma = 2.5 * stretch(eosin, 1, 99.5)",
  [
    "rgb(exp(-0.86 * nuclear - 0.05 * stroma)",
    " exp(-nuclear - stroma)",
    " exp(-0.3 * nuclear - 0.544 * stroma))",
  ].join(","),
].join("; ");

type Row = readonly [name: string, title: string, formula: string, reference: string];

const DYES = "Excitation and emission maxima: Johnson and Spence 2010, The Molecular Probes Handbook";
const OKABE = "Okabe and Ito 2008, Color Universal Design";

const microscopy: readonly Row[] = [
  [
    "dapi-fitc",
    "Two dyes in their colours",
    merge([
      ["dapi", "#0000ff"],
      ["fitc", "#00ff00"],
    ]),
    DYES,
  ],
  [
    ...(["dapi-fitc-tritc", "Three dyes in their colours"] as const),
    ...([
      merge([
        ["dapi", "#0000ff"],
        ["fitc", "#00ff00"],
        ["tritc", "#ff0000"],
      ]),
      DYES,
    ] as const),
  ],
  [
    ...(["dapi-fitc-tritc-cy5", "Four dyes, the far red as magenta"] as const),
    merge([
      ["dapi", "#0000ff"],
      ["fitc", "#00ff00"],
      ["tritc", "#ff8000"],
      ["cy5", "#ff00ff"],
    ]),
    DYES,
  ],
  [
    "green-magenta",
    "Two dyes for every eye",
    merge([
      ["fitc", "#00ff00"],
      ["tritc", "#ff00ff"],
    ]),
    OKABE,
  ],
  [
    "cyan-magenta",
    "Two dyes for every eye, nuclei in cyan",
    merge([
      ["dapi", "#00ffff"],
      ["tritc", "#ff00ff"],
    ]),
    OKABE,
  ],
  [
    ...(["virtual-h&e", "Fluorescence as hematoxylin and eosin would show it"] as const),
    ...([STAINED, "Giacomelli et al. 2016, doi:10.1371/journal.pone.0159337"] as const),
  ],
];

const astronomy: readonly Row[] = [
  ["SHO", "Hubble palette: S II, Hα, O III", "rgb(sii, ha, oiii)", "Hester et al. 1996, doi:10.1086/117968"],
  ["HOO", "Two lines: Hα as red, O III as cyan", "rgb(ha, oiii, oiii)", RECTOR],
  ["lupton", "Red, green and blue on one asinh scale", lupton("red", "green", "blue"), LUPTON],
  ["gri", "SDSS i, r, g on one asinh scale", lupton("iband", "rband", "gband"), LUPTON],
  [
    ...(["LRGB", "Luminance of one filter, colours of three"] as const),
    ...(['blend(rgb(red, green, blue), gray(luminance), "luminosity")', RECTOR] as const),
  ],
  ["ha-rgb", "True colour with Hα laid over red", 'lighten(rgb(red, green, blue), tint(ha, "#ff2030"))', RECTOR],
];

const table = (category: "microscopy" | "astronomy", rows: readonly Row[]): readonly LibraryPreset[] =>
  rows.map(([name, title, formula, reference]) => ({
    ...{ name, title, category, formula, reference, physical: false },
  }));

/** Composites of fluorescence microscopes and telescopes, and what is made of whatever channels there are. */
export const lightPresets: readonly LibraryPreset[] = [
  ...table("microscopy", microscopy),
  {
    ...{
      name: "emission",
      title: "Every channel in its own colour, or that of its wavelength",
      category: "microscopy",
    },
    ...{ formula: null, make: emissions, physical: false },
    reference: "Bruton 1996, Approximate RGB values for visible wavelengths",
  },
  ...table("astronomy", astronomy),
  {
    ...{
      name: "chromatic-order",
      title: "Every channel in a hue by its wavelength, red the longest",
      category: "astronomy",
    },
    ...{ formula: null, make: chromaticOrder, physical: false, reference: RECTOR },
  },
  {
    ...{
      name: "three-realms",
      title: "Infrared as red, visible light as green, ultraviolet as blue",
      category: "astronomy",
    },
    ...{ formula: null, make: threeRealms, physical: false, reference: RECTOR },
  },
];
