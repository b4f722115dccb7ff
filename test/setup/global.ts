import { ensureBuilt } from "./build.ts";
import { ensurePrograms, offerPrograms } from "./programs.ts";

/** Once before all tests: the real binary, and the real programs that the tests drive. */
export default function setup(): void {
  ensurePrograms(["redis-server", "chromium", "nginx", "openssl"]);
  offerPrograms(["strace", "faketime"]);
  ensureBuilt();
}
