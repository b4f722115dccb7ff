import { z } from "zod";
import type { ChannelInfo, ImageInfo } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** What `omero` says of a channel. */
export type OmeroChannel = Pick<ChannelInfo, "color" | "window" | "active"> & { readonly label: string | null };

const MAX_LABEL = 256;
const MAX_CHANNELS = 4096;
const BLACK = "#000000";

const label = z.union([z.string(), z.number()]).nullish();
const active = z.boolean().nullish();
const bounds = z.looseObject({
  start: z.number().nullish(),
  end: z.number().nullish(),
  min: z.unknown().optional(),
  max: z.unknown().optional(),
});
/** Each by itself: one that is odd does no harm to the others. */
const channel = z.looseObject({
  label: label.catch(null),
  color: z.string().nullish().catch(null),
  active: active.catch(null),
  window: bounds.nullish().catch(null),
});
/** Odd ones are none: a plane to begin with is no reason to refuse an image, nor worth a warning. */
const index = z.number().int().nonnegative().optional().catch(undefined);
const settings = z.looseObject({
  rdefs: z.looseObject({
    defaultZ: index,
    defaultT: index,
    model: z.unknown().optional(),
    projection: z.unknown().optional(),
  }),
});
const omero = z.looseObject({ channels: listOf(z.unknown(), { most: MAX_CHANNELS }) });

/** Plane that OMERO's rendering settings begin with; an axis that they do not tell, or of which they name no plane, is left out. */
export function readDefaultPlane(
  value: Json | undefined,
  { depth, times }: Pick<ImageInfo, "depth" | "times">,
): Pick<ImageInfo, "defaultPlane"> {
  const { defaultZ = depth, defaultT = times } = settings.safeParse(value).data?.rdefs ?? {};
  if (defaultZ >= depth && defaultT >= times) return {};
  return {
    defaultPlane: { ...(defaultZ < depth ? { z: defaultZ } : {}), ...(defaultT < times ? { t: defaultT } : {}) },
  };
}

/** Channels of OMERO's rendering settings. What is missing or odd in them is told and left out: viewers show such images. */
export function readOmero(
  value: Json | undefined,
  count: number,
): { readonly channels: readonly OmeroChannel[]; readonly warnings: readonly ImageWarning[] } {
  if (value === undefined || value === null) return { channels: [], warnings: [] };
  const result = omero.safeParse(value);
  if (!result.success)
    return {
      channels: [],
      warnings: [imageWarning("METADATA_NOT_USED", "Its omero metadata have no list of channels, and are not used.")],
    };
  const described = result.data.channels.length;
  const warnings: ImageWarning[] = [...settingsWarnings(value)];
  if (described !== count)
    warnings.push(
      imageWarning(
        "NAMES_NOT_MATCHED",
        `Its omero metadata describe ${described} channels, where the image has ${count}: they are used from the first on. Check the names.`,
      ),
    );
  const channels = result.data.channels.slice(0, count).map((given, index): OmeroChannel => {
    const warn = (message: string) => warnings.push(imageWarning("METADATA_NOT_USED", message, index));
    return readChannel(given, warn);
  });
  return { channels, warnings };
}

type Warn = (message: string) => void;

function readChannel(given: unknown, warn: Warn): OmeroChannel {
  const read = channel.safeParse(given);
  if (!read.success) {
    warn("A channel of its omero metadata is not what the specification says, and is not used.");
    return { label: null, color: null, window: null, active: null };
  }
  const { label: name, active: isActive } = read.data;
  warnOfOdd(read.data, given as Readonly<Record<string, unknown>>, warn);
  return {
    label: name == null || name === "" ? null : String(name).slice(0, MAX_LABEL),
    color: colorOf(read.data.color, warn),
    window: windowOf(read.data.window, warn),
    active: isActive ?? null,
  };
}

/** Black is none: a channel of that color would not be seen. */
function colorOf(given: string | null | undefined, warn: Warn): string | null {
  const [, rgb] = /^#?([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(given ?? "") ?? [];
  const color = rgb === undefined ? null : `#${rgb.toLowerCase()}`;
  if (color === null) warn("Its omero metadata give a channel no color of six digits: it has none.");
  if (color !== BLACK) return color;
  warn("Its omero metadata give a channel black, in which nothing is seen: it has no color.");
  return null;
}

function windowOf(given: z.output<typeof bounds> | null | undefined, warn: Warn): OmeroChannel["window"] {
  const [start, end] = [given?.start ?? Number.NaN, given?.end ?? Number.NaN];
  if (!Number.isFinite(start) || !Number.isFinite(end) || start >= end) {
    warn("Its omero metadata give a channel no window: it is shown by percentiles.");
    return null;
  }
  if (![given?.min, given?.max].every((bound) => typeof bound === "number"))
    warn(
      "Its omero metadata give the window of a channel no min and max, which OME-NGFF demands; they are not needed.",
    );
  return [start, end];
}

/** What is said of how a channel is shown, and is not honored. */
function warnOfOdd(
  { inverted, coefficient = 1, family = "linear", ...read }: z.output<typeof channel>,
  given: Readonly<Record<string, unknown>>,
  warn: Warn,
): void {
  const isLost = (key: "label" | "active") => read[key] == null && given[key] != null;
  if (isLost("label")) warn("Its omero metadata give a channel a label that is neither text nor number: it has none.");
  if (isLost("active")) warn("Its omero metadata do not say true or false of whether a channel is active.");
  if (inverted === true) warn("Its omero metadata show a channel inverted, which is not done: write invert().");
  if (family !== "linear" || coefficient !== 1)
    warn("Its omero metadata map a channel other than linearly, which is not done: write gamma() or log().");
}

/** What is said of how all channels are shown, and is not honored. */
function settingsWarnings(value: Json): readonly ImageWarning[] {
  const { model, projection } = settings.safeParse(value).data?.rdefs ?? {};
  const isGray = model === "greyscale" || model === "grayscale";
  const isProjected = typeof projection === "string" && projection !== "normal";
  return [...(isGray ? [GRAY_MODEL] : []), ...(isProjected ? [PROJECTION] : [])];
}

const GRAY_MODEL = imageWarning(
  "METADATA_NOT_USED",
  "Its omero metadata show it in shades of gray, which is not done: its channels are shown in their colors.",
);
const PROJECTION = imageWarning(
  "METADATA_NOT_USED",
  "Its omero metadata show a projection along z, which is not done: one plane is shown.",
);
