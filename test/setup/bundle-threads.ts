import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { LEFT_OUTSIDE } from "../../vite.program.config.ts";

const ROOT = new URL("../../", import.meta.url);
/** Where the bundles are, those of src by the paths that they have in it. */
export const THREADS = new URL("test/.output/threads/", ROOT);
/** What is started as a thread, or as a process. */
const ENTRIES = {
  "render/worker/main": "src/render/worker/main.ts",
  "ingest/worker/ingest": "src/ingest/worker/ingest.ts",
  "cache/embedded/check": "src/cache/embedded/check.ts",
  writer: "test/cache/writer.ts",
  "spoiled-store": "test/cache/spoiled-store.ts",
};

/** What they import that is not in src. */
const BESIDES = ["test/fixtures/damage.ts"];

/** Once before the tests that start them: a bundle for each of those files, made anew where a source is newer. */
export default async function bundleThreads(): Promise<void> {
  const entries = Object.entries(ENTRIES).map(([name, path]) => [name, pathOf(path)] as const);
  const sources = [...sourcesIn("src"), ...BESIDES.map(pathOf), ...entries.map(([, path]) => path)];
  const made = entries.map(([name]) => changedAt(fileURLToPath(new URL(`${name}.js`, THREADS))));
  if (Math.min(...made) > Math.max(...sources.map(changedAt))) return;
  await build({
    configFile: false,
    logLevel: "warn",
    // As the program is bundled (vite.program.config.ts): a thread starts in two thirds of the time.
    resolve: { mainFields: ["main"] },
    ssr: { target: "node", noExternal: true, external: [...LEFT_OUTSIDE], resolve: { conditions: ["node"] } },
    build: {
      ssr: true,
      target: "node20",
      outDir: fileURLToPath(THREADS),
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: Object.fromEntries(entries),
        // The cache looks for check.js beside itself, and it is a part of several.
        output: { entryFileNames: "[name].js", chunkFileNames: "cache/embedded/[name]-[hash].js" },
      },
    },
  });
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, ROOT));
}

function sourcesIn(folder: string): readonly string[] {
  const names = readdirSync(pathOf(folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => join(pathOf(folder), name));
}

/** Milliseconds; 0: it does not exist. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
