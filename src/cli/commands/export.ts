import { writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { BandloomError } from "../../core/errors.ts";
import { DEFAULT_QUALITY, DEFAULT_TILE_SIZE } from "../../core/picture-defaults.ts";
import type { Encoding, PictureFormat } from "../../render/types.ts";
import type { ServedImage, Services } from "../../service/types.ts";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS, type SourceFlags } from "../config/remote.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";
import { wholeNumberOption } from "../options.ts";
import { type PictureFlags, pictureOptions } from "../picture-flags.ts";

const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  ["jpg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
  ["avif", "avif"],
]);
const DEEP_ZOOM = ".dzi";

interface ExportFlags extends SourceFlags, PictureFlags {
  readonly output: string;
  readonly format: string;
  readonly tileSize: string;
  readonly force?: true;
  readonly json?: true;
}

export function exportCommand(): Command {
  const command = new Command("export")
    .description(
      "Write a formula over an image as tiles that any web server can hold: Deep Zoom, or a folder of XYZ tiles.",
    )
    .argument("<SOURCE>", "file, folder, address or channel set manifest; #1 behind it: the second image in it")
    .requiredOption("-o, --output <PATH>", `NAME${DEEP_ZOOM}: Deep Zoom; else a folder of XYZ tiles, with TileJSON`);
  pictureOptions(command)
    .addOption(new Option("--format <FORMAT>", "of the tiles").choices([...FORMATS.keys()]).default("jpg"))
    .option("--tile-size <PIXELS>", "64 to 1024", String(DEFAULT_TILE_SIZE))
    .option("--force", "write over an export of another picture")
    .option("--json", "print what was written as JSON");
  return addSettingFlags(command, REMOTE_SETTINGS)
    .addHelpText(
      "after",
      examples(
        "bandloom export data/demo.ome.tif --preset three-realms -o site/sky.dzi",
        "bandloom export scene.tif --formula 'colormap(ndi(B08, B04), \"rdylgn\")' --format png -o site/ndvi",
      ),
    )
    .addHelpText("after", "\nA run that was interrupted goes on where it was when it is started again.\n")
    .addHelpText("after", EXIT_CODES_HELP)
    .action(run);
}

async function run(source: string, flags: ExportFlags): Promise<void> {
  const tileSize = wholeNumberOption("--tile-size", flags.tileSize, { from: 64, to: 1024 });
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
  const encoding = encodingOf(flags);
  const output = resolve(flags.output);
  const options = { tileSize, extension: flags.format };
  const isDeepZoom = output.endsWith(DEEP_ZOOM);
  const name = basename(output, DEEP_ZOOM);
  if (name === DEEP_ZOOM) throw new BandloomError("BAD_REQUEST", `-o, --output: write a name before ${DEEP_ZOOM}.`);
  const folder = isDeepZoom ? join(dirname(output), `${name}_files`) : output;
  const layout = isDeepZoom ? deepZoomLayout(image, ".", options) : xyzLayout(image, options);
  const force = flags.force ?? false;
  const job = { services, formula, layout, folder, tileSize, encoding, pad: !isDeepZoom, force, signal, onProgress };
  const report = await writeExport(job);
  if (isDeepZoom) await writeFile(output, deepZoomDocument(image.info, options));
  else {
    const bounds = await geographicBounds(image.info);
    const document = tileJson({ formula, template: `{z}/{x}/{y}.${flags.format}`, tileSize, encoding, bounds });
    await writeFile(join(folder, "tiles.json"), `${JSON.stringify(document, null, 2)}\n`);
  }
  return report;
}

function encodingOf(flags: ExportFlags): Encoding {
  const format = FORMATS.get(flags.format) ?? "jpeg";
  const quality = wholeNumberOption("--quality", flags.quality ?? String(DEFAULT_QUALITY), { from: 1, to: 100 });
  return { format, quality, lossless: flags.lossless ?? false };
}
