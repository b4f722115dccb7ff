import type { ApolloServerPlugin } from "@apollo/server";
import { BandloomError } from "../../core/errors.ts";
import type { GraphqlContext } from "../context.ts";
import { capErrors, requestError } from "../errors.ts";
import { admit } from "./admit.ts";

/** Refuses what costs too much before anything is executed, tells what the rest costs, ends its time, and keeps lists of errors short. */
export function guardPlugin(): ApolloServerPlugin<GraphqlContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, request, contextValue }) {
          if (!operation) return;
          if (operation.operation === "subscription") {
            const message = "Subscriptions are served as event streams, by POST to /graphql/stream, and by WebSocket.";
            throw requestError(new BandloomError("BAD_REQUEST", message), 400);
          }
          await admit({ schema, document, operation, variables: request.variables }, contextValue);
        },
        async willSendResponse({ response, contextValue }) {
          contextValue.deadline.end();
          if (response.body.kind !== "single") return;
          const result = response.body.singleResult;
          if (result.errors) result.errors = capErrors(result.errors);
          const cost = contextValue.cost.told();
          if (cost) result.extensions = { ...result.extensions, cost };
        },
      };
    },
  };
}
