import { randomBytes } from "node:crypto";
import { BandloomError } from "../core/errors.ts";
import type { StateStore } from "../state/index.ts";
import type { SigningKey, SigningOptions } from "./links.ts";

const TABLE = "signing";
const SECRET_BYTES = 32;

/**
 * Keys that links are signed with where access has rules and no keys were set: made once, and kept with what people save. For one server
 * alone, whose store is its own. Where nothing can be kept, links hold until it ends, and that is told.
 */
export async function ownSigning(
  state: StateStore,
  hours: number,
  log: (line: string) => void,
): Promise<SigningOptions> {
  return { keys: await ownKeys(state, log), hours };
}

async function ownKeys(state: StateStore, log: (line: string) => void): Promise<readonly SigningKey[]> {
  const made = { id: randomBytes(4).toString("hex"), secret: randomBytes(SECRET_BYTES) };
  try {
    const kept = await state.all(TABLE);
    if (kept.length > 0) return kept.map(([id, secret]) => ({ id, secret: Buffer.from(secret, "hex") }));
    await state.put(TABLE, made.id, made.secret.toString("hex"));
  } catch (error) {
    if (!(error instanceof BandloomError)) throw error;
    log(
      "The keys of links cannot be kept: links end with this server. Set BANDLOOM_SIGNING_KEYS, or make the cache folder writable.",
    );
  }
  return [made];
}
