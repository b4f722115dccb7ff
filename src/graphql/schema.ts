import "reflect-metadata";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { buildSchemaSync } from "type-graphql";
import { MutationResolver } from "./mutation.ts";
import { QueryResolver } from "./query.ts";
import { Channel } from "./types/channel.ts";
import { Image } from "./types/image.ts";
import { Preset } from "./types/preset.ts";

/** The schema of the API, as schema.graphql has it. */
export function buildBandloomSchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [QueryResolver, MutationResolver],
    orphanedTypes: [Image, Channel, Preset],
    validate: false,
    skipCheck: true,
  });
}

/** The text of schema.graphql. */
export function printBandloomSchema(): string {
  return `${printSchema(lexicographicSortSchema(buildBandloomSchema()))}\n`;
}
