import { levelCount } from "../core/geometry.ts";
import type { FormulaScope, ScopeChannel, ScopeImage } from "../formula/index.ts";
import { servedLevel } from "../plan/index.ts";
import { shownPlane } from "../source/shown-plane.ts";
import type { ChannelInfo } from "../source/types.ts";
import { type NamedImages, NO_IMAGES } from "./named-images.ts";
import type { ServedImage } from "./types/image.ts";

/** What formulas may know of an image, at one plane, and of others that they name. */
export function formulaScope(
  image: ServedImage,
  plane: FormulaScope["plane"],
  { found, similar }: NamedImages = NO_IMAGES,
): FormulaScope {
  const images = new Map(found.map((one) => [one.key, scopeImage(one)]));
  return { ...scopeImage(image), ...groundOf(image), key: image.key, plane, images, similarKeys: similar };
}

function groundOf({ info }: ServedImage): Pick<FormulaScope, "ground"> {
  const ground = info.georeference?.ground;
  if (!ground) return {};
  return { ground: ground.radians === null && ground.meters === 1 ? "meters" : "converted" };
}

function scopeImage({ info }: ServedImage): ScopeImage {
  const { depth, times } = info;
  const levels = Array.from({ length: levelCount(info) }, (_, level) => servedLevel(info, level));
  const averaged = levels.some(({ kind }) => kind === "virtual");
  return { channels: info.channels.map(scopeChannel), depth, times, shownPlane: shownPlane(info), averaged };
}

function scopeChannel(channel: ChannelInfo): ScopeChannel {
  const { name, dataType, nodata, masked, window, scale, offset, unit, kind, alpha } = channel;
  const told = { ...(window ? { window } : {}), ...(unit ? { unit } : {}) };
  return {
    name,
    dataType,
    nan: masked || nodata !== null,
    scale,
    offset,
    ...told,
    categorical: kind === "categorical",
    alpha,
  };
}
