import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { CONVERTED_CHUNK_MIB, SERVED_CHUNK_MIB } from "../source/chunk-limit.ts";
import { type ImageInfo, openSource, type SourceContext } from "../source/index.ts";
import { removeStalePartials } from "../source/tiff/write-partial.ts";
import { Checksums } from "./checksums.ts";
import { convert, type Work } from "./convert.ts";
import { Crew } from "./crew.ts";
import { outputFailure } from "./failure.ts";
import { type JoinedImage, joinSources, type NamedSource } from "./joined.ts";
import { lossesOf } from "./losses.ts";
import type { IngestOptions, IngestReport, NamedLocation } from "./options.ts";
import type { Output } from "./output.ts";
import type { EncodedChunk, Target } from "./protocol.ts";
import { targetOf } from "./target.ts";
import { createCog, createOmeTiff } from "./tiff-output.ts";
import { verifiedCount, verify } from "./verify.ts";
import { displayWindows } from "./windows.ts";
import { unitsOf } from "./work.ts";
import { createOmeZarr } from "./zarr/output.ts";

/** More threads would wait for the disk and take memory. */
const MAX_THREADS = 32;
/** A chunk that is read again costs about a quarter of one that is made. */
const VERIFY_SHARE = 0.25;
/** Bytes, where a level does not tell what its chunks hold. */
const LARGEST_SAMPLE = 8;

/**
 * Converts sources into one pyramid: reads every chunk of full resolution once, builds coarser levels on the way, writes, and reads again
 * what was written. The output appears under its name when all of that is done. Rejects with BAD_REQUEST (sources that do not fit
 * together, options that do not), with the errors of openSource, with the file system's, with the signal's reason; then nothing is left behind.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const start = performance.now();
  await assertFolder(options);
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

async function assertFolder({ output }: IngestOptions): Promise<void> {
  const stats = await stat(dirname(output)).catch(() => null);
  if (stats?.isDirectory()) return;
  throw new BandloomError("SOURCE_FAILED", `There is no folder ${dirname(output)} to write to.`);
}

async function assertFree({ output, force }: IngestOptions): Promise<void> {
  if (force || !(await stat(output).catch(() => null))) return;
  throw new BandloomError("BAD_REQUEST", "There is something of that name already. Say --force to replace it.");
}

async function openAll({ sources, remote }: IngestOptions): Promise<readonly NamedSource[]> {
  const opened: NamedSource[] = [];
  try {
    for (const { location, name } of sources) {
      opened.push(await openOne({ location, name }, { remote: remote ?? null, mostChunkMiB: CONVERTED_CHUNK_MIB }));
    }
    return opened;
  } catch (error) {
    for (const { source } of opened) await source.close();
    throw named(error, sources.length > 1 ? sources[opened.length]?.name : undefined);
  }
}

async function openOne({ location, name }: NamedLocation, context: SourceContext): Promise<NamedSource> {
  const source = await openSource(location, context);
  try {
    return { source, name, colors: (await source.colors?.()) ?? null };
  } catch (error) {
    await source.close();
    throw error;
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
  const target = targetOf(image, options);
  const planes = image.info.channels.length * image.info.depth * image.info.times;
  const checksums = new Checksums(target, planes);
  const wanted = sources.some(hasLargeChunks) ? 1 : (options.threads ?? availableParallelism());
  const threads = Math.min(wanted, MAX_THREADS, checksums.count);
  const locations = options.sources.map(({ location }) => location);
  const crew = new Crew(threads, locations, target, options.remote ?? null);
  try {
    const output = await createOutput(image, target, options);
    try {
      const verified = await fill(
        output,
        unitsOf(image, sources, target),
        image.info,
        target,
        checksums,
        crew,
        options,
      );
      await assertFree(options);
      options.signal?.throwIfAborted();
      await output.publish();
      return {
        ...{ width: target.width, height: target.height, channels: image.info.channels.length },
        ...{ levels: target.levels, chunks: checksums.count, verified, bytes: output.bytes },
        warnings: [...image.warnings, ...lossesOf(image, sources, options.format)],
      };
    } catch (error) {
      await crew.close();
      await output.abort();
      throw error;
    }
  } catch (error) {
    throw outputFailure(error);
  } finally {
    await crew.close();
  }
}

/** Chunks of which threads decode one at a time: they are larger than serving allows. */
function hasLargeChunks({ source }: NamedSource): boolean {
  const [full] = source.info.levels;
  const plane = (full?.chunkWidth ?? 0) * (full?.chunkHeight ?? 0) * LARGEST_SAMPLE;
  return (full?.chunkBytes ?? plane) > SERVED_CHUNK_MIB * 2 ** 20;
}

/** Writes all chunks, completes the output and reads it again; gives how many chunks were. */
async function fill(
  output: Output,
  units: Iterator<Work>,
  info: ImageInfo,
  target: Target,
  checksums: Checksums,
  crew: Crew,
  { signal, onProgress }: IngestOptions,
): Promise<number> {
  const toVerify = verifiedCount(checksums);
  const total = checksums.count + VERIFY_SHARE * toVerify;
  let done = 0;
  const advance = (parts: number) => {
    done += parts;
    onProgress?.(Math.min(total, done), total);
  };
  const note = (chunks: readonly EncodedChunk[]) => {
    for (const chunk of chunks) checksums.set(chunk);
    advance(chunks.length);
  };
  await convert(units, crew, output, note, signal);
  const location = await output.seal(signal);
  if (output.showChannels)
    await output.showChannels(await displayWindows(location, info.channels, target, crew, signal));
  await verify(location, info, target, checksums, crew, (chunks) => advance(VERIFY_SHARE * chunks), signal);
  return toVerify;
}

function createOutput(image: JoinedImage, target: Target, options: IngestOptions): Promise<Output> {
  const title = options.sources[0]?.name ?? "";
  if (options.format === "ome-tiff") return createOmeTiff(options.output, image, target, title);
  if (options.format === "cog") return createCog(options.output, image, target);
  return createOmeZarr(options.output, image, target, { ...options, title });
}
