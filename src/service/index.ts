/** The pipeline, joined: images, formulas and tiles behind one object. */

export { createImageServices, createServices, type ServiceEvent, type ServiceOptions } from "./create.ts";
export { type Extent, extentOf, type GeographicBounds, geographicBounds } from "./geography/index.ts";
export { type SoughtImage, seekImage } from "./held-images.ts";
export { LIMITS } from "./limits.ts";
export type { SigningKey } from "./links.ts";
export { notShared, type PurgeTarget, recordPurge } from "./purge.ts";
export { tileJson } from "./tile-json.ts";
export type {
  BoundFormula,
  CacheOutcome,
  FormulaService,
  ImageService,
  InvalidFormula,
  Limits,
  PurgeService,
  RegionRequest,
  ServedImage,
  ServedRegion,
  ServedTile,
  ServiceStats,
  Services,
  TileRequest,
  TileService,
  ValidFormula,
} from "./types.ts";
export { extensionOf, keyPath } from "./urls.ts";
