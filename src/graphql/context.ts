import { Slots } from "../core/slots.ts";
import type { Services } from "../service/types/services.ts";
import type { Caller } from "./caller.ts";
import { Deadline } from "./deadline.ts";
import { InlineBudget } from "./inline-budget.ts";
import { QueryBudget } from "./query-budget.ts";
import { createTileLoader, type TileLoader } from "./tile-loader.ts";

/** As many as one worker lets wait however long they take, and some room for another operation. */
const AT_A_TIME = 4;

/** What the resolvers of one operation share. */
export interface GraphqlContext {
  /** As the one who asks sees them. */
  readonly services: Services;
  /** Aborted when the client goes away before its answer, and when the operation has taken too long. */
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly tiles: TileLoader;
  /** Does work on pixels that lists of tiles are not: a few pieces of an operation at a time, as it is one piece of work to the queue. */
  readonly few: <T>(work: () => Promise<T>) => Promise<T>;
  readonly inline: InlineBudget;
  readonly cost: QueryBudget;
  readonly caller: Caller;
}

/** `client`: aborted when it goes away. */
export function createContext(services: Services, client: AbortSignal, caller: Caller): GraphqlContext {
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
    caller,
    inline: new InlineBudget(inlineBytes),
    cost: new QueryBudget(queryCost),
  };
}
