import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkFormula,
  completeFormula,
  type Formula,
  type FormulaScope,
  interpretBytes,
  translate,
} from "../../src/formula/index.ts";
import { displayText, layersText } from "../../src/service/sugar.ts";
import type { Layer } from "../../src/service/types/formula.ts";

const CHANNELS = 12;
const SCOPE: FormulaScope = {
  channels: Array.from({ length: CHANNELS }, (_, index) => ({
    ...{ name: `c${index}`, dataType: "uint16", nan: false, scale: 1, offset: 0 },
  })),
  ...{ depth: 1, times: 1, plane: { z: 0, t: 0 } },
};

function complete(text: string): Formula {
  const result = checkFormula(text, SCOPE);
  if (!result.ok) throw new Error(`${text}: ${result.diagnostics[0]?.message}`);
  const { measured } = result.checked;
  return completeFormula(
    result.checked,
    measured.map((_, index) => [10 * index, 10 * index + 1000]),
  );
}

/** Sugar, as text, as canonical text, read back: one formula. */
function expectRoundTrip(text: string): Formula {
  const formula = complete(text);
  const again = complete(formula.canonical);
  expect({ canonical: again.canonical, hash: again.hash }).toEqual({
    canonical: formula.canonical,
    hash: formula.hash,
  });
  return formula;
}

const decimal = (min: number, max: number) =>
  fc.integer({ min: min * 100, max: max * 100 }).map((hundredths) => hundredths / 100);
const window = fc.tuple(decimal(0, 500), decimal(501, 4000));
const colour = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((parts) => `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`);
const samples = fc.array(fc.nat(4500), { minLength: CHANNELS, maxLength: CHANNELS });

describe("display options", () => {
  it("are text that is read back as itself, and show what their words say", () => {
    const options = fc.record({ window, gamma: decimal(0.2, 4), invert: fc.boolean(), nodataColor: colour });
    fc.assert(
      fc.property(options, samples, (display, values) => {
        const formula = expectRoundTrip(displayText("c3 + 0", display));
        const [low, high] = display.window;
        const shade = Math.min(Math.max(((values[3] ?? 0) - low) / (high - low), 0), 1) ** (1 / display.gamma);
        const shown = formula.display && interpretBytes(formula.display, "rgba8", (channel) => values[channel] ?? 0);
        const expected = 255 * (display.invert ? 1 - shade : shade);
        // Half a shade by rounding; a short window in float32 beside its low end adds a few hundredths.
        expect(Math.abs((shown?.[0] ?? -9) - expected)).toBeLessThanOrEqual(0.55);
      }),
      { numRuns: 300 },
    );
  });
});

const layer = fc.record<Layer>({
  expression: fc.nat(CHANNELS - 1).map((index) => `@${index + 1}`),
  ...{ color: colour, window, visible: fc.boolean() },
  blend: fc.constantFrom("screen", "add", "over", "multiply"),
});
const layers = fc.array(layer, { minLength: 1, maxLength: 40 });

/** Each layer on those below it, in calls of two. */
function nested(list: readonly Layer[]): string {
  const [lowest, ...others] = list.filter(({ visible }) => visible).map((one) => ({ ...one, text: layersText([one]) }));
  if (!lowest) return 'colour("black")';
  return others.reduce(
    (below, { text, blend }) => (blend === "over" ? `over(${text}, ${below})` : `${blend}(${below}, ${text})`),
    lowest.text,
  );
}

describe("layers", () => {
  it("are text that is read back as itself, and the same picture bit for bit as blends of two", () => {
    fc.assert(
      fc.property(layers, samples, (list, values) => {
        const formula = expectRoundTrip(layersText(list));
        const read = (channel: number) => values[channel] ?? 0;
        const pixel = ({ display }: Formula) => display && interpretBytes(display, "rgba8", read);
        expect(pixel(formula)).toEqual(pixel(complete(nested(list))));
      }),
      { numRuns: 200 },
    );
  });

  it("are what OMERO's list of the same channels means", () => {
    fc.assert(
      fc.property(layers, (list) => {
        const added = list.map((one) => ({ ...one, blend: "add" }));
        const words = added.map(({ expression, color, window: ends = [], visible }) => {
          const [low, high] = ends;
          return `${visible ? "" : "-"}${expression.slice(1)}|${low}:${high}$${color.slice(1).toUpperCase()}`;
        });
        fc.pre(added.some(({ visible }) => visible));
        expect(expectRoundTrip(translate("omero", `c=${words.join(",")}`)).hash).toBe(complete(layersText(added)).hash);
      }),
      { numRuns: 200 },
    );
  });
});
