/** What is meant where nothing is said, in every way of asking for a picture; URLs leave it out. Pixels. */
export const DEFAULT_TILE_SIZE = 256;

/** Of JPEG, WebP and AVIF, 1…100. Good for pictures that are looked at; smaller numbers show blocks in smooth sky. */
export const DEFAULT_QUALITY = 80;

/** Small, and shown by everything. */
export const DEFAULT_FORMAT = "jpeg";
