import { openChannelSet } from "./channel-set/open.ts";
import type { Location, SetLocation } from "./location.ts";
import { memberLocation } from "./member.ts";
import { openLocal } from "./open-local.ts";
import { openRemote } from "./open-remote.ts";
import { retold } from "./retold.ts";
import type { ImageSource, SourceContext } from "./types.ts";

/**
 * Open an image wherever it lies; its kind is told from its name where that says it, else from its bytes. Rejects with NOT_FOUND,
 * SOURCE_UNREADABLE, and for remote ones FORBIDDEN, SOURCE_FAILED or SOURCE_TIMEOUT; holds descriptors until it is closed.
 */
export async function openSource(location: Location, context: SourceContext): Promise<ImageSource> {
  if (location.kind === "set") return openSet(location, context);
  const source = await (location.kind === "path" ? openLocal(location, context) : openRemote(location, context));
  return retold(source, location.kinds);
}

function openSet({ set, base, root }: SetLocation, context: SourceContext): Promise<ImageSource> {
  return openChannelSet(set, (file) => openSource(memberLocation(file, base, root), context));
}
