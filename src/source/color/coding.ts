import type { planeView } from "../../core/dtype.ts";

/**
 * How components are stored. `plain`: as the library reads them. Of L*a*b*, where the library wants a* and b* from 0 with 128 in the middle, and
 * 16 bits as version 4 of the ICC codes them: `cielab` is TIFF's own, of signed a* and b*; `icclab` that of version 2.
 */
export type SampleCoding = "plain" | "cielab" | "icclab";

type PlaneArray = ReturnType<typeof planeView>;
type Samples = Uint8ClampedArray | Uint16Array;

/** Fills `to`, pixel by pixel, with the stored samples of planes from pixel `start` on. What is no number becomes 0. */
export function fillSamples(to: Samples, from: readonly PlaneArray[], start: number, coding: SampleCoding): void {
  const [first, second, third, ...more] = from;
  if (to instanceof Uint8ClampedArray && first && second && third && more.length === 0)
    weave(to, first, second, third, start);
  else
    for (const [component, stored] of from.entries()) {
      const isWide = to instanceof Uint16Array;
      let pixel = start;
      for (let at = component; at < to.length; at += from.length) {
        const value = stored[pixel++] ?? 0;
        to[at] = isWide ? Math.round(value) : value;
      }
    }
  if (coding !== "plain") for (const component of from.keys()) toIcc(to, component, from.length, coding);
}

/** Three planes at once: in half the time, and most colors are such. */
function weave(to: Uint8ClampedArray, first: PlaneArray, second: PlaneArray, third: PlaneArray, start: number): void {
  let pixel = start;
  for (let at = 0; at < to.length; at += 3) {
    to[at] = first[pixel] ?? 0;
    to[at + 1] = second[pixel] ?? 0;
    to[at + 2] = third[pixel] ?? 0;
    pixel++;
  }
}

/** One component, in place. */
function toIcc(samples: Samples, component: number, step: number, coding: "cielab" | "icclab"): void {
  const isLightness = component === 0;
  if (coding === "cielab" && !isLightness) {
    const sign = samples instanceof Uint16Array ? 0x8000 : 0x80;
    for (let at = component; at < samples.length; at += step) samples[at] = (samples[at] ?? 0) ^ sign;
  }
  // Version 2: 0xff00 is 100, and a whole step of a* and b* is 256. TIFF's own lightness goes to 0xffff as that of version 4.
  if (!(samples instanceof Uint16Array) || (coding === "cielab" && isLightness)) return;
  for (let at = component; at < samples.length; at += step)
    samples[at] = Math.min(0xffff, ((samples[at] ?? 0) * 257) >> 8);
}
