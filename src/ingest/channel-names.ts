import { BandloomError } from "../core/errors.ts";
import type { ChannelInfo } from "../source/index.ts";
import type { NamedSource } from "./joined.ts";
import { storedChannels } from "./opacity.ts";

/**
 * Names of all channels: those given, else those in the files. Where several files are joined, a channel without a name has that of its
 * file, without what all file names have in common; channels of the same name are told apart by their files.
 */
export function channelNames(sources: readonly NamedSource[], given: readonly string[] | undefined): readonly string[] {
  const count = sources.reduce((sum, source) => sum + storedChannels(source).length, 0);
  if (given) {
    if (given.length === count) return given;
    throw new BandloomError(
      "BAD_REQUEST",
      `There are ${count} channels and ${given.length} names. Name every channel.`,
    );
  }
  if (sources.length === 1) return sources.flatMap((source) => storedChannels(source).map(({ name }) => name));
  const files = distinctParts(sources.map(({ name }) => withoutEnding(name)));
  const named = sources.flatMap((source, index) => {
    const file = files[index] ?? "";
    const channels = storedChannels(source);
    return channels.map((channel) => ({
      file,
      own: channels.length === 1 && isGenerated(channel) ? "" : channel.name,
    }));
  });
  const uses = new Map<string, number>();
  for (const { own } of named) uses.set(own, (uses.get(own) ?? 0) + 1);
  return named.map(({ file, own }) => {
    if (own === "") return file;
    return uses.get(own) === 1 ? own : `${file} ${own}`;
  });
}

/** What readers call a channel that its file does not name. */
function isGenerated({ name, index }: ChannelInfo): boolean {
  return name === `b${index + 1}` || /^(grey|gray|red)$/i.test(name);
}

function withoutEnding(name: string): string {
  return name.replace(/(\.ome)?\.[a-z0-9]{1,6}$/i, "") || name;
}

/** `scene_B02`, `scene_B03` → `B02`, `B03`: cut where words begin, never inside a name. */
function distinctParts(names: readonly string[]): readonly string[] {
  const words = names.map((name) => name.split(/(?<=[^\p{L}\p{N}])|(?=[^\p{L}\p{N}])/u));
  const [first = []] = words;
  const shortest = Math.min(...words.map(({ length }) => length)) - 1;
  const same = (at: number) => words.every((parts) => parts.at(at) === first.at(at));
  let start = 0;
  while (start < shortest && same(start)) start++;
  let end = 0;
  while (end < shortest - start && same(-1 - end)) end++;
  const parts = words.map((one) => one.slice(start, one.length - end).join(""));
  return new Set(parts).size === parts.length ? parts : names;
}
