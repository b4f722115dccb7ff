import { fileURLToPath } from "node:url";
import { THREADS } from "./bundle-threads.ts";

/** In place of src/cache/embedded/check-program.ts while tests run (vitest.config.ts): a bundle checks a store in a fifth of the time. */
export function checkProgram(): string {
  return fileURLToPath(new URL("cache/embedded/check.js", THREADS));
}
