import { execFileSync } from "node:child_process";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BLENDS } from "../../src/formula/functions/blend-modes.ts";
import { checkFormula, completeFormula } from "../../src/formula/index.ts";
import { interpretBytes } from "../../src/formula/interpret.ts";

/** Bytes of opaque colours, among them the edges of the modes' cases. */
const COLOURS = [
  [0, 0, 0],
  [255, 255, 255],
  [128, 128, 128],
  [255, 0, 0],
  [10, 200, 90],
  [64, 65, 250],
  [200, 120, 40],
  [127, 1, 254],
] as const;
/** What canvas calls the modes that it calls otherwise. */
const CANVAS: Readonly<Record<string, string>> = { normal: "source-over", "plus-lighter": "lighter" };
/** Chromium mixes bytes, and rounds more than once. */
const TOLERANCE = 2;

let browser: Browser;
let page: Page;

beforeAll(async () => {
  const executable = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
  browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
  page = await browser.newPage();
});

afterAll(() => browser?.close());

const PAIRS = COLOURS.flatMap((backdrop) => COLOURS.map((source) => ({ backdrop, source })));

/** Every source over every backdrop, as the browser's canvas shows them. */
function inBrowser(mode: string, opacity: number): Promise<readonly (readonly number[])[]> {
  return page.evaluate(
    ({ mode, opacity, pairs }) => {
      const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("There is no canvas.");
      return pairs.map(({ backdrop, source }) => {
        context.globalCompositeOperation = "copy";
        context.fillStyle = `rgb(${backdrop.join(",")})`;
        context.fillRect(0, 0, 1, 1);
        context.globalCompositeOperation = mode as GlobalCompositeOperation;
        context.fillStyle = `rgba(${source.join(",")},${opacity})`;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      });
    },
    { mode: CANVAS[mode] ?? mode, opacity, pairs: PAIRS },
  );
}

function ours(mode: string, opacity: number, pixel: readonly number[]): readonly number[] {
  const channels = ["red", "green", "blue", "d", "e", "f"].map((name) => {
    return { name, dataType: "uint8" as const, nan: false, scale: 1, offset: 0 };
  });
  const scope = { channels, depth: 1, times: 1, plane: { z: 0, t: 0 } };
  const result = checkFormula(`blend(rgb(red, green, blue), rgba(d, e, f, ${opacity}), "${mode}")`, scope);
  const display = result.ok ? completeFormula(result.checked, []).display : null;
  if (!display) throw new Error("The formula shows nothing.");
  return interpretBytes(display, "rgb8", (channel) => pixel[channel] ?? 0);
}

it.each(Object.keys(BLENDS).flatMap((mode) => [1, 0.6].map((opacity) => ({ mode, opacity }))))(
  "the blend mode $mode shows what the browser's own shows, at opacity $opacity",
  async ({ mode, opacity }) => {
    // Canvas's "lighter" adds colours weighed by their alpha, and not blended ones: they agree where all is opaque.
    if (mode === "plus-lighter" && opacity < 1) return;
    const theirs = await inBrowser(mode, opacity);
    PAIRS.forEach(({ backdrop, source }, index) => {
      const mine = ours(mode, opacity, [...backdrop, ...source]);
      const difference = mine.map((one, at) => Math.abs(one - (theirs[index]?.[at] ?? 0)));
      expect(Math.max(...difference), `${source} over ${backdrop}: ${mine} for ${theirs[index]}`).toBeLessThanOrEqual(
        TOLERANCE,
      );
    });
  },
);
