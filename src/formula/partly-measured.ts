import type { Diagnostic } from "./diagnostic.ts";
import { locate } from "./problem.ts";

/** What to know of a text whose windows or other measures are of a part of the pixels, as others cannot be decoded. */
export function partlyMeasured(source: string): Diagnostic {
  const message =
    "Parts of the file are damaged: what the image decides is measured of the parts that can be read, and tiles of the others fail. Restore the file.";
  return locate(source, { code: "MEASURED_IN_PART", severity: "warning", message, from: 0, to: source.length });
}
