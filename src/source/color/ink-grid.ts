import { LRUCache } from "lru-cache";
import type { planeView } from "../../core/dtype.ts";
import { loadSharp } from "../sharp.ts";

type PlaneArray = ReturnType<typeof planeView>;

/** Nodes along each ink: as many as libvips (LittleCMS) looks a conversion of four inks up by itself. */
const NODES = 17;
/** Steps from a node to the next one in cyan, magenta, yellow and black, red, green and blue beside each other. */
const STEPS = [3 * NODES ** 3, 3 * NODES ** 2, 3 * NODES, 3] as const;
/** Of 250 KB each. */
const KEPT_GRIDS = 8;

/** sRGB of all mixtures of inks in steps of a sixteenth, black the fastest. */
export type InkGrid = Uint8Array;

const grids = new LRUCache<string, Promise<InkGrid>>({ max: KEPT_GRIDS });

/**
 * What libvips makes of inks by a profile, by perceptual intent. Its library compensates the black point otherwise than the one in
 * WebAssembly, by up to 24 levels in shadows. Rejects where it refuses the profile. `key` is the same for equal profiles.
 */
export function inkGrid(key: string, profile: Uint8Array): Promise<InkGrid> {
  const known = grids.get(key);
  if (known) return known;
  const made = makeGrid(profile);
  grids.set(key, made);
  made.catch(() => grids.delete(key));
  return made;
}

async function makeGrid(profile: Uint8Array): Promise<InkGrid> {
  const sharp = await loadSharp();
  const { data, info } = await sharp(mixturesTiff(profile))
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error("libvips makes no sRGB of inks");
  return new Uint8Array(data);
}

/** All mixtures, as a TIFF of one strip: libvips takes a profile from a file alone. */
function mixturesTiff(profile: Uint8Array): Buffer {
  const side = NODES ** 2;
  const fields: readonly (readonly [
    tag: number,
    type: number,
    count: number,
    value: number | "bits" | "profile" | "pixels",
  ])[] = [
    [256, 4, 1, side],
    [257, 4, 1, side],
    [258, 3, 4, "bits"],
    [259, 3, 1, 1],
    [262, 3, 1, 5],
    [273, 4, 1, "pixels"],
    [277, 3, 1, 4],
    [278, 4, 1, side],
    [279, 4, 1, 8 * side * side],
    [34675, 7, profile.length, "profile"],
  ];
  const bits = 8 + 2 + 12 * fields.length + 4;
  const at = { bits, profile: bits + 8, pixels: bits + 8 + 2 * Math.ceil(profile.length / 2) };
  const tiff = Buffer.alloc(at.pixels + 8 * side * side);
  tiff.write("II*\0\b", "latin1");
  tiff.writeUInt16LE(fields.length, 8);
  for (const [index, [tag, type, count, value]] of fields.entries()) {
    const entry = 10 + 12 * index;
    tiff.writeUInt16LE(tag, entry);
    tiff.writeUInt16LE(type, entry + 2);
    tiff.writeUInt32LE(count, entry + 4);
    tiff.writeUInt32LE(typeof value === "string" ? at[value] : value, entry + 8);
  }
  for (let sample = 0; sample < 4; sample++) tiff.writeUInt16LE(16, at.bits + 2 * sample);
  tiff.set(profile, at.profile);
  for (let mixture = 0; mixture < side * side; mixture++) {
    for (let ink = 0; ink < 4; ink++) {
      const node = Math.floor(mixture / NODES ** (3 - ink)) % NODES;
      tiff.writeUInt16LE(Math.round((node * 65_535) / (NODES - 1)), at.pixels + 8 * mixture + 2 * ink);
    }
  }
  return tiff;
}

/**
 * Planes of red, green and blue of planes of inks, of which `full` is the most of one. Between nodes as LittleCMS does it: in cyan from node
 * to node, in the other inks within the tetrahedron that their order tells (Sakamoto). What is no number counts as no ink.
 */
export function mixInks(
  grid: InkGrid,
  inks: readonly PlaneArray[],
  full: number,
  [red, green, blue]: readonly PlaneArray[],
): void {
  const [cyan, magenta, yellow, black] = inks;
  if (!(cyan && magenta && yellow && black && red && green && blue))
    throw new RangeError("Four inks make three colors.");
  const scale = (NODES - 1) / full;
  const [acrossCyan, magentaStep, yellowStep, blackStep] = STEPS;
  for (let at = 0; at < red.length; at++) {
    const c = (cyan[at] || 0) * scale;
    const m = (magenta[at] || 0) * scale;
    const y = (yellow[at] || 0) * scale;
    const k = (black[at] || 0) * scale;
    const [c0, m0, y0, k0] = [nodeBelow(c), nodeBelow(m), nodeBelow(y), nodeBelow(k)];
    // The three others by falling fraction: the way from the lowest corner of their cell to the highest.
    let [first, second, third] = [m - m0, y - y0, k - k0];
    let [one, two, three]: [number, number, number] = [magentaStep, yellowStep, blackStep];
    if (first < second) [first, one, second, two] = [second, two, first, one];
    if (second < third) [second, two, third, three] = [third, three, second, two];
    if (first < second) [first, one, second, two] = [second, two, first, one];
    const corner = c0 * acrossCyan + m0 * magentaStep + y0 * yellowStep + k0 * blackStep;
    for (let component = 0; component < 3; component++) {
      const from = corner + component;
      const near = within(grid, from, one, two, three, first, second, third);
      const next = within(grid, from + acrossCyan, one, two, three, first, second, third);
      const color = component === 0 ? red : component === 1 ? green : blue;
      color[at] = Math.round(near + (c - c0) * (next - near));
    }
  }
}

/** From the lowest corner of a cell to the highest by three steps, of which each is gone as far as its fraction. */
function within(
  grid: InkGrid,
  from: number,
  one: number,
  two: number,
  three: number,
  first: number,
  second: number,
  third: number,
): number {
  const [b, c, d] = [from + one, from + one + two, from + one + two + three];
  return (
    (1 - first) * (grid[from] ?? 0) +
    (first - second) * (grid[b] ?? 0) +
    (second - third) * (grid[c] ?? 0) +
    third * (grid[d] ?? 0)
  );
}

/** A full ink lies at the end of the last cell: no node is beyond it. */
function nodeBelow(value: number): number {
  return Math.min(Math.floor(value), NODES - 2);
}
