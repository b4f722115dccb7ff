import type { ApolloServerOptions } from "@apollo/server";
import type { TextCache } from "../cache/types.ts";
import type { GraphqlContext } from "./context.ts";

type PersistedQueries = Exclude<ApolloServerOptions<GraphqlContext>["persistedQueries"], false | undefined>;

/** What Apollo writes before the hash. */
const APOLLO_PREFIX = "apq:";

/** Queries that clients name by their hash, kept with the tiles: where one is gone the client is told so, and sends it again. */
export function persistedQueries(texts: TextCache): PersistedQueries {
  return {
    cache: {
      get: async (key) => (await texts.get(hashOf(key))) ?? undefined,
      set: async (key, query) => texts.set(hashOf(key), query),
      // Apollo never does.
      delete: async () => false,
    },
  };
}

/** Whatever a client sent in the place of a hash. */
function hashOf(key: string): string {
  return key.slice(APOLLO_PREFIX.length);
}
