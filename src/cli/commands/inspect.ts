import { Command } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import { REMOTE_SETTINGS, type SourceFlags } from "../config/remote.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

interface InspectFlags extends SourceFlags {
  readonly json?: true;
}

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("Show what is known of an image: channels, levels, how it is stored, and what would make it faster.")
    .argument("<SOURCE>", "file, folder, address or channel set manifest; #1 behind it: the second image in it")
    .option("--json", "print it as JSON");
  return addSettingFlags(command, REMOTE_SETTINGS)
    .addHelpText(
      "after",
      examples(
        "bandloom inspect data/demo.ome.tif",
        "bandloom inspect scan.tif --json | jq '.channels[].name'",
        "bandloom inspect 'https://example.org/plate.ome.zarr'",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(inspect);
}

async function inspect(source: string, { json, ...flags }: InspectFlags): Promise<void> {
  const { withImage } = await import("../with-image.ts");
  const { inspection } = await import("../inspection.ts");
  const { formatInspection } = await import("../output/inspection.ts");
  const { formatJson } = await import("../output/format.ts");
  const found = await withImage(source, flags, (image) => inspection(source, image));
  process.stdout.write(json ? formatJson(found) : formatInspection(found));
}
