import type { FastifyReply, FastifyRequest } from "fastify";
import type { Principal, Scope } from "../access/types.ts";
import { BandloomError } from "../core/errors.ts";
import { EVERYTHING } from "../core/reader.ts";
import { authenticate, leavingSignal, NO_TERMS, ownerOf, viewerOf } from "../service/askers.ts";
import { clientOf, type Trusts } from "../service/clients.ts";
import type { Link, LinkTerms } from "../service/types/links.ts";
import type { Services } from "../service/types/services.ts";
import { type Lifetime, lifetimeOf, PRIVATE, untilAskedAgain, type Versioned } from "./headers.ts";

/** A request that was let in: what it may see, and for whom work is done. */
export interface Entered {
  /** As the one who asks sees them. */
  readonly services: Services;
  /** The same, where links are given: who came by one gets none that holds longer, nor one that cannot be withdrawn with it. */
  linking(): Services;
  /** Aborted when the client goes away before its answer; work under it is done for who asks. */
  readonly signal: AbortSignal;
  /** The link that it came by; null: it came by none. */
  readonly link: Link | null;
  /** Whoever knows the address may have the answer: caches between may give it to others. */
  readonly shared: boolean;
  /** What the address stands for may be remembered for whoever sends it. */
  readonly memorable: boolean;
  /** How long caches may keep an answer of this version, asked for as `v`. */
  lifetime(v: string | undefined, versioned: Versioned): Lifetime;
}

/** Lets requests in: by the signature of a link, which carries the right to what it names, else by who asks. */
export class Entries {
  readonly #services: Services;
  readonly #trusts: Trusts;
  readonly #entered = new WeakMap<FastifyRequest, Entered>();

  constructor(services: Services, trusts: Trusts) {
    this.#services = services;
    this.#trusts = trusts;
  }

  /** Null where it could be let in at once. FORBIDDEN, LINK_EXPIRED, UNAUTHENTICATED, and what else `authenticate` rejects with. */
  enter(request: FastifyRequest, reply: FastifyReply, scope: Scope): Promise<void> | null {
    const { links, access } = this.#services;
    const target = request.raw.url ?? "";
    if (!access.configured || links.isSigned(target)) {
      const link = links.check(target);
      this.#entered.set(request, this.#byLink(request, reply, links.required ? link : null));
      return null;
    }
    return this.#byPrincipal(request, reply, scope);
  }

  /** A request that was let in before. */
  of(request: FastifyRequest): Entered {
    const entered = this.#entered.get(request);
    if (entered) return entered;
    throw new Error("A request is answered that was not let in.");
  }

  #byLink(request: FastifyRequest, reply: FastifyReply, link: Link | null): Entered {
    const expiry = link?.expiry ?? null;
    const all = (terms: LinkTerms) => this.#services.as({ reader: EVERYTHING, terms });
    return {
      services: all(NO_TERMS),
      // Not for each tile: names of pictures are worked out anew then.
      linking: () => all(link ? { grant: link.grant, until: expiry } : NO_TERMS),
      signal: leavingSignal(reply.raw, clientOf(request.ip)),
      ...{ link, shared: true, memorable: true },
      lifetime: (v, versioned) => {
        const lifetime = lifetimeOf(v, versioned, expiry);
        return link?.grant == null ? lifetime : untilAskedAgain(lifetime, expiry);
      },
    };
  }

  async #byPrincipal(request: FastifyRequest, reply: FastifyReply, scope: Scope): Promise<void> {
    const principal = await authenticate(this.#services.access, request, this.#trusts);
    if (!principal.scopes.has(scope)) throw lacks(principal, scope);
    const { anonymous, reader } = principal;
    const services = this.#services.as(viewerOf(principal));
    this.#entered.set(request, {
      services,
      linking: () => services,
      signal: leavingSignal(reply.raw, ownerOf(principal, request.ip)),
      link: null,
      shared: anonymous,
      memorable: anonymous && reader.everything,
      lifetime: (v, versioned) => (anonymous ? lifetimeOf(v, versioned) : PRIVATE),
    });
  }
}

function lacks({ anonymous }: Principal, scope: Scope): BandloomError {
  return anonymous
    ? new BandloomError(
        "UNAUTHENTICATED",
        "This address is for who is known: send Authorization: Bearer … with a key or a token.",
      )
    : new BandloomError("FORBIDDEN", `This key or token lacks the scope “${scope}”.`);
}
