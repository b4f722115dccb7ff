import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { Command } from "commander";
import { BandloomError } from "../../core/errors.ts";
import type { Region, Size } from "../../core/geometry.ts";
import { DEFAULT_QUALITY } from "../../core/picture-defaults.ts";
import type { PictureFormat } from "../../render/types.ts";
import type { ServedImage } from "../../service/types/image.ts";
import type { Services } from "../../service/types/services.ts";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS, type SourceFlags } from "../config/remote.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";
import { parsedRegion, regionInside, wholeNumberOption } from "../options.ts";
import { type PictureFlags, pictureOptions } from "../picture-flags.ts";

/** The largest side that WebP can hold; the others could hold more. */
const MAX_SIDE = 16_383;
const DEFAULT_SIDE = 4096;
const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  [".png", "png"],
  [".jpg", "jpeg"],
  [".jpeg", "jpeg"],
  [".webp", "webp"],
  [".avif", "avif"],
  [".npy", "npy"],
]);

interface RenderFlags extends SourceFlags, PictureFlags {
  readonly output: string;
  readonly region?: string;
  readonly maxSize?: string;
  readonly json?: true;
}

export function renderCommand(): Command {
  const command = new Command("render")
    .description("Render a formula over an image, or a part of it, to a picture.")
    .argument("<SOURCE>", "file, folder, address or channel set manifest; #1 behind it: the second image in it")
    .requiredOption("-o, --output <FILE>", `picture to write: ${[...FORMATS.keys()].join(", ")} (npy: float32 values)`);
  pictureOptions(command)
    .option("--region <X,Y,WIDTH,HEIGHT>", "rectangle of full-resolution pixels (default: the whole image)")
    .option(
      "--max-size <PIXELS>",
      `longest side of the picture; larger regions are scaled down (default: ${DEFAULT_SIDE})`,
    )
    .option("--json", "print what was made as JSON");
  return addSettingFlags(command, REMOTE_SETTINGS)
    .addHelpText(
      "after",
      examples(
        "bandloom render data/demo.ome.tif --formula 'red + 2*(uv1 - green)' -o sky.png",
        "bandloom render scene.tif --formula 'B04; B03; B02' --region 0,0,2048,2048 --max-size 1024 -o scene.jpg",
        `bandloom render scene.tif --formula 'ndi(B08, B04)' -o ndvi.npy`,
        "bandloom render scene.tif --with before=scene-2019.tif --formula 'B04 - before.B04' -o change.png",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(render);
}

async function render(source: string, flags: RenderFlags): Promise<void> {
  const { json, output } = flags;
  const format = formatOf(output);
  const quality = wholeNumberOption("--quality", flags.quality ?? String(DEFAULT_QUALITY), { from: 1, to: 100 });
  const maxSize = wholeNumberOption("--max-size", flags.maxSize ?? String(DEFAULT_SIDE), { from: 1, to: MAX_SIDE });
  const lossless = flags.lossless ?? false;
  if (lossless && format !== "webp" && format !== "avif")
    throw new BandloomError("BAD_REQUEST", "--lossless is for webp and avif; png and npy always are, jpg never is.");
  const [{ withImage }, { formatJson, formatBytes, formatSize }, { boundPicture }] = await Promise.all([
    import("../with-image.ts"),
    import("../output/format.ts"),
    import("../picture-flags.ts"),
  ]);
  const work = async (image: ServedImage, services: Services) => {
    const region = regionOf(flags.region, image.info);
    // JSON tells the whole formula, windows included.
    const formula = await boundPicture(image, services, flags, !json, format === "npy" && !json);
    const { tiles } = services;
    const picture = await tiles.region({ formula, region, maxSize, encoding: { format, quality, lossless } });
    return { ...picture, region, ...formula.formula, diagnostics: formula.diagnostics };
  };
  const made = await withImage(source, flags, work, flags.with);
  await writeFile(output, made.bytes);
  const { width, height, bytes, region, canonical, hash, diagnostics } = made;
  const facts = { file: output, width, height, bytes: bytes.length, region, canonical, hash, diagnostics };
  process.stdout.write(
    json ? formatJson(facts) : `${output}: ${formatSize(width, height)} pixels, ${formatBytes(bytes.length)}\n`,
  );
}

function formatOf(output: string): PictureFormat {
  const format = FORMATS.get(extname(output).toLowerCase());
  if (format) return format;
  throw new BandloomError("BAD_REQUEST", `The name of the picture ends in one of ${[...FORMATS.keys()].join(", ")}.`);
}

function regionOf(text: string | undefined, image: Size): Region {
  if (text === undefined) return { x: 0, y: 0, width: image.width, height: image.height };
  return regionInside(parsedRegion(text), image);
}
