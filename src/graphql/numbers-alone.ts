import { type GraphQLResolveInfo, getArgumentValues } from "graphql";
import { collectFields, type SelectedField, selectsBelow, subselections } from "./selections.ts";

/** Fields of Rendering that no window changes. */
const OF_NUMBERS: ReadonlySet<string> = new Set([
  "__typename",
  "id",
  "source",
  "valid",
  "image",
  "type",
  "bounds",
  "statistics",
]);
/** Fields of Rendering that are pictures, or numbers as npy. */
const PICTURES: ReadonlySet<string> = new Set(["tiles", "tile", "region"]);
/** What tells of the picture below a point, and of the formula below a tile. */
const COLOR: ReadonlySet<string> = new Set(["color"]);
const NAMES: ReadonlySet<string> = new Set(["id", "url"]);

/** Whether all that is selected of a rendering are numbers, so that windows that show them need not be measured. */
export function asksNumbersAlone(info: GraphQLResolveInfo): boolean {
  const selected = [...collectFields(subselections(info.fieldNodes), info).values()].flat();
  return selected.length > 0 && selected.every((field) => isOfNumbers(field, info));
}

function isOfNumbers({ node }: SelectedField, info: GraphQLResolveInfo): boolean {
  const name = node.name.value;
  if (OF_NUMBERS.has(name)) return true;
  if (name === "probe") return !selectsBelow([node], COLOR, info);
  return PICTURES.has(name) && isNpy({ node, onType: null }, info) && !selectsBelow([node], NAMES, info);
}

function isNpy({ node }: SelectedField, { schema, variableValues }: GraphQLResolveInfo): boolean {
  const type = schema.getType("Rendering");
  const field = type && "getFields" in type ? type.getFields()[node.name.value] : undefined;
  if (!field || !("args" in field)) return false;
  const { encoding } = getArgumentValues(field, node, variableValues);
  return typeof encoding === "object" && encoding !== null && "format" in encoding && encoding.format === "npy";
}
