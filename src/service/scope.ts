import type { FormulaScope, ScopeChannel, ScopeImage } from "../formula/index.ts";
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
  return { ...scopeImage(image), key: image.key, plane, images, similarKeys: similar };
}

function scopeImage({ info }: ServedImage): ScopeImage {
  return { channels: info.channels.map(scopeChannel), depth: info.depth, times: info.times };
}

function scopeChannel({ name, dataType, nodata, masked, window, scale, offset }: ChannelInfo): ScopeChannel {
  return { name, dataType, nan: masked || nodata !== null, scale, offset, ...(window ? { window } : {}) };
}
