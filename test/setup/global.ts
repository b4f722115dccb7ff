import { ensureBuilt } from "./build.ts";
import { ensurePrograms } from "./programs.ts";

/** Once before the tests that run other programs: those programs, and our own. */
export default function setup(): void {
  ensurePrograms();
  ensureBuilt();
}
