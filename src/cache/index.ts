/** Rendered tiles, kept: the key that names a tile, and the tiers that hold it (memory, then Redis or a store on disk). */

export {
  careFor,
  distrustTiles,
  type MemoryReport,
  type StoreCare,
  type StoreReport,
  stateMemory,
  type Verification,
} from "./care/index.ts";
export { committed } from "./commit.ts";
export { isDamage } from "./embedded/damage.ts";
export { StoreKeeper } from "./embedded/keeper.ts";
export { type KeyField, KeyMaker, type KeyScope, type TileKeyFields } from "./key.ts";
export { patientClient } from "./redis-client.ts";
export { DEFAULT_REDIS_PREFIX } from "./redis-keys.ts";
export { createTileCache, type S3TilesOptions, type TileCacheOptions } from "./stack.ts";
export type {
  Accepts,
  CachedTile,
  CacheEntry,
  CacheHit,
  CacheTier,
  CacheTierName,
  CacheTierStats,
  Claims,
  Passage,
  TextCache,
  TileCache,
} from "./types.ts";
