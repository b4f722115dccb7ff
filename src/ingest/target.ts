import { BandloomError } from "../core/errors.ts";
import { levelCount } from "../core/geometry.ts";
import type { JoinedImage } from "./joined.ts";
import { CODECS, type IngestOptions, type OutputFormat } from "./options.ts";
import type { Target } from "./protocol.ts";

const DEFAULT_CHUNK = 512;

/** What the options and the image make of each other. BAD_REQUEST for a codec that the format does not have. */
export function targetOf({ info, type, alpha }: JoinedImage, options: IngestOptions): Target {
  const { width, height, channels } = info;
  const zarr = options.format === "ome-zarr";
  if (!zarr && (options.shard !== undefined || options.zarrVersion !== undefined))
    throw new BandloomError(
      "BAD_REQUEST",
      "--shard and --zarr-version are for OME-Zarr. Leave them out, or write .zarr.",
    );
  const compression = options.compression ?? (zarr ? "blosc" : "deflate");
  const codec = CODECS[compression];
  if (!codec.formats.includes(options.format))
    throw new BandloomError(
      "BAD_REQUEST",
      `${compression} is not for this kind of output. Use ${usable(options.format)}.`,
    );
  const nodata = channels.map((channel) => channel.nodata);
  const labels = channels.every(({ dataType }) => dataType === "bit" || dataType === "uint32" || dataType === "int32");
  const isCode = channels.map(({ kind }) => kind === "categorical");
  return {
    ...{ width, height, type, nodata },
    // The opacity of a code that is taken is that of the place where it is taken.
    categorical: isCode.map((own, channel) => own || (channel === alpha?.channel && isCode.includes(true))),
    alpha,
    levels: levelCount(info),
    chunk: options.chunk ?? DEFAULT_CHUNK,
    downsample: options.downsample ?? (labels ? "nearest" : "mean"),
    encoding: { compression, effort: options.effort ?? codec.effort, predictor: !zarr },
    fill: zarr ? fillValue(nodata) : 0,
    sparse: zarr,
  };
}

function usable(format: OutputFormat): string {
  const names = Object.entries(CODECS).flatMap(([name, { formats }]) => (formats.includes(format) ? [name] : []));
  return names.join(" or ");
}

/** What is left out of a Zarr array is no data, where all channels agree on what that is. */
function fillValue([first = null, ...others]: readonly (number | null)[]): number {
  return first !== null && others.every((other) => Object.is(other, first)) ? first : 0;
}
