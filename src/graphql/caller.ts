import type { Principal } from "../access/types.ts";
import { BandloomError } from "../core/errors.ts";

export interface CallerOptions {
  /** Asked for when something is to be changed; rejects for a credential that is not good. */
  readonly who: () => Promise<Principal>;
  /** What the log calls the client besides its name. */
  readonly client: string;
  readonly log: (line: { readonly who: string; readonly client: string }, message: string) => void;
}

/** Who sends an operation, as far as mutations must know. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * Whether what is saved may be changed, for an image (which is known to be visible) or, null, for all of them. Rejects with UNAUTHENTICATED or
   * FORBIDDEN.
   */
  async assertMayChange(imageKey: string | null): Promise<void> {
    const principal = await this.#options.who();
    if (!principal.scopes.has("admin")) throw refusal(principal);
    if (imageKey === null && !principal.reader.everything)
      throw new BandloomError(
        "FORBIDDEN",
        "This concerns all images, and this key or token may not read them all. Name one of its images.",
      );
  }

  /** Writes down what was changed, and by whom. */
  async changed(what: string): Promise<void> {
    const { who, client, log } = this.#options;
    log({ who: (await who()).name, client }, what);
  }
}

function refusal({ anonymous }: Principal): BandloomError {
  return anonymous
    ? new BandloomError(
        "UNAUTHENTICATED",
        "Mutations need a token: send Authorization: Bearer … with BANDLOOM_ADMIN_TOKEN or, where none is set, with the secret that the server printed when it started.",
      )
    : new BandloomError("FORBIDDEN", "This key or token may not change anything: it lacks the scope “admin”.");
}
