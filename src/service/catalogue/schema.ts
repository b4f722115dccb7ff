import { z } from "zod";
import { keys, refused, text } from "../../source/channel-set/fields.ts";
import { channelKind, channelSetSchema } from "../../source/channel-set/schema.ts";
import { isUrl } from "../../source/location.ts";

/** Formulas are longer in no client either. */
const MAX_FORMULA = 16_384;
const MAX_PRESETS = 1000;

const formula = text("formula", 'a formula in quotes, such as "rgb(nir, red, green)"').max(
  MAX_FORMULA,
  `is longer than ${MAX_FORMULA} characters. Shorten it.`,
);
const words = text("description", "a text for people").optional();

const preset = keys("preset", {
  name: text("name", "what people choose it by, such as NDVI"),
  formula,
  description: words,
});

const source = text(
  "source",
  "a path from the data folder, or a URL such as https://host/image.ome.tif or s3://bucket/key",
)
  .max(2048, "is too long for a path or a URL.")
  .refine(
    (place) => !/[\p{Cc}\p{Cs}\\]/u.test(place),
    "holds a backslash or a control character. Separate folders with /.",
  )
  .refine(
    (place) => isUrl(place) || !/^(\/|[a-z][a-z0-9+.-]*:)/i.test(place),
    "is no path from the data folder and no http, https or s3 URL.",
  )
  .refine((place) => !isUrl(place) || hasHost(place), "is a URL that cannot be read.");

/** What a catalogue may say of one image. */
const entry = keys("entry", {
  source: source.optional(),
  channels: channelSetSchema.optional(),
  kind: channelKind.optional(),
  kinds: z
    .record(
      z.string(),
      channelKind,
      refused(
        "map of kinds",
        "a channel's name, or its number from 1, and its kind a line, such as QA_PIXEL: categorical",
      ),
    )
    .optional(),
  name: text("name", "a name for people").optional(),
  description: words,
  formula: formula.optional(),
  presets: z
    .array(preset, refused("list of presets", "a list of name and formula, each after a dash"))
    .max(MAX_PRESETS, `has more than ${MAX_PRESETS} presets.`)
    .superRefine((presets, context) => {
      const names = presets.map(({ name }) => name);
      const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
      if (twice >= 0)
        context.addIssue({
          code: "custom",
          path: [twice, "name"],
          message: "is another preset's name already. Choose one of its own.",
        });
    })
    .optional(),
});

/** Kinds of a channel set are told within it. */
export const entrySchema = entry.superRefine(({ channels, kind, kinds }, context) => {
  const path = kinds ? ["kinds"] : kind ? ["kind"] : null;
  if (channels && path)
    context.addIssue({ code: "custom", path, message: "stands beside channels. Write kind below channels." });
});

export type NamedEntry = Readonly<z.output<typeof entrySchema>>;

function hasHost(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname !== "";
}
