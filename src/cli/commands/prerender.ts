import { Command, Option } from "commander";
import { BandloomError } from "../../core/errors.ts";
import { DEFAULT_QUALITY, DEFAULT_TILE_SIZE } from "../../core/picture-defaults.ts";
import type { PictureFormat } from "../../render/types.ts";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS } from "../config/remote.ts";
import type { Settings } from "../config/settings.ts";
import { examples } from "../examples.ts";
import { EXIT, EXIT_CODES_HELP } from "../exit-codes.ts";
import { parsedRegion, wholeNumberOption } from "../options.ts";
import type { BegunJob, PrerenderState, PrerenderWish } from "../prerender/types.ts";

const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  ["jpg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
  ["avif", "avif"],
]);
/** Settings of the process that renders, and how a server is asked. */
const USED = [
  "data",
  "catalogue",
  "cache",
  "cacheBytes",
  "workers",
  "redisUrl",
  "redisCluster",
  "redisPrefix",
  "stateRedisUrl",
  "tilesS3",
  "tilesS3FromMs",
  "filesUrl",
  "signingKeys",
  "adminToken",
  ...REMOTE_SETTINGS,
] as const;

interface PrerenderFlags {
  readonly formula?: string;
  readonly preset?: string;
  readonly format: string;
  readonly quality?: string;
  readonly lossless?: true;
  readonly levels?: string;
  readonly region?: string;
  readonly tileSize: string;
  readonly pad?: true;
  readonly server?: string;
  readonly detach?: true;
  readonly json?: true;
  readonly config?: string;
  readonly [flag: string]: unknown;
}

export function prerenderCommand(): Command {
  const command = new Command("prerender")
    .description("Render tiles into the cache ahead of use: here, into the cache of the data folder, or on a server.")
    .argument("<IMAGE>", "key of the image, such as demo")
    .option("--formula <TEXT>", "what to compute (default: the image's own picture)")
    .option("--preset <NAME>", "a formula with a name, such as NDVI")
    .option("--levels <LIST>", "0 is full resolution, commas between (default: all)")
    .option("--region <X,Y,WIDTH,HEIGHT>", "only tiles that show some of it (default: the whole image)")
    .addOption(new Option("--format <FORMAT>", "of the tiles").choices([...FORMATS.keys()]).default("jpg"))
    .option("--quality <1-100>", `of jpg, webp and avif (default: ${DEFAULT_QUALITY})`)
    .option("--lossless", "webp and avif without loss")
    .option("--tile-size <PIXELS>", "64, 128, 256, 512 or 1024", String(DEFAULT_TILE_SIZE))
    .option("--pad", "edge tiles filled up to full size, as urlTemplate and TileJSON ask for them")
    .option("--server <URL>", "render on this server, such as http://127.0.0.1:8080, and show how far it is")
    .option("--detach", "with --server: begin, and do not wait")
    .option("--json", "print the job as JSON");
  return addSettingFlags(command, USED)
    .addHelpText(
      "after",
      examples(
        "bandloom prerender demo --preset three-realms --pad",
        "bandloom prerender demo --formula 'red + 2*(uv1 - green)' --levels 1,2,3",
        "bandloom prerender demo --server http://127.0.0.1:8080 --detach",
      ),
    )
    .addHelpText("after", "\nCtrl-C cancels the job. Started again it goes on where it was.\n")
    .addHelpText("after", EXIT_CODES_HELP)
    .action(run);
}

async function run(imageKey: string, flags: PrerenderFlags): Promise<void> {
  const wish = wishOf(imageKey, flags);
  if (flags.detach && flags.server === undefined)
    throw new BandloomError("BAD_REQUEST", "--detach is for a job on a server: name it with --server.");
  const { readSettings } = await import("../config/read.ts");
  const names: readonly string[] = USED;
  const settings: Settings = readSettings({
    flags: Object.fromEntries(Object.entries(flags).filter(([name]) => names.includes(name))),
    ...(flags.config === undefined ? {} : { config: flags.config }),
    environment: process.env,
    folder: process.cwd(),
  });
  const { interruptible } = await import("../interruptible.ts");
  // Around all of it: what was opened is closed before the program ends of a signal.
  await interruptible((signal) => begin(settings, wish, flags, signal));
}

async function begin(settings: Settings, wish: PrerenderWish, flags: PrerenderFlags, signal: AbortSignal) {
  if (flags.server === undefined) {
    const { withLocalJob } = await import("../prerender/local.ts");
    return withLocalJob(settings, wish, !flags.json, (job) => follow(job, flags, signal));
  }
  const { beginRemoteJob } = await import("../prerender/remote.ts");
  const job = await beginRemoteJob({ url: flags.server, token: settings.adminToken }, wish);
  if (!flags.detach) return follow(job, flags, signal);
  process.stdout.write(flags.json ? `${JSON.stringify({ id: job.id }, null, 2)}\n` : `begun: job ${job.id}\n`);
}

/** Shows how far the job is until it ends; the signal cancels it. */
async function follow(job: BegunJob, { json }: PrerenderFlags, signal: AbortSignal): Promise<void> {
  const [{ withProgress }, { formatJson }] = await Promise.all([
    import("../output/progress.ts"),
    import("../output/format.ts"),
  ]);
  const begin = performance.now();
  const end = await withProgress("Rendering", async (onProgress) => {
    let last: PrerenderState | null = null;
    try {
      for await (const state of job.watch(signal)) {
        last = state;
        const rate = state.rate === null ? undefined : `${Math.round(state.rate)} tiles/s`;
        onProgress(state.completed + state.failed, state.total, rate);
      }
    } finally {
      // However the watch ends then: the job is cancelled before this process ends.
      if (signal.aborted) await job.cancel();
    }
    signal.throwIfAborted();
    return last;
  });
  if (end === null) throw new BandloomError("NOT_FOUND", "The job is gone: the server has forgotten it.");
  const seconds = (performance.now() - begin) / 1000;
  const failed = end.failed > 0 ? `, ${end.failed} failed (${end.error})` : "";
  const text = `${end.completed} of ${end.total} tiles are in the cache after ${seconds.toFixed(1)} s${failed}\n`;
  if (json) process.stdout.write(formatJson({ ...end, seconds }));
  else if (end.state === "COMPLETED") process.stdout.write(text);
  else
    process.stderr.write(`bandloom: the job was ${end.state.toLowerCase()}: ${end.error ?? "somebody stopped it"}\n`);
  if (end.state !== "COMPLETED") process.exitCode = EXIT.failure;
}

function wishOf(imageKey: string, flags: PrerenderFlags): PrerenderWish {
  if (flags.formula !== undefined && flags.preset !== undefined)
    throw new BandloomError("BAD_REQUEST", "--formula and --preset exclude each other: give one of them.");
  const levels = flags.levels
    ?.split(",")
    .map((text) => wholeNumberOption("--levels", text.trim(), { from: 0, to: 30 }));
  return {
    imageKey,
    formula: flags.formula ?? null,
    preset: flags.preset ?? null,
    levels: levels ?? null,
    region: flags.region === undefined ? null : parsedRegion(flags.region),
    tileSize: wholeNumberOption("--tile-size", flags.tileSize, { from: 64, to: 1024 }),
    encoding: {
      format: FORMATS.get(flags.format) ?? "jpeg",
      quality: wholeNumberOption("--quality", flags.quality ?? String(DEFAULT_QUALITY), { from: 1, to: 100 }),
      lossless: flags.lossless ?? false,
    },
    pad: flags.pad ?? false,
  };
}
