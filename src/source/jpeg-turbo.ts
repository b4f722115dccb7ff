import { createRequire } from "node:module";

type Turbo = typeof import("@julusian/jpeg-turbo");

/** libjpeg-turbo, where its binary loads on this machine; null: sharp has to do it. */
export const turbo: Turbo | null = load();

function load(): Turbo | null {
  try {
    return createRequire(import.meta.url)("@julusian/jpeg-turbo") as Turbo;
  } catch {
    return null;
  }
}
