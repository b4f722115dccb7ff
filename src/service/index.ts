/** The pipeline, joined: images, formulas and tiles behind one object. */

export { createImageServices, createServices, type ServiceEvent, type ServiceOptions } from "./create.ts";
export { type Extent, extentOf, type GeographicBounds, geographicBounds } from "./geography/index.ts";
export { type SoughtImage, seekImage } from "./held-images.ts";
export { LIMITS } from "./limits.ts";
export type { SigningKey } from "./links.ts";
export { notShared, type PurgeTarget, recordPurge } from "./purge.ts";
export { tileJson } from "./tile-json.ts";
export type { BoundFormula, FormulaService, InvalidFormula, ValidFormula } from "./types/formula.ts";
export type { ImageService, ServedImage } from "./types/image.ts";
export type { Limits } from "./types/limits.ts";
export type { PurgeService, ServiceStats, Services } from "./types/services.ts";
export type { CacheOutcome, RegionRequest, ServedRegion, ServedTile, TileRequest, TileService } from "./types/tile.ts";
export { extensionOf, keyPath } from "./urls.ts";
