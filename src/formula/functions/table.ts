import { arithmeticRows } from "./arithmetic.ts";
import { bitRows } from "./bits.ts";
import { blendingRows } from "./blending.ts";
import { colourRows } from "./colour.ts";
import { dataRows } from "./data.ts";
import { displayRows } from "./display.ts";
import { logicRows } from "./logic.ts";
import { measuredRows } from "./measured.ts";
import { neighbourhoodRows } from "./neighbourhood.ts";
import { operatorRows } from "./operators.ts";
import { planeRows } from "./planes.ts";
import { powerRows } from "./power.ts";
import type { FunctionRow } from "./row.ts";
import { scaleRows } from "./scales.ts";
import { terrainRows } from "./terrain.ts";
import { trigonometryRows } from "./trigonometry.ts";

/** The language: every operator and function, each once. */
export const functionTable: readonly FunctionRow[] = [
  ...operatorRows,
  ...arithmeticRows,
  ...bitRows,
  ...powerRows,
  ...trigonometryRows,
  ...logicRows,
  ...dataRows,
  ...planeRows,
  ...neighbourhoodRows,
  ...terrainRows,
  ...displayRows,
  ...measuredRows,
  ...colourRows,
  ...scaleRows,
  ...blendingRows,
];

const byName: ReadonlyMap<string, FunctionRow> = new Map(
  functionTable.flatMap((row) => [row.name, ...(row.aliases ?? [])].map((name) => [name, row] as const)),
);

/** A row by its name, or by another accepted spelling. */
export function findRow(name: string): FunctionRow | undefined {
  return byName.get(name);
}

const isWord = (name: string) => /^\w+$/.test(name);

/** Names that may be called, aliases included: what a misspelt name is compared with. */
export const callableNames: readonly string[] = [...byName.keys()].filter((name) => isWord(name) && name !== "neg");

/** The spelling of a row that is a call: `pow` for `^`; null where there is none. */
export function callName(row: FunctionRow): string | null {
  return [row.name, ...(row.aliases ?? [])].find((name) => callableNames.includes(name)) ?? null;
}
