import { Command } from "commander";
import { BandloomError } from "../../core/errors.ts";
import { examples } from "../examples.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

interface CheckFlags {
  readonly image?: string;
  readonly channels?: string;
  readonly json?: true;
}

export function formulaCommand(): Command {
  return new Command("formula").description("Work with formulas.").addCommand(checkCommand());
}

function checkCommand(): Command {
  return new Command("check")
    .description("Check a formula: what is wrong and where, or its canonical text and its hash.")
    .argument("<TEXT>", "the formula")
    .option("--image <SOURCE>", "check against the channels of this image: a file, folder, address or manifest")
    .option(
      "--channels <NAMES>",
      "check against 8-bit channels of these names, separated by commas (default: those of the demo image)",
    )
    .option("--json", "print the result as JSON, on stdout also when the formula is invalid")
    .addHelpText(
      "after",
      examples(
        "bandloom formula check 'red + 2*(uv1 - green)'",
        "bandloom formula check '(B08 - B04) / (B08 + B04)' --image scene.tif",
        "bandloom formula check 'log(1 + dapi)' --channels dapi,fitc --json",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(check);
}

async function check(text: string, { image, channels, json }: CheckFlags): Promise<void> {
  if (image !== undefined && channels !== undefined)
    throw new BandloomError("BAD_REQUEST", "--image and --channels exclude each other: give one of them.");
  const { checkAgainstImage, checkAgainstNames } = await import("../formula-check.ts");
  const result = image === undefined ? await checkAgainstNames(text, channels) : await checkAgainstImage(text, image);
  const { reportCheck } = await import("../output/check.ts");
  process.exitCode = reportCheck(result, json ?? false);
}
