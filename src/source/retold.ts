import { channelsOfKinds } from "./channel-kinds.ts";
import { joinIdentities, textIdentity } from "./identity.ts";
import type { ChannelKinds } from "./location.ts";
import type { ChannelInfo, ImageSource } from "./types.ts";
import { wavelengthIn } from "./wavelength.ts";

/**
 * An image as its reader describes it, with what else is known of its channels: wavelengths that their names tell, kinds that the catalogue does,
 * which make another image, as its levels are others. The source is closed where there is no such channel.
 */
export async function retold(source: ImageSource, kinds: ChannelKinds | undefined): Promise<ImageSource> {
  const { info, identity } = source;
  const read = withWavelengths(info.channels);
  if (read === info.channels && !kinds) return source;
  try {
    const channels = kinds ? channelsOfKinds({ ...info, channels: read }, kinds) : read;
    const own = kinds ? joinIdentities([identity, textIdentity(JSON.stringify(kinds))]) : identity;
    return described(source, { ...info, channels }, own);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The same list where no name tells anything new. */
function withWavelengths(channels: readonly ChannelInfo[]): readonly ChannelInfo[] {
  const told = channels.map(({ name, wavelengthNm }) => (wavelengthNm === null ? wavelengthIn(name) : null));
  if (told.every((one) => one === null)) return channels;
  return channels.map((channel, index) => ({ ...channel, wavelengthNm: channel.wavelengthNm ?? told[index] ?? null }));
}

function described(source: ImageSource, info: ImageSource["info"], identity: ImageSource["identity"]): ImageSource {
  return {
    info,
    identity,
    locate: (channel) => source.locate(channel),
    layout: (ref) => source.layout(ref),
    fetch: (ref, signal) => source.fetch(ref, signal),
    ...(source.fetchAll && { fetchAll: source.fetchAll.bind(source) }),
    scratchBytes: (ref, length) => source.scratchBytes(ref, length),
    ...(source.beneath && { beneath: source.beneath.bind(source) }),
    ...(source.colors && { colors: source.colors.bind(source) }),
    decode: (bytes, ref, target) => source.decode(bytes, ref, target),
    close: () => source.close(),
  };
}
