import type { OmeChannel } from "../../source/tiff/write-ome-xml.ts";
import type { Component } from "./gas.ts";

/** A filter of the imaginary telescope, from far infrared to ultraviolet. */
export interface Band extends OmeChannel {
  readonly wavelengthNm: number;
  /** What it sees of the gas: emission lines and continua that fall into its passband. */
  readonly gas: Readonly<Partial<Record<Exclude<Component, "extinction">, number>>>;
  /** Optical depth relative to 550 nm; dust that shines is not dimmed. */
  readonly extinction: number;
  /** Exposure for stars. */
  readonly stars: number;
  /** Standard deviation of the point-spread function, pixels of full resolution at 4096: diffraction grows with wavelength. */
  readonly blur: number;
}

/** Unresolved stars. */
const HAZE = 0.022;

/** Hα 656, [S II] 672 and [N II] fall into Red, [O III] 496/501 and Hβ 486 into Cyan and Green, Hγ 434 into Violet, [O II] 373 into UV-1. */
export const BANDS: readonly Band[] = [
  band("FIR-2", 160_000, "#7a0019", { coldDust: 1.5, warmDust: 0.06 }, 0, 0.05, 9),
  band("FIR-1", 70_000, "#a3123a", { coldDust: 0.8, warmDust: 0.75 }, 0.01, 0.08, 6),
  band("MIR-2", 24_000, "#c2255c", { warmDust: 1.5, coldDust: 0.08 }, 0.02, 0.2, 4),
  band("MIR-1", 8_000, "#d9480f", { warmDust: 0.95, hydrogen: 0.15 }, 0.05, 0.45, 2.6),
  band("NIR-2", 2_200, "#e8590c", { warmDust: 0.2, hydrogen: 0.3, haze: HAZE }, 0.12, 0.9, 1.9),
  band("NIR-1", 1_250, "#f76707", { hydrogen: 0.42, sulphur: 0.2, haze: HAZE }, 0.25, 1, 1.6),
  band(
    "Red",
    660,
    "#ff0000",
    { hydrogen: 0.95, sulphur: 0.8, oxygen: 0.03, reflection: 0.12, haze: HAZE },
    0.8,
    1,
    1.35,
  ),
  band(
    "Orange",
    610,
    "#ff7a00",
    { hydrogen: 0.36, sulphur: 0.6, oxygen: 0.1, reflection: 0.2, haze: HAZE },
    0.88,
    1,
    1.3,
  ),
  band(
    "Yellow",
    580,
    "#ffd400",
    { hydrogen: 0.3, oxygen: 0.2, sulphur: 0.42, reflection: 0.26, haze: HAZE },
    0.94,
    1,
    1.27,
  ),
  band(
    "Green",
    530,
    "#00ff00",
    { oxygen: 0.66, hydrogen: 0.19, sulphur: 0.36, reflection: 0.34, haze: HAZE },
    1.04,
    1,
    1.24,
  ),
  band("Cyan", 490, "#00e5ff", { oxygen: 1.15, hydrogen: 0.24, reflection: 0.5, haze: HAZE }, 1.15, 1, 1.2),
  band(
    "Blue",
    450,
    "#0000ff",
    { oxygen: 0.7, hydrogen: 0.27, reflection: 0.85, hot: 0.12, haze: 1.3 * HAZE },
    1.28,
    1,
    1.17,
  ),
  band(
    "Violet",
    410,
    "#8000ff",
    { oxygen: 0.16, hydrogen: 0.24, reflection: 0.85, hot: 0.4, haze: HAZE },
    1.4,
    0.9,
    1.14,
  ),
  band("UV-1", 350, "#a020f0", { oxygen: 0.35, reflection: 0.7, hot: 0.85 }, 1.65, 0.7, 1.1),
  band("UV-2", 200, "#d0bfff", { reflection: 0.45, hot: 1.35 }, 2.6, 0.3, 1.05),
];

function band(
  name: string,
  wavelengthNm: number,
  color: string,
  gas: Band["gas"],
  extinction: number,
  stars: number,
  blur: number,
): Band {
  return { name, wavelengthNm, color, gas, extinction, stars, blur };
}
