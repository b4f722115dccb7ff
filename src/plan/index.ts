export { neighbourhood, rendezvous } from "./affinity.ts";
export { type Component, groupByChunks, joinComponents, type Placed, splitComponent } from "./batch.ts";
export {
  type ChunkGrid,
  planeInput,
  type ServedLevel,
  servedLevel,
  storedInput,
  VIRTUAL_CHUNK,
  type VirtualLevelPlan,
} from "./levels.ts";
export {
  assertRegion,
  assertStoredPixels,
  finerRegion,
  MAX_COUNTED_PIXELS,
  MAX_PICTURE_PIXELS,
  MAX_STATISTICS_PIXELS,
  MAX_STORED_PIXELS,
  storedPixels,
} from "./limits.ts";
export { planRegion, type RegionPlan } from "./picture.ts";
export { type ChunkSpan, chunkSpans, chunksUnder } from "./spans.ts";
export { storedChunks } from "./stored-chunks.ts";
export { STEP_TILES, type TilePlace, type TileWalk, walkTiles } from "./walk.ts";
