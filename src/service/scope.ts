import type { FormulaScope, ScopeChannel } from "../formula/index.ts";
import type { ChannelInfo } from "../source/types.ts";
import type { ServedImage } from "./types.ts";

/** What formulas may know of an image, at one plane. */
export function formulaScope({ info }: ServedImage, plane: FormulaScope["plane"]): FormulaScope {
  return { channels: info.channels.map(scopeChannel), depth: info.depth, times: info.times, plane };
}

function scopeChannel({ name, dataType, nodata, masked, window, scale, offset }: ChannelInfo): ScopeChannel {
  return { name, dataType, nan: masked || nodata !== null, scale, offset, ...(window ? { window } : {}) };
}
