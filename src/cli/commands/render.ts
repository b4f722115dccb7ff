import { writeFileSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import type { Region } from "../../core/geometry.ts";
import type { PictureFormat } from "../../render/index.ts";
import { createFileServices, LIMITS } from "../../service/index.ts";
import { EXIT } from "../exit.ts";
import { formatDiagnostics } from "../format-diagnostics.ts";
import { UsageError } from "../usage-error.ts";

export interface RenderCommand {
  readonly file: string;
  readonly formula: string | undefined;
  readonly region: string | undefined;
  readonly maxSize: string | undefined;
  readonly quality: string | undefined;
  readonly lossless: boolean;
  readonly output: string;
  readonly json: boolean;
}

const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  [".jpg", "jpeg"],
  [".jpeg", "jpeg"],
  [".png", "png"],
  [".webp", "webp"],
  [".avif", "avif"],
  [".npy", "npy"],
]);
const DEFAULT_SIDE = 1024;
const DEFAULT_QUALITY = 80;

/** One picture of one file, as the server would render it. */
export async function renderCommand(command: RenderCommand): Promise<number> {
  const { file, output, lossless, json } = command;
  const format = FORMATS.get(extname(output).toLowerCase());
  if (!format) throw new UsageError(`-o should end in ${[...FORMATS.keys()].join(", ")}.`);
  const maxSize = wholeNumber(command.maxSize, "--max-size", DEFAULT_SIDE, LIMITS.regionSide);
  const quality = wholeNumber(command.quality, "--quality", DEFAULT_QUALITY, 100);
  const services = await createFileServices(resolve(file));
  try {
    const image = await services.images.get(basename(file));
    const region = parseRegion(command.region) ?? { x: 0, y: 0, width: image.info.width, height: image.info.height };
    assertInside(region, image.info);
    const bound = await services.formulas.bind(image, command.formula ?? null);
    if (!bound.valid) {
      if (json) process.stdout.write(`${JSON.stringify({ valid: false, diagnostics: bound.diagnostics })}\n`);
      else process.stderr.write(formatDiagnostics(bound.source, bound.diagnostics));
      return EXIT.usage;
    }
    const encoding = { format, quality, lossless };
    const picture = await services.tiles.region({ formula: bound, region, maxSize, encoding });
    writeFileSync(output, picture.bytes);
    const { width, height, bytes } = picture;
    const { canonical } = bound.formula;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ path: resolve(output), width, height, bytes: bytes.length, canonical })}\n`,
      );
    else process.stdout.write(`${output}: ${width} × ${height} pixels of ${canonical}\n`);
    return EXIT.done;
  } finally {
    await services.close();
  }
}

function parseRegion(text: string | undefined): Region | null {
  if (text === undefined) return null;
  const match = /^(\d+),(\d+),(\d+),(\d+)$/.exec(text.replaceAll(" ", ""));
  if (!match) throw new UsageError(`--region should be x,y,width,height in pixels of the file, not "${text}".`);
  const [x = 0, y = 0, width = 0, height = 0] = match.slice(1).map(Number);
  return { x, y, width, height };
}

function assertInside(
  { x, y, width, height }: Region,
  image: { readonly width: number; readonly height: number },
): void {
  if (width >= 1 && height >= 1 && x + width <= image.width && y + height <= image.height) return;
  throw new UsageError(`--region should lie inside the image, which has ${image.width} × ${image.height} pixels.`);
}

function wholeNumber(text: string | undefined, flag: string, missing: number, most: number): number {
  if (text === undefined) return missing;
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`${flag} should be a whole number from 1 to ${most}, not "${text}".`);
}
