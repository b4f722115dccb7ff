import { ChannelNames, isIdentifier, quoteChannel } from "../formula/index.ts";
import type { ServedImage } from "../service/types/image.ts";
import type { ChannelInfo } from "../source/types.ts";

/** The channel that a formula means by a name that stands in no backticks; null for none, and for several. */
export function findChannel({ info }: ServedImage, name: string): ChannelInfo | null {
  const found = new ChannelNames(info).find(name, false);
  return found.kind === "found" ? (info.channels[found.index] ?? null) : null;
}

/** How a formula can write a channel: its name, a plain word where that is enough, and its number. */
export function channelIdentifiers({ info }: ServedImage, index: number): readonly string[] {
  const names = new ChannelNames(info);
  const stored = info.channels[index]?.name ?? "";
  const word = stored.toLowerCase().replace(/[^\p{L}\p{Nd}]/gu, "");
  const candidates = [
    { text: quoteChannel(stored), name: stored, quoted: !isIdentifier(stored) },
    { text: word, name: word, quoted: false },
    { text: `b${index + 1}`, name: `b${index + 1}`, quoted: false },
  ];
  const working = candidates.filter(({ text, name, quoted }) => {
    if (!quoted && !isIdentifier(text)) return false;
    const found = names.find(name, quoted);
    return found.kind === "found" && found.index === index;
  });
  return [...new Set([...working.map(({ text }) => text), `@${index + 1}`])];
}
