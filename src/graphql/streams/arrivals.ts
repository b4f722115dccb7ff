import { MessageType } from "graphql-ws";

/** What runs for a WebSocket, under the id that its client gave it. */
export interface Operation {
  readonly id: string;
  readonly stop: AbortController;
  /** Resolves when it has ended, however. */
  readonly end: Promise<void>;
}

/** Messages that wait for what has their id: more of them are no client that means well. */
const MAX_HELD = 64;

/**
 * Messages of one WebSocket, passed on as the protocol of graphql-ws can take them. That knows operations by their ids alone: it does not end
 * the work for a query, or a subscription that is only being opened, when its client leaves it; and where the id is used again before
 * that work has ended it would send the answer of the one as that of the other.
 */
export class Arrivals {
  readonly #operations: ReadonlyMap<object, Operation>;
  /** The last message that waits, by id. */
  readonly #turns = new Map<string, Promise<void>>();
  #held = 0;

  constructor(operations: ReadonlyMap<object, Operation>) {
    this.#operations = operations;
  }

  /** Calls `take` when it is the message's turn, which is nearly always at once. False: too many messages wait. */
  add(text: string, take: () => void): boolean {
    const message = headOf(text);
    if (message === null) {
      take();
      return true;
    }
    const { id } = message;
    const before = this.#turns.get(id);
    if (before === undefined && (message.type !== MessageType.Subscribe || this.#left(id).length === 0)) {
      this.#pass(message, take);
      return true;
    }
    if (this.#held >= MAX_HELD) return false;
    this.#held++;
    const turn = this.#afterwards(message, before, take).finally(() => {
      this.#held--;
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
    });
    this.#turns.set(id, turn);
    return true;
  }

  async #afterwards(message: Head, before: Promise<void> | undefined, take: () => void): Promise<void> {
    await before;
    if (message.type === MessageType.Subscribe) {
      await Promise.all(this.#left(message.id).map(({ end }) => end));
      // The protocol forgets the id a little after it has told of the end.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#pass(message, take);
  }

  #pass({ id, type }: Head, take: () => void): void {
    if (type === MessageType.Complete)
      for (const operation of this.#operations.values()) if (operation.id === id) operation.stop.abort();
    take();
  }

  #left(id: string): readonly Operation[] {
    return [...this.#operations.values()].filter((operation) => operation.id === id && operation.stop.signal.aborted);
  }
}

interface Head {
  readonly id: string;
  readonly type: string;
}

/** Null: it is of no operation, or no message, which the protocol finds itself. */
function headOf(text: string): Head | null {
  try {
    const { id, type } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof id === "string" && typeof type === "string" ? { id, type } : null;
  } catch {
    return null;
  }
}
