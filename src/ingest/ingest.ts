import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { planeBytes } from "../core/dtype.ts";
import { BandloomError } from "../core/errors.ts";
import { levelCount } from "../core/geometry.ts";
import { openSource } from "../source/index.ts";
import { removeStalePartials } from "../source/tiff/write-partial.ts";
import { Assembly } from "./assembly.ts";
import { Checksums } from "./checksums.ts";
import { type Batch, convert } from "./convert.ts";
import { Crew } from "./crew.ts";
import { outputFailure } from "./failure.ts";
import { chunkOf, type JoinedImage, joinSources, type NamedSource } from "./joined.ts";
import { CODECS, type IngestOptions, type IngestReport } from "./options.ts";
import type { Output } from "./output.ts";
import type { Target, UnitJob } from "./protocol.ts";
import { createCog, createOmeTiff } from "./tiff-output.ts";
import { reach, unitGrid, unitOrder, unitRegion } from "./units.ts";
import { chunksToVerify, verify } from "./verify.ts";
import { displayWindows } from "./windows.ts";
import { createOmeZarr } from "./zarr/output.ts";

/** More threads would wait for the disk and take memory. */
const MAX_THREADS = 32;
const DEFAULT_CHUNK = 512;
/** A chunk that is read again costs about a quarter of one that is made. */
const VERIFY_SHARE = 0.25;

/**
 * Converts sources into one pyramid: reads every chunk of full resolution once, builds coarser levels on the way, writes, and reads again
 * what was written. The output appears under its name when all of that is done. Rejects with BAD_REQUEST (sources that do not fit
 * together, options that do not), with the errors of openSource, with the file system's, with the signal's reason; then nothing is left behind.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const start = performance.now();
  await assertFree(options);
  await removeStalePartials(options.output);
  const sources = await openAll(options);
  try {
    const image = joinSources(sources, options.names);
    const report = await write(image, sources, options);
    return { ...report, seconds: (performance.now() - start) / 1000 };
  } finally {
    for (const { source } of sources) await source.close();
  }
}

async function assertFree({ output, force }: IngestOptions): Promise<void> {
  if (force || !(await stat(output).catch(() => null))) return;
  throw new BandloomError("BAD_REQUEST", "There is something of that name already. Say --force to replace it.");
}

async function openAll({ sources, remote }: IngestOptions): Promise<readonly NamedSource[]> {
  const opened: NamedSource[] = [];
  try {
    for (const { location, name } of sources) {
      opened.push({ source: await openSource(location, { remote: remote ?? null }), name });
    }
    return opened;
  } catch (error) {
    for (const { source } of opened) await source.close();
    throw named(error, sources.length > 1 ? sources[opened.length]?.name : undefined);
  }
}

/** Of several sources, says which. */
function named(error: unknown, name: string | undefined): unknown {
  if (!(error instanceof BandloomError) || name === undefined) return error;
  return new BandloomError(error.code, `${name}: ${error.message}`, { cause: error });
}

async function write(
  image: JoinedImage,
  sources: readonly NamedSource[],
  options: IngestOptions,
): Promise<Omit<IngestReport, "seconds">> {
  const { signal, onProgress } = options;
  const target = targetOf(image, options);
  const { info } = image;
  const checksums = new Checksums(target, info.channels.length * info.depth * info.times);
  const toVerify = chunksToVerify(checksums);
  const total = checksums.count + VERIFY_SHARE * toVerify.length;
  let done = 0;
  const advance = (parts: number) => {
    done += parts;
    onProgress?.(Math.min(total, done), total);
  };
  const output = await createOutput(image, target, options);
  const threads = Math.min(options.threads ?? availableParallelism(), MAX_THREADS);
  const crew = new Crew(
    threads,
    options.sources.map(({ location }) => location),
    target,
    options.remote ?? null,
  );
  try {
    const note = (_: UnitJob, chunks: Parameters<Parameters<typeof convert>[3]>[1]) => {
      for (const chunk of chunks) checksums.set(chunk);
      advance(chunks.length);
    };
    await convert(batchesOf(image, sources, target), crew, output, note, signal);
    const location = await output.seal(signal);
    if (output.showChannels)
      await output.showChannels(await displayWindows(location, info.channels, target, crew, signal));
    await verify(location, info, target, toVerify, checksums, crew, (chunks) => advance(VERIFY_SHARE * chunks), signal);
    await assertFree(options);
    signal?.throwIfAborted();
    await output.publish();
    return {
      ...{ width: target.width, height: target.height, channels: info.channels.length, levels: target.levels },
      ...{ chunks: checksums.count, verified: toVerify.length, bytes: output.bytes, warnings: image.warnings },
    };
  } catch (error) {
    await crew.close();
    await output.abort();
    throw outputFailure(error);
  } finally {
    await crew.close();
  }
}

function targetOf({ info, type }: JoinedImage, options: IngestOptions): Target {
  const { width, height, channels } = info;
  const zarr = options.format === "ome-zarr";
  const compression = options.compression ?? (zarr ? "blosc" : "deflate");
  const codec = CODECS[compression];
  if (!codec.formats.includes(options.format))
    throw new BandloomError(
      "BAD_REQUEST",
      `${compression} is not for this kind of file. Use ${usable(options.format)}.`,
    );
  const nodata = channels.map((channel) => channel.nodata);
  const labels = channels.every(({ dataType }) => dataType === "bit" || dataType === "uint32" || dataType === "int32");
  return {
    ...{ width, height, type, nodata },
    levels: levelCount(info),
    chunk: options.chunk ?? DEFAULT_CHUNK,
    downsample: options.downsample ?? (labels ? "nearest" : "mean"),
    encoding: { compression, effort: options.effort ?? codec.effort, predictor: !zarr },
    fill: zarr ? fillValue(nodata) : 0,
    sparse: zarr,
  };
}

function usable(format: IngestOptions["format"]): string {
  return Object.entries(CODECS)
    .flatMap(([name, { formats }]) => (formats.includes(format) ? [name] : []))
    .join(", ");
}

/** What is left out of a Zarr array is no data, where all channels agree on what that is. */
function fillValue([first = null, ...others]: readonly (number | null)[]): number {
  return first !== null && others.every((other) => Object.is(other, first)) ? first : 0;
}

function createOutput(image: JoinedImage, target: Target, options: IngestOptions): Promise<Output> {
  const title = options.sources[0]?.name ?? "";
  if (options.format === "ome-tiff") return createOmeTiff(options.output, image, target, title);
  if (options.format === "cog") return createCog(options.output, image, target);
  return createOmeZarr(options.output, image, target, { ...options, title });
}

/** Channels that are read together, at each z and t. */
function* batchesOf(image: JoinedImage, sources: readonly NamedSource[], target: Target): Generator<Batch> {
  const { info, groups, type } = image;
  for (let stack = 0; stack < info.depth * info.times; stack++) {
    for (const { source, group, channels, samples } of groups) {
      const chunk = sources[source] ? chunkOf(sources[source]) : target;
      const grid = unitGrid(target, target.chunk, target.levels, chunk, channels.length * planeBytes(type));
      const planes = channels.map((channel) => stack * info.channels.length + channel);
      const origin = { source, group, z: stack % info.depth, t: Math.floor(stack / info.depth), samples };
      const depth = reach(grid, 0);
      const units = unitOrder(grid).map(
        ([x, y]): UnitJob => ({
          ...{ kind: "unit", level: 0, depth, planes, origin, data: null },
          region: unitRegion(grid, 0, x, y),
        }),
      );
      yield { units, assembly: new Assembly(grid, type) };
    }
  }
}
