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
  return new Command("formula")
    .description("Work with formulas.")
    .addCommand(checkCommand())
    .addCommand(translateCommand());
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

function translateCommand(): Command {
  return new Command("translate")
    .description("Print a formula for what another server's parameters show; channels are written by number.")
    .argument("<TEXT>", "an expression, a list of channels, a query string or a style, as the other server takes it")
    .requiredOption("--from <DIALECT>", "rio-tiler, gdal, omero, iip or large-image")
    .addHelpText(
      "after",
      examples(
        "bandloom formula translate --from rio-tiler '(b8-b4)/(b8+b4)'",
        "bandloom formula translate --from gdal 'numpy.where(A > 0, (A - B) / (A + B), 0)'",
        "bandloom formula translate --from omero 'c=1|100:600$FF0000,2|0:255$00FF00&m=c'",
      ),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    .action(printTranslation);
}

async function printTranslation(text: string, { from }: { readonly from: string }): Promise<void> {
  const { dialectNames, translate } = await import("../../formula/index.ts");
  const dialect = dialectNames.find((name) => name === from);
  if (!dialect) throw new BandloomError("BAD_REQUEST", `--from is one of ${dialectNames.join(", ")}.`);
  process.stdout.write(`${translate(dialect, text)}\n`);
}
