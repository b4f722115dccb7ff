import type { planeView } from "../../core/dtype.ts";

/**
 * How components are stored. `plain`: as the library reads them. Of L*a*b*, where the library wants a* and b* from 0 with 128 in the middle, and
 * 16 bits as version 4 of the ICC codes them: `cielab` is TIFF's own, of signed a* and b*; `icclab` that of version 2.
 */
export type SampleCoding = "plain" | "cielab" | "icclab";

type PlaneArray = ReturnType<typeof planeView>;
type Samples = Uint8ClampedArray | Uint16Array;

/** Fills a plane for each component with the stored samples from pixel `start` on. What is no number becomes 0. */
export function fillSamples(
  to: readonly Samples[],
  from: readonly PlaneArray[],
  start: number,
  coding: SampleCoding,
): void {
  for (const [component, samples] of to.entries()) {
    const stored = from[component]?.subarray(start, start + samples.length);
    if (!stored) throw new RangeError("Each component has its plane.");
    if (samples instanceof Uint16Array && !(stored instanceof Uint16Array))
      for (let at = 0; at < samples.length; at++) samples[at] = Math.round(stored[at] ?? 0);
    else samples.set(stored);
    if (coding !== "plain") toIcc(samples, component === 0, coding);
  }
}

/** In place. */
function toIcc(samples: Samples, isLightness: boolean, coding: "cielab" | "icclab"): void {
  if (coding === "cielab" && !isLightness) {
    const sign = samples instanceof Uint16Array ? 0x8000 : 0x80;
    for (let at = 0; at < samples.length; at++) samples[at] = (samples[at] ?? 0) ^ sign;
  }
  // Version 2: 0xff00 is 100, and a whole step of a* and b* is 256. TIFF's own lightness goes to 0xffff as that of version 4.
  if (!(samples instanceof Uint16Array) || (coding === "cielab" && isLightness)) return;
  for (let at = 0; at < samples.length; at++) samples[at] = Math.min(0xffff, ((samples[at] ?? 0) * 257) >> 8);
}
