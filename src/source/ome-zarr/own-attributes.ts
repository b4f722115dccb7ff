import { z } from "zod";
import type { Alpha } from "../alpha.ts";
import type { ChannelInfo, Georeference } from "../types.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** What OME-Zarr has no place for stands under `bandloom` in the attributes of images that this program wrote. */
export interface OwnAttributes {
  readonly channels: readonly OwnChannel[];
  /** Which channel is the opacity of the others, and which of those were multiplied by it; null: none. */
  readonly alpha: Pick<Alpha, "channel" | "multiplied"> | null;
  /** The colors of the only channel's classes are those of the picture. */
  readonly isPalette: boolean;
  readonly georeference: Georeference | null;
}

type OwnChannel = Partial<
  Pick<ChannelInfo, "wavelengthNm" | "nodata" | "unit" | "scale" | "offset" | "kind" | "classes">
>;

/** Codes of 16 bits. */
const MAX_CLASSES = 65_536;
const MAX_TEXT = 256;
const MAX_CHANNELS = 4096;

const ownClass = z.object({
  value: z.number(),
  name: z.string().max(MAX_TEXT).nullable().default(null),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .nullable()
    .default(null),
});
const channel = z.object({
  wavelengthNm: z.number().positive().optional(),
  nodata: z.union([z.number(), z.literal("NaN").transform(() => Number.NaN)]).optional(),
  unit: z.string().max(MAX_TEXT).optional(),
  scale: z
    .number()
    .refine((scale) => scale !== 0)
    .optional(),
  offset: z.number().optional(),
  kind: z.literal("categorical").optional(),
  classes: listOf(ownClass, { least: 1, most: MAX_CLASSES }).optional(),
});
const number = z.number();
/** What PROJ's texts are made of here. */
const projText = z
  .string()
  .max(MAX_TEXT * 2)
  .regex(/^(\+\w+(=[-\w.,]+)?( |$))+$/);
const spelled = z.object({ projection: projText, base: z.union([projText, z.string().regex(/^EPSG:\d{4,6}$/)]) });
const ground = z.object({ meters: number.positive(), radians: number.positive().nullable() });
const georeference = z.object({
  crs: z.string().max(MAX_TEXT).nullable(),
  crsName: z.string().max(MAX_TEXT).nullable(),
  affine: z.tuple([number, number, number, number, number, number]),
  spelled: spelled.optional(),
  ground: ground.optional(),
});
const place = z.number().int().min(0).max(MAX_CHANNELS);
const alpha = z.object({ channel: place, multiplied: listOf(place, { most: MAX_CHANNELS }).default([]) });
const attributes = z.object({
  channels: listOf(channel, { most: MAX_CHANNELS }).default([]),
  alpha: alpha.nullable().default(null),
  palette: z.boolean().default(false),
  georeference: georeference.nullable().default(null),
});

const NOTHING: OwnAttributes = { channels: [], alpha: null, isPalette: false, georeference: null };

/** Anything else under that name is somebody else's. */
export function readOwnAttributes(value: Json | undefined): OwnAttributes {
  const { data } = attributes.safeParse(value);
  if (!data) return NOTHING;
  const channels = data.channels.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([, said]) => said !== undefined)),
  );
  const { alpha: opacity, palette } = data;
  return { channels, alpha: opacity, isPalette: palette, georeference: data.georeference && placed(data.georeference) };
}

/** What is not told is left out. */
function placed({ spelled, ground, ...rest }: z.infer<typeof georeference>): Georeference {
  return { ...rest, ...(spelled ? { spelled } : {}), ...(ground ? { ground } : {}) };
}
