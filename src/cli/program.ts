import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { cacheCommand } from "./commands/cache.ts";
import { demoCommand } from "./commands/demo.ts";
import { exportCommand } from "./commands/export.ts";
import { formulaCommand } from "./commands/formula.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { keyCommand } from "./commands/key.ts";
import { prerenderCommand } from "./commands/prerender.ts";
import { renderCommand } from "./commands/render.ts";
import { serveCommand } from "./commands/serve.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { reportFailure } from "./failure.ts";

/** Runs one command line (without node and script). Never rejects; gives the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  // `bandloom inspect … | head`: the reader has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failure);
  });
  try {
    await createProgram().parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help"))
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(error, argv.includes("--json"));
  }
}

function createProgram(): Command {
  const program = new Command("bandloom")
    .description("Pictures computed on demand from the channels of very large images.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .exitOverride()
    // Failures are reported in one place, in one form.
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText("after", `\nEvery command shows its options and examples with --help.\n${EXIT_CODES_HELP}`);
  for (const command of [
    serveCommand(),
    demoCommand(),
    ingestCommand(),
    inspectCommand(),
    renderCommand(),
    exportCommand(),
    prerenderCommand(),
    formulaCommand(),
    cacheCommand(),
    keyCommand(),
  ])
    add(program, command);
  return program;
}

function add(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) child.copyInheritedSettings(parent);
  parent.addCommand(command);
}

/** package.json lies two folders above, in the sources and in what is built of them. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
