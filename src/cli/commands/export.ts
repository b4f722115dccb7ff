import { existsSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { BandloomError } from "../../core/errors.ts";
import { DEFAULT_QUALITY, DEFAULT_TILE_SIZE } from "../../core/picture-defaults.ts";
import type { Encoding, PictureFormat } from "../../render/types.ts";
import type { ServedImage } from "../../service/types/image.ts";
import type { Services } from "../../service/types/services.ts";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS, type SourceFlags } from "../config/remote.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";
import type { TiffContent } from "../export/tiff-tiles.ts";
import { wholeNumberOption } from "../options.ts";
import { type PictureFlags, pictureOptions } from "../picture-flags.ts";

const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  ["jpg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
  ["avif", "avif"],
]);
const DEFAULT_EXTENSION = "jpg";
const DEEP_ZOOM = ".dzi";
const TIFF = /\.tiff?$/i;
/** Sides of a TIFF's tiles are multiples of it (TIFF 6.0 section 15). */
const TIFF_TILE_STEP = 16;

interface ExportFlags extends SourceFlags, PictureFlags {
  readonly output: string;
  readonly format?: string;
  readonly raw?: true;
  readonly tileSize: string;
  readonly force?: true;
  readonly json?: true;
}

export function exportCommand(): Command {
  const command = new Command("export")
    .description(
      "Write a formula over an image for hosting without a server: as Deep Zoom, as a folder of XYZ tiles, or as one pyramidal TIFF (a COG).",
    )
    .argument("<SOURCE>", "file, folder, address or channel set manifest; #1 behind it: the second image in it")
    .requiredOption(
      "-o, --output <PATH>",
      `NAME${DEEP_ZOOM}: Deep Zoom; NAME.tif: one file; else a folder of XYZ tiles, with TileJSON`,
    );
  pictureOptions(command)
    .addOption(
      new Option(
        "--format <FORMAT>",
        "of the tiles (default: jpg; png in a TIFF, which is deflate there, without loss)",
      ).choices([...FORMATS.keys()]),
    )
    .option("--raw", "in a TIFF: the numbers before they are shown, float32, NaN for no data")
    .option("--tile-size <PIXELS>", "64 to 1024", String(DEFAULT_TILE_SIZE))
    .option("--force", "write over what is there: an export of another picture, other tiles, a TIFF")
    .option("--json", "print what was written as JSON");
  return addSettingFlags(command, REMOTE_SETTINGS)
    .addHelpText(
      "after",
      examples(
        "bandloom export data/demo.ome.tif --preset three-realms -o site/sky.dzi",
        "bandloom export scene.tif --formula 'colormap(ndi(B08, B04), \"rdylgn\")' --format png -o site/ndvi",
        "bandloom export scene.tif --formula '(B08 - B04) / (B08 + B04)' --raw -o ndvi.tif",
      ),
    )
    .addHelpText(
      "after",
      "\nA run that was interrupted goes on where it was when it is started again, and with --force over another picture begins anew; that of a TIFF leaves nothing behind.\n",
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(run);
}

async function run(source: string, flags: ExportFlags): Promise<void> {
  const tileSize = wholeNumberOption("--tile-size", flags.tileSize, { from: 64, to: 1024 });
  checkOutput(source, flags, tileSize);
  const [{ withImage }, { interruptible }, { withProgress }, { formatBytes, formatJson }] = await Promise.all([
    import("../with-image.ts"),
    import("../interruptible.ts"),
    import("../output/progress.ts"),
    import("../output/format.ts"),
  ]);
  const begin = performance.now();
  const report = await interruptible((signal) =>
    withProgress("Writing", (onProgress) =>
      withImage(
        source,
        flags,
        (image, services) => exported(image, services, { flags, tileSize, signal, onProgress }),
        flags.with,
      ),
    ),
  );
  const seconds = (performance.now() - begin) / 1000;
  const facts = { output: resolve(flags.output), ...report, seconds };
  const kept = report.kept > 0 ? `, ${report.kept} of them from before` : "";
  process.stdout.write(
    flags.json
      ? formatJson(facts)
      : `${flags.output}: ${report.tiles} tiles${kept}, ${formatBytes(report.bytes)} written in ${seconds.toFixed(1)} s\n`,
  );
}

/** BAD_REQUEST for what does not go together, before anything is opened. */
function checkOutput(source: string, { output, format, raw }: ExportFlags, tileSize: number): void {
  const isTiff = TIFF.test(output);
  const problem =
    (isSamePlace(source, output) && "The output is the image itself. Choose another place.") ||
    (raw && !isTiff && "--raw is for a TIFF: write -o NAME.tif.") ||
    (raw && format !== undefined && "--raw and --format exclude each other: give one of them.") ||
    (isTiff && /\.ome\.tiff?$/i.test(output) && "An OME-TIFF holds channels, not pictures. Write -o NAME.tif.") ||
    (isTiff && tileSize % TIFF_TILE_STEP !== 0 && `--tile-size of a TIFF is a multiple of ${TIFF_TILE_STEP}.`) ||
    (isTiff && /^(webp|avif)$/.test(format ?? "") && "--format of a TIFF is png (deflate, without loss) or jpg.");
  if (problem) throw new BandloomError("BAD_REQUEST", problem);
}

/** Also where a link leads from one to the other. */
function isSamePlace(source: string, output: string): boolean {
  return existsSync(source) && existsSync(output) && realpathSync(source) === realpathSync(output);
}

function tiffContent({ raw, format }: ExportFlags): TiffContent {
  if (raw) return "values";
  return format === "jpg" ? "jpeg" : "deflate";
}

interface Work {
  readonly flags: ExportFlags;
  readonly tileSize: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

async function exported(image: ServedImage, services: Services, { flags, tileSize, signal, onProgress }: Work) {
  const [
    { deepZoomDocument, deepZoomLayout, xyzLayout },
    { writeExport },
    { boundPicture },
    { geographicBounds, tileJson },
  ] = await Promise.all([
    import("../export/layouts.ts"),
    import("../export/write.ts"),
    import("../picture-flags.ts"),
    import("../../service/index.ts"),
  ]);
  const formula = await boundPicture(image, services, flags, !flags.json);
  const output = resolve(flags.output);
  const force = flags.force ?? false;
  if (TIFF.test(output)) {
    const { writeTiff } = await import("../export/tiff.ts");
    const { quality } = encodingOf(flags);
    const content = tiffContent(flags);
    return writeTiff({ services, formula, path: output, tileSize, content, quality, force, signal, onProgress });
  }
  const encoding = encodingOf(flags);
  const { format = DEFAULT_EXTENSION } = flags;
  const options = { tileSize, extension: format };
  const isDeepZoom = output.endsWith(DEEP_ZOOM);
  const name = basename(output, DEEP_ZOOM);
  if (name === DEEP_ZOOM) throw new BandloomError("BAD_REQUEST", `-o, --output: write a name before ${DEEP_ZOOM}.`);
  const folder = isDeepZoom ? join(dirname(output), `${name}_files`) : output;
  const layout = isDeepZoom ? deepZoomLayout(image, ".", options) : xyzLayout(image, options);
  const document = isDeepZoom ? output : join(folder, "tiles.json");
  const picture = { services, formula, layout, tileSize, encoding, pad: !isDeepZoom };
  const report = await writeExport({ ...picture, folder, document, force, signal, onProgress });
  if (isDeepZoom) await writeFile(document, deepZoomDocument(image.info, options));
  else {
    const bounds = await geographicBounds(image.info);
    const text = tileJson({ formula, template: `{z}/{x}/{y}.${format}`, tileSize, encoding, bounds });
    await writeFile(document, `${JSON.stringify(text, null, 2)}\n`);
  }
  return report;
}

function encodingOf(flags: ExportFlags): Encoding {
  const format = FORMATS.get(flags.format ?? DEFAULT_EXTENSION) ?? "jpeg";
  const quality = wholeNumberOption("--quality", flags.quality ?? String(DEFAULT_QUALITY), { from: 1, to: 100 });
  return { format, quality, lossless: flags.lossless ?? false };
}
