import { BandloomError } from "../../core/errors.ts";
import { type Identity, joinIdentities, textIdentity } from "../identity.ts";
import type { ImageSource } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { align } from "./align.ts";
import { arrange } from "./arrange.ts";
import { chooseChannels } from "./channels.ts";
import { describe } from "./describe.ts";
import { commonLevels, memberOn, type Placed } from "./grid.ts";
import { assertChunks, withPieces } from "./group.ts";
import { type ChannelSet, MAX_CHANNELS } from "./manifest.ts";
import { ChannelSetSource } from "./source.ts";

/** Files that are opened at a time. */
const PARALLEL = 16;

/**
 * One image from the files of a set, on the grid of the finest. `open` opens a member; the set closes what was opened. `manifest` is
 * the document that the set was read from, where there is one.
 * SOURCE_UNREADABLE where they have no common grid, or a channel is not there; other failures are those of the members.
 */
export async function openChannelSet(
  set: ChannelSet,
  open: (file: string) => Promise<ImageSource>,
  manifest: Identity | null = null,
): Promise<ImageSource> {
  const opened = await openMembers(set, open);
  try {
    return compose(set, opened, manifest);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** In the order of the members; a file that is named twice is opened once. */
async function openMembers(
  { members }: ChannelSet,
  open: (file: string) => Promise<ImageSource>,
): Promise<readonly ImageSource[]> {
  const files = [...new Set(members.map(({ file }) => file))];
  const sources = new Map<string, ImageSource>();
  try {
    for (let start = 0; start < files.length; start += PARALLEL) {
      const batch = files.slice(start, start + PARALLEL);
      const outcomes = await Promise.allSettled(batch.map((file) => open(file)));
      for (const [index, outcome] of outcomes.entries())
        if (outcome.status === "fulfilled") sources.set(batch[index] ?? "", outcome.value);
      const failed = outcomes.findIndex(({ status }) => status === "rejected");
      const outcome = outcomes[failed];
      const file = members.findIndex((member) => member.file === batch[failed]);
      if (outcome?.status === "rejected") throw ofMember(outcome.reason, file);
    }
  } catch (error) {
    await closeAll([...sources.values()]);
    throw error;
  }
  return members.flatMap(({ file }) => sources.get(file) ?? []);
}

/** Names the file by its place: its own name may be an address. */
function ofMember(error: unknown, file: number): unknown {
  if (!(error instanceof BandloomError)) return error;
  const { code, details } = error;
  if (code === "NOT_FOUND")
    return unreadable(`there is no file ${file + 1} of its channel set; see the names in its manifest`);
  const message = `File ${file + 1} of its channel set: ${error.message}`;
  return new BandloomError(code, message, { cause: error, ...(details ? { details } : {}) });
}

async function closeAll(sources: readonly ImageSource[]): Promise<void> {
  await Promise.all([...new Set(sources)].map((source) => source.close()));
}

function compose(set: ChannelSet, sources: readonly ImageSource[], manifest: Identity | null): ImageSource {
  const infos = sources.map(({ info }) => info);
  const { base, placements } = align(infos);
  const full = infos[base];
  if (!full) throw unreadable("its channel set names no files");
  const chosen = set.members.map((member, index) => chooseChannels(member, infos[index] ?? full, index, set.kind));
  const placed = set.members.flatMap((member, index): Placed[] => {
    const [source, placement] = [sources[index], placements[index]];
    // Between two codes lies a third that means something else.
    const isCodes = chosen[index]?.some(({ info }) => info.kind === "categorical");
    const resampling = isCodes ? "nearest" : member.resampling;
    return source && placement ? [{ source, placement, resampling }] : [];
  });
  const levels = commonLevels(full, placed);
  const members = placed.map((one) => memberOn(full, levels, one));
  if (chosen.flat().length > MAX_CHANNELS)
    throw unreadable(`its files have more than ${MAX_CHANNELS} channels; name in the manifest those that are wanted`);
  const { groups, channels, places } = arrange(members, chosen);
  for (const group of groups) assertChunks(group, members[group.member], levels);
  const identity = joinIdentities([
    manifest ?? textIdentity(JSON.stringify(set)),
    ...[...new Set(sources)].map((source) => source.identity),
  ]);
  const costly = levels.map((level, index) => withPieces(level, index, members));
  const info = describe(set, infos, full, costly, channels);
  return new ChannelSetSource({ info, identity, members, groups, channels: places });
}
