import type { Question } from "./caller.ts";

/** Side of the images, pixels: 16 × 16 tiles of 256 pixels at full resolution, which is zoom 4. */
const SIDE = 4_096;
const COLUMNS = 16;
const PLACES = COLUMNS ** 2;
/** So many fields fit beside each other in one selection. */
const ALIASES = 14;

/** 80 times two transcendental functions a pixel. */
const HEAVY = Array.from({ length: 80 }, (_, k) => `exp(sin(red*${k + 1}))`).join("+");
const ENDLESS = Array.from({ length: 80 }, (_, k) => `exp(sin(exp(sin(red*${k + 1}))))`).join("+");
const heavy = (n: number) => `window(${HEAVY}+${n}, 0, 200)`;

function tile(n: number, formula: string): Question {
  const [x, y] = [n % COLUMNS, Math.floor(n / COLUMNS) % COLUMNS];
  return { path: `/tiles/demo/4/${x}/${y}.jpg?f=${encodeURIComponent(formula)}` };
}

/** All of the image in all of its pixels. */
function region(format: string, formula: string): Question {
  const mark = format.includes("?") ? "&" : "?";
  return { path: `/regions/demo/0,0,${SIDE},${SIDE}/${SIDE}.${format}${mark}f=${encodeURIComponent(formula)}` };
}

/** Aliases of a field, each with another number. */
function fields(n: number, field: (k: number) => string): string {
  return Array.from({ length: ALIASES }, (_, k) => `a${k}:${field(n * ALIASES + k)}`).join(" ");
}

const graphql = (query: string): Question => ({ path: "/graphql", query });

/** What clients ask for, the n-th time: of every kind no two are the same. */
export const REQUESTS = {
  /** A tile never made, one formula for all places of the image: most of its cost is its own. */
  cold: (n: number) => {
    const white = (255 + Math.floor(n / PLACES) / 1e4).toFixed(4);
    return tile(n, `window(red, 0, ${white}); window(green, 0, 254); window(uv1, 0, 253)`);
  },
  /** A tile of a new formula, whose shape is known. */
  fresh: (n: number) => tile(n, `window(red + ${(1 + n / 1e8).toFixed(8)}*(uv1 - green), 0, 255)`),
  regions: (n: number) => region("jpg", heavy(n)),
  /** Longer than a minute of any worker. */
  endless: (n: number) => region("jpg", `window(${ENDLESS}+${n}, 0, 200)`),
  lossless: (n: number) => region("webp?lossless=1", `window(red, 0, ${200 + n})`),
  /** All tiles but six: an operation may not ask for more. */
  inline: (n: number) => {
    const tiles = (y: string, x: string) => `tiles(level:0,x:{${x}},y:{${y}}){nodes{base64}}`;
    const all = `a:${tiles("from:0,to:14", "from:0,to:15")} b:${tiles("from:15,to:15", "from:0,to:9")}`;
    return graphql(`{image(key:"demo"){render(formula:"${heavy(n)}"){${all}}}}`);
  },
  equalize: (n: number) =>
    graphql(
      `{image(key:"demo"){${fields(n, (k) => `render(formula:"equalize(red*${1 + k / 1e4}+sin(uv1))"){hash}`)}}}`,
    ),
  catalogue: (n: number) =>
    graphql(`{images(first:100){nodes{${fields(n, (k) => `render(formula:"equalize(b7*${1 + k / 1e4})"){hash}`)}}}}`),
  /** Of 15 channels, 14 parts each. */
  statistics: (n: number) => {
    const part = (k: number) => `{x:${k % 997},y:0,width:${SIDE - 1_000},height:${SIDE - (Math.floor(k / 997) % 997)}}`;
    return graphql(`{image(key:"demo"){channels{${fields(n, (k) => `statistics(level:0,region:${part(k)}){mean}`)}}}}`);
  },
} satisfies Record<string, (n: number) => Question>;

export type Kind = keyof typeof REQUESTS;
