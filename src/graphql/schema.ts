import "reflect-metadata";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { buildSchemaSync, type PubSub } from "type-graphql";
import { keepDeadlines } from "./deadline.ts";
import { JobMutationResolver } from "./job-mutation.ts";
import { MutationResolver } from "./mutation.ts";
import { QueryResolver } from "./query.ts";
import { SubscriptionResolver } from "./subscription.ts";
import { Channel } from "./types/channel.ts";
import { Image } from "./types/image.ts";
import { Job } from "./types/job.ts";
import { Preset } from "./types/preset.ts";

/** Every subscription of ours has a source of its own; the library insists. */
const NO_TOPICS: PubSub = {
  publish: () => {},
  subscribe: () => ({ async *[Symbol.asyncIterator]() {} }),
};

/** The schema of the API, as schema.graphql has it. */
export function buildBandloomSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [QueryResolver, MutationResolver, JobMutationResolver, SubscriptionResolver],
    orphanedTypes: [Image, Channel, Preset, Job],
    pubSub: NO_TOPICS,
    validate: false,
    skipCheck: true,
  });
  keepDeadlines(schema);
  return schema;
}

/** The text of schema.graphql. */
export function printBandloomSchema(): string {
  return `${printSchema(lexicographicSortSchema(buildBandloomSchema()))}\n`;
}
