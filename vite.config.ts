import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const OUTPUT = fileURLToPath(new URL("dist/viewer", import.meta.url));

/** Writes `name.br` beside each text asset: the server sends it as it is. */
function precompress(): Plugin {
  const assets = join(OUTPUT, "assets");
  return {
    name: "precompress",
    closeBundle() {
      for (const name of readdirSync(assets).filter((file) => /\.(?:js|css|svg)$/.test(file))) {
        const bytes = readFileSync(join(assets, name));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  root: "src/viewer",
  logLevel: "warn",
  base: "/",
  plugins: [react(), precompress()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    // The editor is one large part by nature.
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      input: { graphiql: "src/viewer/graphiql/index.html" },
      // "use no memo" in GraphiQL's modules speaks to a compiler that has been run already.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
