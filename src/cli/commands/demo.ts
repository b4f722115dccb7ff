import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { BandloomError } from "../../core/errors.ts";
import { addSettingFlags } from "../config/flags.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";
import { wholeNumberOption } from "../options.ts";

interface DemoFlags {
  readonly size?: string;
  readonly output?: string;
  readonly config?: string;
  readonly json?: true;
  readonly [flag: string]: unknown;
}

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("Make the demo sky: 15 channels from far infrared to ultraviolet, an OME-TIFF with a pyramid.")
    .option(
      "--size <PIXELS>",
      "width and height, 64 to 262144; beyond 8192 the picture is laid out of few tiles (default: 4096)",
    )
    .option(
      "-o, --output <FILE>",
      "file to write (default: demo.ome.tif, or demo-100k.ome.tif and so on, in the data folder)",
    )
    .option("--json", "print what was made as JSON");
  return addSettingFlags(command, ["data"])
    .addHelpText(
      "after",
      examples("bandloom demo", "bandloom demo --size 100000", "bandloom demo --size 1024 -o /tmp/sky.ome.tif --json"),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(demo);
}

async function demo({ size: text, output, config, json, ...flags }: DemoFlags): Promise<void> {
  const { DEFAULT_DEMO_SIZE, demoFileName, MAX_DEMO_SIZE, MIN_DEMO_SIZE } = await import("../demo/make.ts");
  const range = { from: MIN_DEMO_SIZE, to: MAX_DEMO_SIZE };
  const size = text === undefined ? DEFAULT_DEMO_SIZE : wholeNumberOption("--size", text, range);
  const path = output === undefined ? join(await dataFolder(flags, config), demoFileName(size)) : resolve(output);
  const { makeDemoFile } = await import("../demo/make-file.ts");
  const { interruptible } = await import("../interruptible.ts");
  const { bytes, seconds } = await interruptible((signal) => makeDemoFile({ path, size, signal }));
  if (json) process.stdout.write(`${JSON.stringify({ file: path, width: size, height: size, bytes }, null, 2)}\n`);
  else {
    const { formatBytes } = await import("../output/format.ts");
    process.stdout.write(`${path}: ${size} × ${size} pixels, ${formatBytes(bytes)}, in ${seconds.toFixed(1)} s\n`);
  }
}

async function dataFolder(flags: Readonly<Record<string, unknown>>, config: string | undefined): Promise<string> {
  const { readSettings } = await import("../config/read.ts");
  const environment = process.env;
  const { data } = readSettings({ flags, ...(config ? { config } : {}), environment, folder: process.cwd() });
  await mkdir(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return;
    throw new BandloomError(
      "SOURCE_FAILED",
      `The data folder ${data} cannot be made: is there a folder ${dirname(data)}?`,
    );
  });
  return data;
}
