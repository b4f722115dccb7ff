/** Channels of converted colors: no names that a formula could mean as stored ones by `red`, `green` and `blue`. */
export const SRGB_NAMES = ["srgb red", "srgb green", "srgb blue"] as const;
