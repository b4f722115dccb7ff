import { Command } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

interface ServeOptions {
  readonly config?: string;
  readonly [flag: string]: unknown;
}

export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Serve the images of a folder: GraphQL, its page, and tiles. SIGTERM lets running requests finish; a second signal does not wait.",
  );
  return addSettingFlags(command)
    .addHelpText(
      "after",
      examples(
        "bandloom serve",
        "bandloom serve --data /srv/images --host 0.0.0.0 --port 80",
        "REDIS_URL=redis://cache:6379 bandloom serve --memory-bytes 512MiB",
        "bandloom serve --config /etc/bandloom.yaml",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async ({ config, ...flags }: ServeOptions) => {
      const { readSettings } = await import("../config/read.ts");
      const { supervise } = await import("../serve/supervisor.ts");
      const environment = process.env;
      const settings = readSettings({ flags, ...(config ? { config } : {}), environment, folder: process.cwd() });
      process.exitCode = await supervise(settings);
    });
}
