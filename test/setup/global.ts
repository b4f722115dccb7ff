import { ensureBuilt } from "./build.ts";
import { ensurePrograms } from "./programs.ts";

/** Once before all tests: the real binary, and the real programs that the tests drive. */
export default function setup(): void {
  ensurePrograms(["redis-server", "chromium", "nginx", "openssl"]);
  ensureBuilt();
}
