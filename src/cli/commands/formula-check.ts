import { basename, resolve } from "node:path";
import { checkFormula, completeFormula, type Diagnostic, type FormulaScope } from "../../formula/index.ts";
import { createFileServices } from "../../service/index.ts";
import { BANDS } from "../demo/channels.ts";
import { EXIT } from "../exit.ts";
import { formatDiagnostics } from "../format-diagnostics.ts";

export interface FormulaCheckCommand {
  readonly text: string;
  /** File whose channels the formula reads. */
  readonly image: string | undefined;
  /** Names of channels, separated by commas; bytes. */
  readonly channels: string | undefined;
  readonly json: boolean;
}

interface Outcome {
  readonly valid: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Null for an invalid formula, and for one whose windows only an image's pixels tell. */
  readonly canonical: string | null;
  readonly hash: string | null;
}

/** Says whether a formula is one, and what it comes to. */
export async function formulaCheckCommand(command: FormulaCheckCommand): Promise<number> {
  const { text, image, channels, json } = command;
  const outcome = image === undefined ? checkNames(text, channels) : await checkOnImage(text, image);
  if (json) {
    process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  } else {
    if (image === undefined && channels === undefined)
      process.stderr.write("Checked against the channels of the demo image; --image or --channels name others.\n");
    process.stderr.write(formatDiagnostics(text, outcome.diagnostics));
    if (outcome.canonical !== null) process.stdout.write(`${outcome.canonical}\n${outcome.hash}\n`);
    else if (outcome.valid) process.stdout.write("Valid; its window depends on the pixels: name an --image.\n");
  }
  return outcome.valid ? EXIT.done : EXIT.usage;
}

function checkNames(text: string, channels: string | undefined): Outcome {
  const names = channels?.split(",").map((name) => name.trim()) ?? BANDS.map(({ name }) => name ?? "");
  const scope: FormulaScope = {
    channels: names.map((name) => ({ name, dataType: "uint8", nan: false, scale: 1, offset: 0 })),
    depth: 1,
    times: 1,
    plane: { z: 0, t: 0 },
  };
  const result = checkFormula(text, scope);
  if (!result.ok) return { valid: false, diagnostics: result.diagnostics, canonical: null, hash: null };
  const { diagnostics, autoWindows } = result.checked;
  if (autoWindows.length > 0) return { valid: true, diagnostics, canonical: null, hash: null };
  const { canonical, hash } = completeFormula(result.checked, []);
  return { valid: true, diagnostics, canonical, hash };
}

async function checkOnImage(text: string, file: string): Promise<Outcome> {
  const services = await createFileServices(resolve(file));
  try {
    const bound = await services.formulas.bind(await services.images.get(basename(file)), text);
    const { valid, diagnostics } = bound;
    return {
      ...{ valid, diagnostics },
      canonical: bound.valid ? bound.formula.canonical : null,
      hash: bound.valid ? bound.formula.hash : null,
    };
  } finally {
    await services.close();
  }
}
