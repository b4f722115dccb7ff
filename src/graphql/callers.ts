import type { FastifyBaseLogger } from "fastify";
import type { Principal } from "../access/types.ts";
import { BandloomError } from "../core/errors.ts";
import { EVERYTHING, NOTHING } from "../core/reader.ts";
import { authenticate, NO_TERMS, ownerOf, type Sent, viewerOf } from "../service/askers.ts";
import { clientOf, type Trusts } from "../service/clients.ts";
import type { Services } from "../service/types/services.ts";
import { Caller } from "./caller.ts";

/** Somebody who sends operations: what that one sees, and for whom work is done. */
export interface Known {
  readonly services: Services;
  readonly owner: string;
  readonly caller: Caller;
  /** Rejects when the credential is good no more, or the rules are others. */
  readonly check: () => Promise<void>;
}

/** Finds out who sends GraphQL operations, over whatever they come. */
export class Callers {
  readonly #services: Services;
  readonly #trusts: Trusts;
  readonly #log: FastifyBaseLogger;

  constructor(services: Services, trusts: Trusts, log: FastifyBaseLogger) {
    this.#services = services;
    this.#trusts = trusts;
    this.#log = log;
  }

  /** Rejects as `Access.authenticate` does. Without rules nobody is asked who wants to look: whatever is sent is looked at when something is to be changed. */
  async find(sent: Sent): Promise<Known> {
    const { access } = this.#services;
    if (!access.configured) return this.#anybody(sent);
    const rules = access.count;
    const principal = await authenticate(access, sent, this.#trusts);
    return {
      services: this.#services.as(
        viewerOf(principal.scopes.has("read") ? principal : { ...principal, reader: NOTHING }),
      ),
      owner: ownerOf(principal, sent.ip),
      caller: this.#caller(sent, async () => principal),
      check: async () => {
        await authenticate(access, sent, this.#trusts);
        if (access.count !== rules) throw rulesChanged();
      },
    };
  }

  #anybody(sent: Sent): Known {
    return {
      services: this.#services.as({ reader: EVERYTHING, terms: NO_TERMS }),
      owner: clientOf(sent.ip),
      caller: this.#caller(sent, () => authenticate(this.#services.access, sent, this.#trusts)),
      check: async () => {},
    };
  }

  #caller({ ip }: Sent, who: () => Promise<Principal>): Caller {
    return new Caller({
      ...{ who, client: clientOf(ip) },
      log: (line, message) => this.#log.warn(line, message),
    });
  }
}

function rulesChanged(): BandloomError {
  return new BandloomError("UNAUTHENTICATED", "The rules of access have changed. Subscribe again.");
}
