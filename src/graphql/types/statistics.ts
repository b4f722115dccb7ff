import { GraphQLSafeInt } from "graphql-scalars";
import { Arg, Field, Float, Int, ObjectType } from "type-graphql";
import type { StatisticsResult } from "../../render/types.ts";
import { checkPercentages, DEFAULT_PERCENTILES } from "../../service/measure-limits.ts";

@ObjectType({ simpleResolvers: true, description: "Counts of values in bins of equal width." })
export class Histogram {
  @Field(() => Float, { description: "Left edge of the first bin." })
  readonly min!: number;

  @Field(() => Float, { description: "Right edge of the last bin." })
  readonly max!: number;

  @Field(() => [GraphQLSafeInt], { description: "Values in each bin." })
  readonly counts!: readonly number[];
}

@ObjectType({ simpleResolvers: true, description: "What the values of a rectangle are like." })
export class Statistics {
  @Field(() => Int, { description: "Level that was read." })
  readonly level: number;

  @Field(() => Boolean, {
    description:
      "Every full-resolution pixel was counted and ordered. False: of a coarser level, or of more than 4 megapixels; then percentiles and histogram are true to one part in 8,192 of a value, the rest is exact for the level.",
  })
  readonly exact: boolean;

  @Field(() => GraphQLSafeInt, { description: "Pixels that were read." })
  readonly count: number;

  @Field(() => GraphQLSafeInt, { description: "Those that have data." })
  readonly validCount: number;

  @Field(() => Float, { nullable: true, description: "Null when no pixel has data." })
  readonly min: number | null;

  @Field(() => Float, { nullable: true, description: "Null when no pixel has data." })
  readonly max: number | null;

  @Field(() => Float, { nullable: true, description: "Null when no pixel has data." })
  readonly mean: number | null;

  @Field(() => Float, { nullable: true, description: "Of the population; null when no pixel has data." })
  readonly standardDeviation: number | null;

  @Field(() => Histogram, { description: "From the smallest to the largest value." })
  readonly histogram: Histogram;

  readonly #percentiles: ReadonlyMap<number, number | null>;

  /** `at`: the percentages that `result.percentiles` answers, in order. */
  constructor(result: StatisticsResult & { level: number; exact: boolean }, at: readonly number[]) {
    this.level = result.level;
    this.exact = result.exact;
    this.count = result.count;
    this.validCount = result.validCount;
    this.min = result.min;
    this.max = result.max;
    this.mean = result.mean;
    this.standardDeviation = result.standardDeviation;
    this.histogram = result.histogram;
    this.#percentiles = new Map(at.map((percentage, index) => [percentage, result.percentiles[index] ?? null]));
  }

  @Field(() => [Float], {
    nullable: "items",
    description:
      "Values below which so many percent of the valid values lie, linearly interpolated; null entries when no pixel has data.",
  })
  percentiles(
    @Arg("at", () => [Float], { defaultValue: DEFAULT_PERCENTILES, description: "In percent, 0…100; at most 32." })
    at: number[],
  ): (number | null)[] {
    return checkPercentages(at).map((percentage) => this.#percentiles.get(percentage) ?? null);
  }
}
