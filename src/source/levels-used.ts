import { levelSize, type Size } from "../core/geometry.ts";
import { type ImageWarning, imageWarning } from "./warnings.ts";

/** Beyond it a side is one pixel. Levels too small to be served are no fault. */
const MAX_LEVELS = 25;
/** Sides may be rounded either way: what plans of pictures allow. */
const SIZE_TOLERANCE = 1;

/** Warns of stored levels that are no half, quarter … of the full size: pictures are never made of them. */
export function unusedLevelsWarning(full: Size, levels: readonly Size[], unlike = 0): readonly ImageWarning[] {
  const served = Array.from({ length: MAX_LEVELS }, (_, level) => levelSize(full, level));
  const odd = levels.filter(({ width, height }) =>
    served.every((one) => Math.max(Math.abs(one.width - width), Math.abs(one.height - height)) > SIZE_TOLERANCE),
  );
  const count = odd.length + unlike;
  if (count === 0) return [];
  const [are, them] = count === 1 ? ["level is", "it"] : ["levels are", "them"];
  return [
    imageWarning(
      "LEVELS_NOT_USED",
      `${count} stored ${are} no half, quarter or the like of the image, and ${count === 1 ? "is" : "are"} not used: what is shown in place of ${them} is computed, which is slow. Convert the file: bandloom ingest.`,
    ),
  ];
}
