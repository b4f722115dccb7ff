#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { SETTINGS, type SettingKey } from "./config/settings.ts";
import { EXIT, EXIT_HELP, runCommand } from "./exit.ts";

/** The command line. Commands are loaded when they are called: help must be quick. */

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

const program = new Command("bandloom")
  .description("Serves pictures that are computed from the channels of huge images.")
  .version(version)
  .addHelpText("after", EXIT_HELP)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.usage))
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "bandloom: ")) })
  .showHelpAfterError("(bandloom --help says more)");

const examples = (...lines: readonly string[]) =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n${EXIT_HELP}`;

type Options = Readonly<Record<string, string | boolean | undefined>>;

const text = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
};

const KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** Settings as the command line, the environment and the files give them. This is where the environment is read. */
async function configOf(options: Options) {
  const { loadConfig } = await import("./config/load.ts");
  const flags = Object.fromEntries(
    KEYS.flatMap((key) => (text(options, key) === undefined ? [] : [[key, text(options, key)]])),
  );
  const config = text(options, "config");
  const yamlFile = { path: config ?? "bandloom.yaml", required: config !== undefined };
  return loadConfig({ flags, environment: process.env, envFile: ".env", yamlFile });
}

const serve = program.command("serve").description("serve a folder of images");
for (const key of KEYS) {
  const { name, value, help, environment, default: fallback } = SETTINGS[key];
  const shown = fallback === undefined ? "" : `; default ${fallback}`;
  serve.option(`--${name} <${value}>`, `${help} (${environment}${shown})`);
}
serve
  .option("--config <file>", "YAML file of settings (default: bandloom.yaml where it exists)")
  .addHelpText(
    "after",
    examples(
      "bandloom serve",
      "bandloom serve --data /srv/images --host 0.0.0.0 --port 80",
      "REDIS_URL=redis://cache:6379 bandloom serve --public-url https://tiles.example.org",
    ),
  )
  .action((options: Options) =>
    runCommand(async () => {
      const config = await configOf(options);
      const { superviseServer } = await import("./serve/supervisor.ts");
      return superviseServer(config);
    }, false),
  );

program
  .command("demo")
  .description("write the demo image: a sky in 15 bands from far infrared to ultraviolet")
  .option("--size <pixels>", "pixels a side; from 8193 on the picture is laid out of a few tiles (default: 4096)")
  .option("-o, --output <file>", "file to write (default: demo….ome.tif in the data folder)")
  .option("--json", "print the result as JSON")
  .addHelpText(
    "after",
    examples("bandloom demo", "bandloom demo --size 100000", "bandloom demo --size 1024 -o small.ome.tif"),
  )
  .action((options: Options) =>
    runCommand(async () => {
      const { data } = await configOf({});
      const { demoCommand } = await import("./commands/demo.ts");
      const [size, output] = [text(options, "size"), text(options, "output")];
      return demoCommand({ size, output, data, json: options.json === true });
    }, options.json === true),
  );

program
  .command("inspect")
  .description("tell everything known of an image file, and what would make it faster")
  .argument("<file>")
  .option("--json", "print it as JSON")
  .addHelpText("after", examples("bandloom inspect image.ome.tif", "bandloom inspect image.tif --json"))
  .action((file: string, options: Options) =>
    runCommand(async () => {
      const { inspectCommand } = await import("./commands/inspect.ts");
      return inspectCommand(file, options.json === true);
    }, options.json === true),
  );

program
  .command("render")
  .description("render a picture of an image file")
  .argument("<file>")
  .option("--formula <text>", "what to show (default: red, green and blue, else the first channel)")
  .option("--region <x,y,width,height>", "rectangle of the file's pixels (default: everything)")
  .option("--max-size <pixels>", "longest side of the picture, which is never scaled up (default: 1024)")
  .option("--quality <number>", "1 to 100, for JPEG, WebP and AVIF (default: 80)")
  .option("--lossless", "lossless WebP or AVIF")
  .requiredOption("-o, --output <file>", "picture to write: .jpg, .png, .webp, .avif, or .npy for float32 values")
  .option("--json", "print the result as JSON")
  .addHelpText(
    "after",
    examples(
      "bandloom render demo.ome.tif --formula 'red + 2*(uv1 - green)' -o out.png",
      "bandloom render sentinel.tif --formula 'B04; B03; B02' --region 0,0,512,512 -o out.jpg",
    ),
  )
  .action((file: string, options: Options) =>
    runCommand(async () => {
      const { renderCommand } = await import("./commands/render.ts");
      return renderCommand({
        file,
        formula: text(options, "formula"),
        region: text(options, "region"),
        maxSize: text(options, "maxSize"),
        quality: text(options, "quality"),
        lossless: options.lossless === true,
        output: text(options, "output") ?? "",
        json: options.json === true,
      });
    }, options.json === true),
  );

program
  .command("formula")
  .description("work with formulas")
  .command("check")
  .description("say whether a formula is one, where it is not, and its canonical form")
  .argument("<text>")
  .option("--image <file>", "check it against the channels of this file")
  .option("--channels <names>", "check it against channels of these names, separated by commas")
  .option("--json", "print the result as JSON")
  .addHelpText(
    "after",
    examples(
      "bandloom formula check 'red + 2*(uv1 - green)'",
      "bandloom formula check 'B04; B03; B02' --image sentinel.tif",
      "bandloom formula check 'ndi(nir, red)' --channels nir,red --json",
    ),
  )
  .action((source: string, options: Options) =>
    runCommand(async () => {
      const { formulaCheckCommand } = await import("./commands/formula-check.ts");
      const [image, channels] = [text(options, "image"), text(options, "channels")];
      return formulaCheckCommand({ text: source, image, channels, json: options.json === true });
    }, options.json === true),
  );

await program.parseAsync();
