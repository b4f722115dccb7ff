import { z } from "zod";
import { normaliseColour } from "../../formula/colour.ts";
import { keys, number, refused, text } from "./fields.ts";
import {
  type ChannelOverride,
  type ChannelSet,
  type ChannelSetMember,
  MAX_CHANNELS,
  MAX_MEMBERS,
  RESAMPLINGS,
} from "./manifest.ts";

/** Stands for the text of a channel in the names of its files. */
const PLACE = "{channel}";
/** Manifests by their names; a manifest may not be a member of another. */
export const MANIFEST_NAME = /\.channels\.ya?ml$/i;

const colour = refused("colour", 'one such as "#ff8800" or orange, the former in quotes');
const window = refused("window", "its two ends, such as [0, 3000]");
const bound = number("end of a window", "a number, such as 3000");

/** Codes of classes are not averaged. */
const KINDS = ["continuous", "categorical"] as const;
export const channelKind = z.enum(KINDS, refused("kind of channel", KINDS.join(" or ")));

/** What a manifest may say of a channel. */
const description = {
  name: text("name", "a name, such as nir").optional(),
  wavelength: number("wavelength", "nanometres, such as 665")
    .refine((value) => value > 0, refused("wavelength", "nanometres, such as 665"))
    .optional(),
  color: z
    .string(colour)
    .refine((value) => normaliseColour(value) !== null, colour)
    .transform((value) => normaliseColour(value))
    .optional(),
  scale: number("scale", "a number, such as 0.0001").optional(),
  offset: number("offset", "a number, such as -0.1").optional(),
  nodata: number("stored value that means no data", "a number, such as 0").optional(),
  unit: text("unit", "a unit, such as reflectance").optional(),
  window: z
    .tuple([bound, bound], window)
    .refine(([low, high]) => low < high, "begins above its end. Write the lower value first.")
    .optional(),
  kind: channelKind.optional(),
};

const resampling = z.enum(RESAMPLINGS, refused("way to resample", RESAMPLINGS.join(" or "))).optional();
const whichChannel = text("channel", "its name, or its number from 1");

const channel = z.preprocess(
  (item) => (typeof item === "string" ? { channel: item } : item),
  keys("channel", { channel: whichChannel.optional(), ...description }),
);

const fileName = text("file", "a path from this file, such as bands/B02.tif, or a URL")
  .max(2048, "is too long for a file name.")
  .refine((name) => !MANIFEST_NAME.test(name), "is a channel set itself. Name the files that it is made of.")
  .refine((name) => !/[\p{Cc}\\]/u.test(name), "holds a backslash or a control character. Separate folders with /.")
  .refine((name) => !name.startsWith("/"), "is an absolute path. Write it from the folder of this file.");

const file = z.preprocess(
  (item) => (typeof item === "string" ? { file: item } : item),
  keys("file", {
    file: fileName,
    resampling,
    channel: whichChannel.optional(),
    ...description,
    channels: z
      .array(channel, refused("list of channels", "a list, such as [1, 3] or [red, nir]"))
      .min(1, "is empty. Leave it out to take all channels of the file.")
      .optional(),
  }),
);

const words = {
  name: text("name", "a name for people").optional(),
  description: text("description", "a text for people").optional(),
  kind: channelKind.optional(),
  resampling,
};

/** The keys of a manifest; a catalogue takes the same beside a key of its own. Its result is plain data. */
export const channelSetSchema = keys("channel set", {
  ...words,
  files: z
    .array(file, refused("list of files", "one a line, each after a dash"))
    .min(1, "is empty. Name a file a line, each after a dash.")
    .max(MAX_MEMBERS, `has more than ${MAX_MEMBERS} files. Make several sets of them.`)
    .optional(),
  pattern: fileName
    .refine((name) => name.split(PLACE).length === 2, `needs ${PLACE} once. Write it where the files' names differ.`)
    .optional(),
  channels: z
    .array(
      channel,
      refused("list of channels", `what stands for ${PLACE} in the pattern, one a line, each after a dash`),
    )
    .min(1, `is empty. Write what stands for ${PLACE} in the pattern, one a line, each after a dash.`)
    .max(MAX_MEMBERS, `has more than ${MAX_MEMBERS} channels. Make several sets of them.`)
    .optional(),
})
  .superRefine(assertOneForm)
  .transform(
    ({ name, description: about, kind, files, pattern, channels, resampling: everywhere }): ChannelSet => ({
      name: name ?? null,
      description: about ?? null,
      kind: kind ?? null,
      members:
        pattern === undefined
          ? (files ?? []).map((one) => memberOf(one, everywhere))
          : (channels ?? []).map((one) => patternMember(pattern, one, everywhere)),
    }),
  );

interface Forms {
  readonly files?: readonly Readonly<z.output<typeof file>>[] | undefined;
  readonly pattern?: string | undefined;
  readonly channels?: readonly Readonly<z.output<typeof channel>>[] | undefined;
}

/** Either files, or a pattern with channels; and in both everything once. */
function assertOneForm({ files, pattern, channels }: Forms, context: z.RefinementCtx): void {
  const fault = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  if (files && (pattern !== undefined || channels))
    fault(["files"], "stands beside pattern or channels. Use files alone, or pattern with channels.");
  else if (!files && pattern === undefined) fault([], "names no files. Write files, or pattern with channels.");
  else if (!files && !channels)
    fault(["pattern"], `stands alone. Write under channels what stands for ${PLACE}, one a line, each after a dash.`);
  for (const [index, one] of (files ?? []).entries()) {
    const described = Object.keys(one).some((key) => key === "channel" || key in description);
    if (one.channels && described)
      fault(["files", index, "channels"], "stands beside words on one channel. Write them under the channel.");
    for (const [at, { channel: which }] of (one.channels ?? []).entries())
      if (which === undefined) fault(["files", index, "channels", at], "lacks its channel. Write its name or number.");
  }
  for (const [index, { channel: which, name }] of (channels ?? []).entries())
    if (which === undefined && name === undefined)
      fault(["channels", index], `lacks its channel. Write what stands for ${PLACE} in its file.`);
    else if (pattern !== undefined && MANIFEST_NAME.test(patternFile(pattern, which ?? name ?? "")))
      fault(["channels", index], "names a channel set. Name the files that it is made of.");
  const total = (files ?? []).reduce((sum, one) => sum + (one.channels?.length ?? 1), 0);
  if (total > MAX_CHANNELS) fault(["files"], `names more than ${MAX_CHANNELS} channels. Make several sets of them.`);
}

type Described = Readonly<z.output<typeof channel>>;
type Everywhere = ChannelSetMember["resampling"] | undefined;

function memberOf(one: Readonly<z.output<typeof file>>, everywhere: Everywhere): ChannelSetMember {
  const { file: name, resampling: own, channels, ...described } = one;
  const base = { file: name, resampling: own ?? everywhere ?? "bilinear" };
  if (channels) return { ...base, channels: channels.map((item) => override(item, item.channel ?? null)) };
  if (Object.keys(described).length === 0) return { ...base, channels: null };
  return { ...base, channels: [override(described, described.channel ?? null)] };
}

function patternMember(pattern: string, one: Described, everywhere: Everywhere): ChannelSetMember {
  const part = one.channel ?? one.name ?? "";
  return {
    file: patternFile(pattern, part),
    resampling: everywhere ?? "bilinear",
    channels: [override({ ...one, name: one.name ?? part }, null)],
  };
}

/** No replacement patterns: a channel may be called `$&`. */
function patternFile(pattern: string, part: string): string {
  return pattern.split(PLACE).join(part);
}

function override(one: Described, which: string | null): ChannelOverride {
  return {
    channel: which,
    name: one.name ?? null,
    wavelengthNm: one.wavelength ?? null,
    color: one.color ?? null,
    nodata: one.nodata ?? null,
    unit: one.unit ?? null,
    scale: one.scale ?? null,
    offset: one.offset ?? null,
    window: one.window ?? null,
    kind: one.kind ?? null,
  };
}
