import { createRequire } from "node:module";

export type Turbo = typeof import("@julusian/jpeg-turbo");

/** The encoder of libjpeg-turbo, where its binary loads on this machine; null: sharp has to do it. Its decoder is not exact. */
export const turbo: Turbo | null = load();

function load(): Turbo | null {
  try {
    return createRequire(import.meta.url)("@julusian/jpeg-turbo") as Turbo;
  } catch {
    return null;
  }
}
