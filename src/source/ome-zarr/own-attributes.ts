import { z } from "zod";
import type { ChannelInfo, Georeference } from "../types.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** What OME-Zarr has no place for stands under `bandloom` in the attributes of images that this program wrote. */
export interface OwnAttributes {
  readonly channels: readonly Partial<Pick<ChannelInfo, "wavelengthNm" | "nodata" | "unit" | "scale" | "offset">>[];
  readonly georeference: Georeference | null;
}

const MAX_TEXT = 256;
const MAX_CHANNELS = 4096;

const channel = z.object({
  wavelengthNm: z.number().positive().optional(),
  nodata: z.union([z.number(), z.literal("NaN").transform(() => Number.NaN)]).optional(),
  unit: z.string().max(MAX_TEXT).optional(),
  scale: z
    .number()
    .refine((scale) => scale !== 0)
    .optional(),
  offset: z.number().optional(),
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
const attributes = z.object({
  channels: listOf(channel, { most: MAX_CHANNELS }).default([]),
  georeference: georeference.nullable().default(null),
});

const NOTHING: OwnAttributes = { channels: [], georeference: null };

/** Anything else under that name is somebody else's. */
export function readOwnAttributes(value: Json | undefined): OwnAttributes {
  const { data } = attributes.safeParse(value);
  if (!data) return NOTHING;
  const channels = data.channels.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([, said]) => said !== undefined)),
  );
  return { channels, georeference: data.georeference && placed(data.georeference) };
}

/** What is not told is left out. */
function placed({ spelled, ground, ...rest }: z.infer<typeof georeference>): Georeference {
  return { ...rest, ...(spelled ? { spelled } : {}), ...(ground ? { ground } : {}) };
}
