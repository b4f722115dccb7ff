import { z } from "zod";
import { blended, colour, untranslatable, windowed } from "./parts.ts";

const band = z.object({
  band: z.union([z.number().int().positive(), z.enum(["red", "green", "blue", "gray", "grey"])]).optional(),
  frame: z.number().optional(),
  min: z.union([z.number(), z.literal("auto"), z.literal("min"), z.literal("max"), z.string()]).optional(),
  max: z.union([z.number(), z.literal("auto"), z.literal("min"), z.literal("max"), z.string()]).optional(),
  palette: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  composite: z.enum(["lighten", "multiply"]).optional(),
  nodata: z.number().optional(),
  clamp: z.boolean().optional(),
});
const style = z.union([z.object({ bands: z.array(band).min(1) }), band]);

type Band = z.output<typeof band>;

/** large_image's `style`: bands with their ends, palettes and composition. Bands by name are channels of these names here. */
export function fromLargeImage(text: string): string {
  const read = style.safeParse(jsonOf(text));
  if (!read.success) throw untranslatable("It is no style of large_image.");
  const bands = "bands" in read.data ? read.data.bands : [read.data as Band];
  const multiplies = bands.some(({ composite }) => composite === "multiply");
  return blended(bands.map(layer), multiplies ? "multiply" : "lighten");
}

function layer({ band: of = 1, min, max, palette, frame }: Band): string {
  if (frame) throw untranslatable("A frame is a plane: choose it as z or t of the request.");
  const source = typeof of === "number" ? `@${of}` : of;
  const ends = [min, max].map((end) => (typeof end === "number" ? end : null));
  const shade = windowed(source, ends[0] ?? null, ends[1] ?? null);
  if (palette === undefined)
    return typeof of === "string" && of in PRIMARIES ? `tint(${shade}, "${PRIMARIES[of]}")` : `gray(${shade})`;
  const colours = (typeof palette === "string" ? ["#000000", palette] : palette).map(colour);
  if (colours.length === 1) return `tint(${shade}, ${colours[0]})`;
  const first = colours[0] === '"#000000"';
  if (colours.length === 2 && first) return `tint(${shade}, ${colours[1]})`;
  if (ends[0] == null || ends[1] == null)
    throw untranslatable("A palette of several colours needs min and max as numbers.");
  const [low, high] = [ends[0], ends[1]];
  const stops = colours.map((one, index) => `${low + ((high - low) * index) / (colours.length - 1)}: ${one}`);
  return `ramp(${source}, ${stops.join(", ")})`;
}

const PRIMARIES: Readonly<Record<string, string>> = { red: "red", green: "lime", blue: "blue" };

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw untranslatable("It is no JSON.");
  }
}
