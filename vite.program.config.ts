import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** A file of ours, as tsc has written it. */
const built = (name: string) => fileURLToPath(new URL(`dist/${name}.js`, import.meta.url));

/** Native, or WebAssembly beside their code; and those that few servers need, which are loaded when they do. */
export const LEFT_OUTSIDE = [
  ...["sharp", "lmdb", "@julusian/jpeg-turbo", "numcodecs", "lerc"],
  ...["bullmq", "@aws-sdk/client-s3"],
];

/**
 * The program in a few files, in place of the 500 that tsc writes for it and a thousand of packages: it is there in half the time. What it
 * starts by name (processes, threads) lies beside it under the same name.
 */
export default defineConfig({
  logLevel: "warn",
  // As Node finds them, and each package once: graphql refuses the objects of a second copy of itself.
  resolve: { mainFields: ["main"] },
  ssr: {
    noExternal: true,
    external: [...LEFT_OUTSIDE],
    resolve: { conditions: ["node"] },
  },
  build: {
    ssr: true,
    target: "node20",
    outDir: fileURLToPath(new URL("dist/cli", import.meta.url)),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: {
        main: built("cli/main"),
        child: built("cli/serve/child"),
        check: built("cache/embedded/check"),
        worker: built("cli/demo/worker"),
        "worker/main": built("render/worker/main"),
        "worker/ingest": built("ingest/worker/ingest"),
      },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    },
  },
});
