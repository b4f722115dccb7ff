import { setMaxListeners } from "node:events";
import type { FastifyReply } from "fastify";
import { own } from "../core/owner.ts";
import { Slots } from "../core/slots.ts";
import { clientOf } from "../service/clients.ts";
import type { Services } from "../service/types/services.ts";
import { Deadline } from "./deadline.ts";
import { InlineBudget } from "./inline-budget.ts";
import { QueryBudget } from "./query-budget.ts";
import { createTileLoader, type TileLoader } from "./tile-loader.ts";

/** As many as one worker lets wait however long they take, and some room for another operation. */
const AT_A_TIME = 4;

/** What the resolvers of one operation share. */
export interface GraphqlContext {
  readonly services: Services;
  /** Aborted when the client goes away before its answer, and when the operation has taken too long. */
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly tiles: TileLoader;
  /** Does work on pixels that lists of tiles are not: a few pieces of an operation at a time, as it is one piece of work to the queue. */
  readonly few: <T>(work: () => Promise<T>) => Promise<T>;
  readonly inline: InlineBudget;
  readonly cost: QueryBudget;
  /** Throws UNAUTHENTICATED or FORBIDDEN where this client may not change what is saved. */
  readonly assertMayChange: () => void;
}

/** `client`: aborted when it goes away. */
export function createContext(services: Services, client: AbortSignal, assertMayChange: () => void): GraphqlContext {
  const { operationMs, inlineBytes, queryCost } = services.limits;
  const deadline = new Deadline(client, operationMs);
  const { signal } = deadline;
  const slots = new Slots(AT_A_TIME);
  return {
    services,
    signal,
    deadline,
    tiles: createTileLoader(services.tiles, signal),
    few: (work) => slots.run(work),
    assertMayChange,
    inline: new InlineBudget(inlineBytes),
    cost: new QueryBudget(queryCost),
  };
}

/** fastify's own request signal fires when a POST body has been read; the response's end tells the truth. */
export function disconnectSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  own(controller.signal, clientOf(reply.request.ip));
  // Each tile of a request listens.
  setMaxListeners(0, controller.signal);
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
