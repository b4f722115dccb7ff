import type { StoredLevel } from "../types.ts";
import type { Placement } from "./align.ts";

interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Along one axis: pixel centre x + ½ of a level of the set lies at (x + ½) · step + start of a level of the member. */
export interface AxisStep {
  readonly step: number;
  readonly start: number;
}

/** From which level of a member a level of the set is made. */
export interface LevelSource {
  /** Index into the member's stored levels. */
  readonly level: number;
  readonly x: AxisStep;
  readonly y: AxisStep;
}

/** A level that is so much finer than what is made of it is read for the most part in vain. */
const COARSE_ENOUGH = 2;
/** Sizes are rounded to pixels, so their ratios are a little off. */
const SLACK = 1.01;

/** The coarsest level of a member that is still fine enough for a level of the set; its finest where none is. */
export function levelSource(
  full: Extent,
  level: Extent,
  member: readonly StoredLevel[],
  { x, y }: Placement,
): LevelSource {
  const [finest] = member;
  const wanted = factors(full, level);
  const sources = member.map((stored, index): LevelSource => {
    const own = factors(finest ?? stored, stored);
    return {
      level: index,
      x: { step: wanted.x / (x.scale * own.x), start: -x.shift / (x.scale * own.x) },
      y: { step: wanted.y / (y.scale * own.y), start: -y.shift / (y.scale * own.y) },
    };
  });
  const fine = sources.filter((source) => coarseness(source) * SLACK >= 1);
  return fine.at(-1) ?? sources[0] ?? { level: 0, x: { step: 1, start: 0 }, y: { step: 1, start: 0 } };
}

/** No more than twice as fine as what is made of it: two by two of its pixels make one. */
export function isNear(source: LevelSource): boolean {
  return Math.max(source.x.step, source.y.step) <= COARSE_ENOUGH * SLACK;
}

/** Pixel for pixel. */
export function isIdentity({ x, y }: LevelSource): boolean {
  return [x, y].every(({ step, start }) => step === 1 && start === 0);
}

function coarseness({ x, y }: LevelSource): number {
  return Math.min(x.step, y.step);
}

/** Full-resolution pixels in one of the level: a power of two where that explains its size, then a whole number, then the ratio. */
function factors(full: Extent, level: Extent): { readonly x: number; readonly y: number } {
  const ratio = full.width >= full.height ? full.width / level.width : full.height / level.height;
  const explains = (factor: number) =>
    Math.abs(full.width / factor - level.width) < 1 && Math.abs(full.height / factor - level.height) < 1;
  const whole = [2 ** Math.round(Math.log2(ratio)), Math.round(ratio)].find(
    (factor) => factor >= 1 && explains(factor),
  );
  if (whole !== undefined) return { x: whole, y: whole };
  return { x: full.width / level.width, y: full.height / level.height };
}
