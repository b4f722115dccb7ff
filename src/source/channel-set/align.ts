import type { Georeference, ImageInfo } from "../types.ts";
import { unreadable } from "../unreadable.ts";

/** Where a member lies along one axis: pixel coordinate X of the set reads (X − shift) / scale of the member, both at full resolution. */
export interface AxisPlacement {
  /** Pixels of the set in one of the member. */
  readonly scale: number;
  /** In pixels of the set. */
  readonly shift: number;
}

export interface Placement {
  readonly x: AxisPlacement;
  readonly y: AxisPlacement;
}

export interface Alignment {
  /** The member whose pixels are those of the set: the finest. */
  readonly base: number;
  readonly placements: readonly Placement[];
}

/** Sizes of pyramids and of bands are rounded in every direction: a member may be off by a pixel of its own. */
const TOLERANCE = 1;
/** Georeferences are rounded too: what lies so near to a whole pixel is one, pixels of the set at its far end. */
const SNAP = 0.01;

type Sized = Pick<ImageInfo, "width" | "height" | "georeference">;

/**
 * Lay members on the grid of the finest: by their georeference where all have one, else by their sizes, which then are of the same
 * extent. SOURCE_UNREADABLE where there is no common grid.
 */
export function align(members: readonly Sized[]): Alignment {
  const references = members.flatMap(({ georeference }) => (georeference ? [georeference] : []));
  if (references.length < members.length) return alignSizes(members);
  const systems = [...new Set(references.map(systemName))];
  if (systems.length > 1)
    throw unreadable(
      `its files lie in different reference systems, ${systems.slice(0, 3).join(" and ")}; warp them to one, for example with gdalwarp`,
    );
  return alignReferences(members, references);
}

function systemName({ crs, crsName, spelled }: Georeference): string {
  return crs ?? (spelled ? `${spelled.projection} ${spelled.base}` : (crsName ?? "an unnamed one"));
}

function alignSizes(members: readonly Sized[]): Alignment {
  const base = indexOfMost(members.map(({ width, height }) => width * height));
  const full = members[base] ?? { width: 1, height: 1 };
  const placements = members.map(({ width, height }, index) => {
    const [x, y] = scales(full, { width, height });
    const agree = fits(full.width, y, width) || fits(full.height, x, height);
    if (!agree)
      throw unreadable(
        `its file ${index + 1} measures ${width} × ${height} pixels and file ${base + 1} ${full.width} × ${full.height}, which is another shape; ` +
          "cut them to the same extent, or give each its georeference",
      );
    return { x: { scale: x, shift: 0 }, y: { scale: y, shift: 0 } };
  });
  return { base, placements };
}

interface Extent {
  readonly width: number;
  readonly height: number;
}

/** A whole number where it explains both sizes: half of 687 pixels is 344 or 343, and each of them covers two. */
function scales(full: Extent, { width, height }: Extent): readonly [x: number, y: number] {
  const whole = Math.round(full.width / width);
  if (whole >= 1 && fits(full.width, whole, width) && fits(full.height, whole, height)) return [whole, whole];
  return [full.width / width, full.height / height];
}

function fits(full: number, scale: number, size: number): boolean {
  return Math.abs(full / scale - size) <= TOLERANCE;
}

function alignReferences(members: readonly Sized[], references: readonly Georeference[]): Alignment {
  // The smallest pixels; among equal ones the largest image.
  const areas = references.map(({ affine: [a, b, , d, e] }) => Math.abs(a * e - b * d));
  const least = Math.min(...areas);
  const sizes = members.map(({ width, height }, index) => ((areas[index] ?? 0) <= least * 1.001 ? width * height : 0));
  const base = indexOfMost(sizes);
  const full = members[base] ?? { width: 1, height: 1 };
  const grid = references[base];
  const placements = references.map((reference, index) => {
    const placement = grid && between(grid, reference, full);
    if (!placement)
      throw unreadable(
        `its file ${index + 1} is turned or mirrored against file ${base + 1}; warp it to the same grid`,
      );
    return placement;
  });
  return { base, placements };
}

/** From pixels of the set to the world and on to pixels of the member; null where the axes do not stay what they are. */
function between(grid: Georeference, member: Georeference, full: Extent): Placement | null {
  const [a, b, c, d, e, f] = grid.affine;
  const [p, q, r, s, t, u] = member.affine;
  const determinant = p * t - q * s;
  // Columns of inverse(member) · grid.
  const xx = (t * a - q * d) / determinant;
  const xy = (t * b - q * e) / determinant;
  const yx = (p * d - s * a) / determinant;
  const yy = (p * e - s * b) / determinant;
  const x0 = (t * (c - r) - q * (f - u)) / determinant;
  const y0 = (p * (f - u) - s * (c - r)) / determinant;
  const turned = Math.abs(xy) * full.height > TOLERANCE / 2 || Math.abs(yx) * full.width > TOLERANCE / 2;
  if (![xx, xy, yx, yy, x0, y0].every(Number.isFinite) || turned || xx <= 0 || yy <= 0) return null;
  return { x: axis(1 / xx, -x0 / xx, full.width), y: axis(1 / yy, -y0 / yy, full.height) };
}

function axis(scale: number, shift: number, size: number): AxisPlacement {
  const whole = Math.round(scale);
  const near = whole >= 1 && (Math.abs(scale - whole) / whole) * size < SNAP;
  return { scale: near ? whole : scale, shift: Math.abs(shift - Math.round(shift)) < SNAP ? Math.round(shift) : shift };
}

function indexOfMost(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** The member's pixels are those of the set, one for one. */
export function isAligned({ x, y }: Placement, member: Extent, full: Extent): boolean {
  const unmoved = [x, y].every(({ scale, shift }) => scale === 1 && shift === 0);
  return unmoved && member.width === full.width && member.height === full.height;
}
