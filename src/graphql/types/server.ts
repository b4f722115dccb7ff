import { GraphQLSafeInt } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { CacheTierStats } from "../../cache/types.ts";
import type { Limits as ServiceLimits } from "../../service/types/limits.ts";
import type { Services } from "../../service/types/services.ts";
import { ImageFormat } from "../enums.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "../page.ts";

@ObjectType({ simpleResolvers: true, description: "Every limit that a request can run into." })
export class Limits implements ServiceLimits {
  @Field(() => Int, { description: "UTF-16 code units of a formula." })
  readonly formulaLength!: number;

  @Field(() => Int, { description: "Operators, functions, numbers and channels in a formula." })
  readonly formulaNodes!: number;

  @Field(() => Int, { description: "Nested parentheses, operators and calls in a formula." })
  readonly formulaDepth!: number;

  @Field(() => Int, { description: "Different channels in a formula." })
  readonly formulaChannels!: number;

  @Field(() => Int, { description: "Tiles in one list of URLs." })
  readonly tilesAsUrls!: number;

  @Field(() => Int, { description: "Tiles in one list with base64, dataUri or byteLength." })
  readonly tilesInline!: number;

  @Field(() => GraphQLSafeInt, { description: "Characters of base64 in one answer." })
  readonly inlineBytes!: number;

  @Field(() => Int, {
    description:
      "Cost of one operation: a tile as URL is 1, a tile of 256² that is rendered for the answer 20. Answers tell theirs in `extensions.cost`.",
  })
  readonly queryCost!: number;

  @Field(() => Int, {
    description: "A query or mutation that takes longer is ended with DEADLINE_EXCEEDED, milliseconds.",
  })
  readonly operationMs!: number;

  @Field(() => Int, { description: "Nested fields of one operation." })
  readonly queryDepth!: number;

  @Field(() => Int, { description: "Aliases in one operation." })
  readonly queryAliases!: number;

  @Field(() => Int, { description: "Lexical tokens in one document." })
  readonly queryTokens!: number;

  @Field(() => Int, { description: "Longest side of a region or thumbnail, pixels." })
  readonly regionSide!: number;

  @Field(() => [Int], { description: "Sides of tiles that are served, pixels." })
  readonly tileSizes!: readonly number[];

  @Field(() => Int, { description: "Points of one probe." })
  readonly probePoints!: number;

  @Field(() => Int, { description: "Bins of a histogram." })
  readonly histogramBins!: number;

  @Field(() => GraphQLSafeInt, { description: "Bytes of a request's body." })
  readonly requestBytes!: number;

  @Field(() => Int, { description: "Tiles of one job that renders ahead of use." })
  readonly jobTiles!: number;

  @Field(() => Int, { description: "Jobs that wait or run at a time." })
  readonly jobsAtOnce!: number;

  @Field(() => Int, { description: "Connections with streams at a time: event streams and WebSockets." })
  readonly streams!: number;

  @Field(() => Int, { description: "Operations of one WebSocket at a time." })
  readonly streamOperations!: number;

  @Field(() => Int, { description: "A WebSocket on which no operation runs for so long is closed, milliseconds." })
  readonly streamIdleMs!: number;

  @Field(() => Int, { description: "Connections at a time." })
  readonly connections!: number;

  @Field(() => Int, { description: "Connections of one client at a time." })
  readonly clientConnections!: number;

  @Field(() => Int, { description: "Entries of a page when first and last are left out." })
  readonly pageSizeDefault: number = DEFAULT_PAGE;

  @Field(() => Int, { description: "Entries of the largest page." })
  readonly pageSize: number = MAX_PAGE;

  constructor(limits: ServiceLimits) {
    Object.assign(this, limits);
  }
}

@ObjectType({
  simpleResolvers: true,
  description: "One place where rendered tiles are kept; tiers are asked in order.",
})
export class CacheTier {
  @Field(() => String, { description: "memory, embedded, redis or s3." })
  readonly name!: string;

  @Field(() => GraphQLSafeInt, { description: "Tiles that were found, since the server started." })
  readonly hits!: number;

  @Field(() => GraphQLSafeInt, { description: "Tiles that were not." })
  readonly misses!: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: "Tiles in it; null when that is not known." })
  readonly entries!: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: "Their bytes; null when that is not known." })
  readonly bytes!: number | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: "Bytes that it may hold; null when it has no limit of ours.",
  })
  readonly maxBytes!: number | null;

  @Field(() => Boolean, { description: "False: it is left out until it recovers; tiles are rendered all the same." })
  readonly healthy!: boolean;
}

@ObjectType({ simpleResolvers: true, description: "This server." })
export class Server {
  @Field(() => String, { description: "Version of Bandloom." })
  readonly version: string;

  @Field(() => Limits, { description: "What requests can run into." })
  readonly limits: Limits;

  @Field(() => [ImageFormat], { description: "Formats that are served." })
  readonly formats: readonly ImageFormat[] = Object.values(ImageFormat);

  @Field(() => [CacheTier], { description: "Caches, in the order in which they are asked." })
  readonly cache: readonly CacheTierStats[];

  constructor(services: Services) {
    const { version, cache } = services.stats();
    this.version = version;
    this.cache = cache;
    this.limits = new Limits(services.limits);
  }
}
