import { Command } from "commander";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

export function inspectCommand(): Command {
  return new Command("inspect")
    .description(
      "Show what is known of an image file: channels, levels, how it is stored, and what would make it faster.",
    )
    .argument("<FILE>", "TIFF, GeoTIFF, COG or OME-TIFF")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      examples("bandloom inspect data/demo.ome.tif", "bandloom inspect scan.tif --json | jq '.channels[].name'"),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const { withImage } = await import("../image-file.ts");
      const { formatImage } = await import("../output/image.ts");
      const { formatJson } = await import("../output/format.ts");
      const { info, levels, revision } = await withImage(file, (image) => image);
      process.stdout.write(
        json ? formatJson({ file, revision, servedLevels: levels, ...info }) : formatImage(file, info),
      );
    });
}
