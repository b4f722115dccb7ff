import { BandloomError } from "../core/errors.ts";
import type { PurgeTarget, Services } from "../service/index.ts";
import type { PurgeInput } from "./inputs.ts";
import { UserError } from "./types/payloads.ts";

const HASH = /^[0-9a-f]{64}$/;

/** What an input asks to purge, or what is wrong with it. */
export async function purgeTarget(
  services: Services,
  { imageKey, formulaHash, everything }: PurgeInput,
  signal: AbortSignal,
): Promise<PurgeTarget | UserError> {
  const wanted = [imageKey != null, formulaHash != null, everything === true].filter(Boolean).length;
  if (wanted !== 1) return new UserError(["input"], "Name one of imageKey, formulaHash and everything: true.");
  if (everything === true) return { kind: "everything" };
  if (formulaHash != null)
    return HASH.test(formulaHash)
      ? { kind: "formula", hash: formulaHash }
      : new UserError(["input", "formulaHash"], "A hash is 64 hex digits, as Rendering.hash has them.");
  const key = imageKey ?? "";
  if (await exists(services, key, signal)) return { kind: "image", key };
  return new UserError(["input", "imageKey"], "There is no such image. `{ images { nodes { key } } }` lists them.");
}

async function exists({ images }: Services, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    await images.get(key, signal);
    return true;
  } catch (error) {
    // One that cannot be read just now can be purged all the same.
    return error instanceof BandloomError && error.code !== "NOT_FOUND";
  }
}
