/**
 * Who has work done: a client, by the name under which it is told from others. It travels with the signal that ends the work when the
 * client leaves, so that all that is done for a request is known to be done for the same client.
 */
const owners = new WeakMap<AbortSignal, string>();

/** The server itself: jobs, scans, and whatever no client asked for. */
export const NOBODY = "";

/** Work under this signal is done for `owner`. Gives the signal. */
export function own(signal: AbortSignal, owner: string): AbortSignal {
  owners.set(signal, owner);
  return signal;
}

export function ownerOf(signal: AbortSignal | undefined): string {
  return (signal && owners.get(signal)) ?? NOBODY;
}
