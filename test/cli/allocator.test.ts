import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ALLOCATOR } from "../../src/cli/serve/allocator.ts";
import { needs } from "../fixtures/needs.ts";

const PROGRAM = fileURLToPath(new URL("./tiles-of-threads.mjs", import.meta.url));
/** Of 67 MB of tiles that are replaced: garbage that was not collected yet, and a tenth of them for what does not fit. */
const MOST_BYTES = 10_000_000;
const { header } = process.report.getReport() as unknown as { readonly header: object };
const NEEDS_GLIBC = needs(
  "glibcVersionRuntime" in header,
  "glibc: other C libraries hand out memory in their own ways",
);

it("lets one thread have the memory of what another one made", NEEDS_GLIBC, () => {
  const env = { ...process.env, ...ALLOCATOR };
  const grown = execFileSync(process.execPath, ["--expose-gc", PROGRAM], { env, encoding: "utf8" });
  expect(Number(grown)).toBeLessThan(MOST_BYTES);
});
