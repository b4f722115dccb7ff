// Writes docs/formula.md from the table of functions, docs/presets.md from the library and docs/settings.md from the table of settings, and renders its pictures of the demo image with the built program.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { functionTable } from "../src/formula/index.ts";
import { formulaPage, hasPicture, pictureName } from "./formula-page.ts";
import { presetsPage } from "./presets-page.ts";
import { settingsPage } from "./settings-page.ts";

const PROGRAM = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const PICTURES = fileURLToPath(new URL("../docs/formula/", import.meta.url));
/** A part of the demo image with dust, gas and stars, shown at a quarter of its size. */
const PART = ["--region", "700,480,768,768", "--max-size", "192", "--quality", "60"];

const folder = mkdtempSync(join(tmpdir(), "bandloom-docs-"));
const demo = join(folder, "demo.ome.tif");
const run = (...command: readonly string[]) => execFileSync(process.execPath, [PROGRAM, ...command], { stdio: "pipe" });
try {
  run("demo", "--size", "2048", "-o", demo);
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  for (const row of functionTable.filter(hasPicture))
    run("render", demo, ...PART, "--formula", row.example, "-o", join(PICTURES, `${pictureName(row)}.webp`));
  writeFileSync(new URL("../docs/formula.md", import.meta.url), formulaPage());
  writeFileSync(new URL("../docs/presets.md", import.meta.url), presetsPage());
  writeFileSync(new URL("../docs/settings.md", import.meta.url), settingsPage());
} finally {
  rmSync(folder, { recursive: true });
}
