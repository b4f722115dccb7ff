import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLSchema } from "graphql";
import type { TextCache } from "../cache/types.ts";
import type { Limits } from "../service/types/limits.ts";
import type { GraphqlContext } from "./context.ts";
import { formatError } from "./errors.ts";
import { guardPlugin } from "./guards/plugin.ts";
import { shapeRule } from "./guards/shape.ts";
import { persistedQueries } from "./persisted-queries.ts";

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  /** Keeps the queries that clients name by their hash. */
  readonly texts: TextCache;
  readonly limits: Limits;
  /** Off: the schema cannot be asked for, and messages do not name what a query misspelt. */
  readonly introspection: boolean;
  /** Told of exceptions that are no BandloomError. */
  readonly onInternalError: (error: unknown) => void;
}

/** Apollo with every limit of ours and nothing that asks the network: no landing page of theirs, no reporting. */
export function createApollo({
  schema,
  texts,
  limits,
  introspection,
  onInternalError,
}: ApolloOptions): ApolloServer<GraphqlContext> {
  return new ApolloServer<GraphqlContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    csrfPrevention: true,
    persistedQueries: persistedQueries(texts),
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.queryTokens },
    validationRules: [shapeRule(limits)],
    formatError: (formatted, error) => formatError(formatted, error, onInternalError),
    plugins: [
      // Halves the cost of a list of tiles; the API has no @cacheControl hints.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      // Otherwise switched on by APOLLO_* in the environment, which only the command line may read.
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      guardPlugin(),
    ],
  });
}
