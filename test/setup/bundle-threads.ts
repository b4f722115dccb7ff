import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = new URL("../../", import.meta.url);
const SRC = fileURLToPath(new URL("src", ROOT));
/** Where the bundles are, by the paths that their files have in src. */
export const THREADS = new URL("test/.output/threads/", ROOT);
const ENTRIES = ["render/worker/main", "ingest/worker/ingest"];

/** Once before the tests that start threads: a bundle for each file that is started as one, made anew where a source is newer. */
export default async function bundleThreads(): Promise<void> {
  const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const made = ENTRIES.map((name) => changedAt(fileURLToPath(new URL(`${name}.js`, THREADS))));
  if (Math.min(...made) > Math.max(...sources.map((name) => changedAt(join(SRC, name))))) return;
  await build({
    configFile: false,
    logLevel: "warn",
    ssr: { target: "node" },
    build: {
      ssr: true,
      target: "node20",
      outDir: fileURLToPath(THREADS),
      emptyOutDir: false,
      minify: false,
      sourcemap: "inline",
      rolldownOptions: {
        input: Object.fromEntries(ENTRIES.map((name) => [name, join(SRC, `${name}.ts`)])),
        output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  });
}

/** Milliseconds; 0: it does not exist. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
