/** Planck's constant times the speed of light over Boltzmann's constant, nm·K. */
const HC_OVER_K = 1.4387769e7;
const VISUAL_NM = 550;

/** Blackbody radiance at a wavelength, relative to that at 550 nm (Planck's law). */
export function planckRatio(wavelengthNm: number, kelvin: number): number {
  return planck(wavelengthNm, kelvin) / planck(VISUAL_NM, kelvin);
}

function planck(wavelengthNm: number, kelvin: number): number {
  return wavelengthNm ** -5 / Math.expm1(HC_OVER_K / (wavelengthNm * kelvin));
}
