import { resolve } from "node:path";
import { Command, Option } from "commander";
import { BandloomError } from "../../core/errors.ts";
import type { IngestOptions, NamedLocation, OutputFormat } from "../../ingest/index.ts";
import type { Remote } from "../../source/index.ts";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS, type SourceFlags } from "../config/remote.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";
import { wholeNumberOption } from "../options.ts";

interface IngestFlags extends SourceFlags {
  readonly output: string;
  readonly force?: true;
  readonly names?: string;
  readonly chunk?: string;
  readonly compression?: IngestOptions["compression"] & string;
  readonly effort?: string;
  readonly downsample?: "mean" | "nearest";
  readonly zarrVersion?: "0.4" | "0.5";
  readonly shard?: string;
  readonly threads?: string;
  readonly json?: true;
}

export function ingestCommand(): Command {
  const command = new Command("ingest")
    .description(
      "Turn images into a pyramid that is fast to serve: OME-TIFF (.ome.tif), TIFF laid out as a COG (.tif) or OME-Zarr (.zarr).",
    )
    .argument(
      "<SRC...>",
      "files, folders, addresses or a channel set manifest; several of one size become channels of one image",
    )
    .requiredOption("-o, --output <PATH>", "what to write; its ending says which kind")
    .option("--force", "replace what is there")
    .option("--names <NAMES>", "names of all channels in order, commas between")
    .option("--chunk <PIXELS>", "sides of a chunk: 256, 512 or 1024 (default: 512)")
    .addOption(
      new Option(
        "--compression <CODEC>",
        "deflate or zstd in TIFF (default: deflate); blosc, zstd or gzip in OME-Zarr (default: blosc)",
      ).choices(["deflate", "zstd", "gzip", "blosc"]),
    )
    .option(
      "--effort <NUMBER>",
      "the codec's own level: 1 is fast, 9 small; zstd up to 22 (default: 4; zstd and blosc: 3)",
    )
    .addOption(
      new Option(
        "--downsample <METHOD>",
        "how coarser levels are made: mean for measurements, nearest for labels (default: nearest for 1-bit and 32-bit integers)",
      ).choices(["mean", "nearest"]),
    )
    .addOption(new Option("--zarr-version <VERSION>", "of OME-Zarr (default: 0.5)").choices(["0.4", "0.5"]))
    .option("--shard <PIXELS>", "OME-Zarr 0.5: sides of a shard, a file of many chunks; a power of two times the chunk")
    .option("--threads <NUMBER>", "threads to use (default: one a core)")
    .option("--json", "print what was written as JSON");
  return addSettingFlags(command, REMOTE_SETTINGS)
    .addHelpText(
      "after",
      examples(
        "bandloom ingest scan.tif -o data/scan.ome.tif",
        "bandloom ingest B02.tif B03.tif B04.tif B08.tif -o data/scene.zarr",
        "bandloom ingest labels.png -o labels.tif --downsample nearest --compression zstd",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(run);
}

async function run(sources: readonly string[], { output, json, ...flags }: IngestFlags): Promise<void> {
  const { ingest, locate } = await import("../../ingest/index.ts");
  const { interruptible } = await import("../interruptible.ts");
  const { withProgress } = await import("../output/progress.ts");
  const path = resolve(output);
  const options: Omit<IngestOptions, "sources" | "remote"> = {
    output: path,
    format: formatOf(output),
    ...conversion(flags),
  };
  const located = await Promise.all(sources.map(locate));
  const report = await interruptible((signal) =>
    withRemote(located, flags, (remote) =>
      withProgress("Converting", (onProgress) => ingest({ ...options, sources: located, signal, onProgress, remote })),
    ),
  );
  const { formatBytes, formatSize, printable } = await import("../output/format.ts");
  for (const warning of report.warnings) process.stderr.write(`bandloom: ${printable(warning)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ output: path, ...report }, null, 2)}\n`);
  else {
    const { width, height, channels, levels, chunks, verified, bytes, seconds } = report;
    const size = `${formatSize(width, height)} pixels, ${count(channels, "channel")}, ${count(levels, "level")}`;
    const checked = verified === chunks ? "all" : `${verified} of ${chunks}`;
    process.stdout.write(
      `${path}: ${size}, ${formatBytes(bytes)}, in ${seconds.toFixed(1)} s; ${checked} chunks verified\n`,
    );
  }
}

/** Connections for as long as `work` takes. */
async function withRemote<T>(
  sources: readonly NamedLocation[],
  flags: SourceFlags,
  work: (remote: Remote) => Promise<T>,
): Promise<T> {
  const { readRemoteOptions } = await import("../config/remote.ts");
  const { createRemote } = await import("../../source/index.ts");
  const remote = createRemote(await readRemoteOptions(sources, flags));
  try {
    return await work(remote);
  } finally {
    await remote.close();
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function formatOf(output: string): OutputFormat {
  if (/\.ome\.(tiff?|btf)$/i.test(output)) return "ome-tiff";
  if (/\.tiff?$/i.test(output)) return "cog";
  if (/\.zarr\/?$/i.test(output)) return "ome-zarr";
  throw new BandloomError(
    "BAD_REQUEST",
    "-o, --output: end the name with .ome.tif, .tif or .zarr, which says what to write.",
  );
}

function conversion(flags: Omit<IngestFlags, "output" | "json">): Omit<IngestOptions, "sources" | "output" | "format"> {
  const { force, names, chunk, compression, effort, downsample, zarrVersion, shard, threads } = flags;
  return {
    ...(force ? { force } : {}),
    ...(names === undefined ? {} : { names: channelNames(names) }),
    ...(chunk === undefined ? {} : { chunk: chunkSize(chunk) }),
    ...(compression === undefined ? {} : { compression }),
    ...(effort === undefined
      ? {}
      : { effort: wholeNumberOption("--effort", effort, { from: 1, to: compression === "zstd" ? 22 : 9 }) }),
    ...(downsample === undefined ? {} : { downsample }),
    ...(zarrVersion === undefined ? {} : { zarrVersion }),
    ...(shard === undefined ? {} : { shard: wholeNumberOption("--shard", shard, { from: 256, to: 65_536 }) }),
    ...(threads === undefined ? {} : { threads: wholeNumberOption("--threads", threads, { from: 1, to: 64 }) }),
  };
}

function channelNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "") && new Set(names).size === names.length) return names;
  throw new BandloomError("BAD_REQUEST", "--names: write a name for every channel, all different, commas between.");
}

function chunkSize(text: string): 256 | 512 | 1024 {
  if (text === "256") return 256;
  if (text === "512") return 512;
  if (text === "1024") return 1024;
  throw new BandloomError(
    "BAD_REQUEST",
    `--chunk ${JSON.stringify(text.slice(0, 40))} cannot be used. Write 256, 512 or 1024.`,
  );
}
