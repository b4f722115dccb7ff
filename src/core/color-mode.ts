/** What is shown of colors that are not sRGB where nobody gives a formula: what their profile makes of them, or the numbers of the file. */
export const COLOR_MODES = ["srgb", "stored"] as const;
export type ColorMode = (typeof COLOR_MODES)[number];
