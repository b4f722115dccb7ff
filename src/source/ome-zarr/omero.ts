import { z } from "zod";
import type { ChannelInfo, ImageInfo } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** What `omero` says of a channel. */
export type OmeroChannel = Pick<ChannelInfo, "color" | "window" | "active"> & { readonly label: string | null };

const MAX_LABEL = 256;
const MAX_CHANNELS = 4096;

const channel = z.looseObject({
  label: z.union([z.string(), z.number()]).nullish(),
  color: z.string().nullish(),
  active: z.boolean().nullish(),
  window: z
    .looseObject({
      start: z.number().nullish(),
      end: z.number().nullish(),
      min: z.unknown().optional(),
      max: z.unknown().optional(),
    })
    .nullish(),
});
/** Odd ones are none: a plane to begin with is no reason to refuse an image, nor worth a warning. */
const index = z.number().int().nonnegative().optional().catch(undefined);
const settings = z.looseObject({ rdefs: z.looseObject({ defaultZ: index, defaultT: index }) });
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
  const warnings: ImageWarning[] = [];
  if (described !== count)
    warnings.push(
      imageWarning(
        "NAMES_NOT_MATCHED",
        `Its omero metadata describe ${described} channels, where the image has ${count}: they are used from the first on. Check the names.`,
      ),
    );
  const channels = result.data.channels.slice(0, count).map((given, index): OmeroChannel => {
    const warn = (message: string) => warnings.push(imageWarning("METADATA_NOT_USED", message, index));
    const read = channel.safeParse(given);
    if (!read.success) {
      warn("A channel of its omero metadata is not what the specification says, and is not used.");
      return { label: null, color: null, window: null, active: null };
    }
    const { label, color, active, window } = read.data;
    const rgb = color && /^#?([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(color);
    if (!rgb) warn("Its omero metadata give a channel no color.");
    const [start, end] = [window?.start ?? Number.NaN, window?.end ?? Number.NaN];
    const isWindow = Number.isFinite(start) && Number.isFinite(end) && start < end;
    if (!isWindow) warn("Its omero metadata give a channel no window: it is shown by percentiles.");
    else if (![window?.min, window?.max].every((bound) => typeof bound === "number"))
      warn(
        "Its omero metadata give the window of a channel no min and max, which OME-NGFF demands; they are not needed.",
      );
    return {
      label: label == null || label === "" ? null : String(label).slice(0, MAX_LABEL),
      color: rgb ? `#${(rgb[1] ?? "").toLowerCase()}` : null,
      window: isWindow ? [start, end] : null,
      active: active ?? null,
    };
  });
  return { channels, warnings };
}
