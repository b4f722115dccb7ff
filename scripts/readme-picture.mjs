// Renders docs/demo.jpg, the README's picture, with the built program: the demo sky through four formulas.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const FORMULAS = [
  "red; green; blue",
  'screen(tint(fir2, "#ff4a1c"), tint(green, "#2f7f8f"), tint(uv1, "#6a5cff"))',
  'colormap(gamma(window(ndi(fir1, blue), -0.8, 0.8), 1.2), "inferno")',
  'colormap(window(red + 2*(uv1 - green), -60, 220), "viridis")',
];
const SIDE = 480;
const GAP = 6;

const root = fileURLToPath(new URL("../", import.meta.url));
const bandloom = (...args) =>
  execFileSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], { stdio: "inherit" });

const folder = mkdtempSync(join(tmpdir(), "bandloom-readme-"));
try {
  const own = join(root, "data", "demo.ome.tif");
  const image = existsSync(own) ? own : join(folder, "demo.ome.tif");
  if (image !== own) bandloom("demo", "-o", image);
  const panels = FORMULAS.map((formula, index) => {
    const input = join(folder, `${index}.png`);
    bandloom("render", image, "--formula", formula, "--max-size", String(SIDE), "-o", input);
    return { input, left: GAP + index * (SIDE + GAP), top: GAP };
  });
  const size = { width: GAP + FORMULAS.length * (SIDE + GAP), height: SIDE + 2 * GAP };
  await sharp({ create: { ...size, channels: 3, background: "#101018" } })
    .composite(panels)
    .jpeg({ quality: 82 })
    .toFile(join(root, "docs", "demo.jpg"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
