// Builds when something is missing in dist or older than its source; says nothing otherwise.
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** What `npm run build` writes last: a build that failed on the way leaves it missing or old. */
const LAST_OUTPUT = "dist/cli/main.js";

function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const inputs = [
  "src",
  "tsconfig.json",
  "tsconfig.build.json",
  "vite.config.ts",
  "vite.program.config.ts",
  "package.json",
].map((name) => newest(join(root, name)));
if (Math.max(...inputs) > newest(join(root, LAST_OUTPUT))) {
  process.stderr.write("Building …\n");
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", 2, 2] });
}
