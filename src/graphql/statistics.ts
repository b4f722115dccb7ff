import { type GraphQLResolveInfo, getArgumentValues } from "graphql";
import { checkBins, checkPercentages, DEFAULT_BINS, DEFAULT_PERCENTILES } from "../service/measure-limits.ts";
import { statisticsWork } from "../service/statistics.ts";
import type { BoundFormula } from "../service/types/formula.ts";
import { existingLevel, regionOf } from "./address.ts";
import type { GraphqlContext } from "./context.ts";
import { measurePrice, PRINTED } from "./guards/price.ts";
import type { RegionInput } from "./inputs.ts";
import { collectFields, selectsBelow, subselections } from "./selections.ts";
import { Statistics } from "./types/statistics.ts";
import { assertValid } from "./valid-formula.ts";

/** Selecting it prints as many numbers as there are bins. */
const COUNTS: ReadonlySet<string> = new Set(["counts"]);

export interface StatisticsArguments {
  readonly level: number | null | undefined;
  readonly region: RegionInput | null | undefined;
  readonly bins: number | undefined;
}

/** One reading of the pixels for all that is selected: the percentages of every `percentiles` field are found beforehand. */
export async function computeStatistics(
  bound: BoundFormula,
  { level, region, bins = DEFAULT_BINS }: StatisticsArguments,
  { services, signal, cost, few }: GraphqlContext,
  info: GraphQLResolveInfo,
): Promise<Statistics> {
  const formula = assertValid(bound);
  const at = wantedPercentages(info);
  const request = {
    formula,
    level: level == null ? null : existingLevel(formula.image, level),
    region: region ? regionOf(formula.image, region) : null,
    bins: checkBins(bins, services.limits),
    percentiles: at,
  };
  const printed = selectsBelow(info.fieldNodes, COUNTS, info) ? PRINTED * request.bins : 0;
  cost.take(measurePrice(statisticsWork(request)) + printed);
  const result = await few(() => services.tiles.statistics(request, signal));
  return new Statistics(result, at);
}

function wantedPercentages(info: GraphQLResolveInfo): readonly number[] {
  const definition = info.schema.getType("Statistics");
  const field = definition && "getFields" in definition ? definition.getFields().percentiles : undefined;
  if (!field || !("args" in field)) return DEFAULT_PERCENTILES;
  const selected = [...collectFields(subselections(info.fieldNodes), info).values()].flat();
  const wanted = selected
    .filter(({ node }) => node.name.value === "percentiles")
    .flatMap(({ node }) => getArgumentValues(field, node, info.variableValues).at as readonly number[]);
  return checkPercentages([...new Set(wanted)]);
}
