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
  assertGranted,
  assertRegion,
  chunksNeed,
  finerRegion,
  isGranted,
  MAX_COUNTED_PIXELS,
  MAX_PICTURE_PIXELS,
  MAX_STATISTICS_PIXELS,
  MEASURED,
  type StoredNeed,
  storedNeed,
  sumOfNeeds,
} from "./limits.ts";
export { planRegion, type RegionPlan } from "./picture.ts";
export { type ChunkSpan, chunkCount, chunkSpans, chunksUnder } from "./spans.ts";
export { storedChunks } from "./stored-chunks.ts";
export { STEP_TILES, type TilePlace, type TileWalk, walkTiles } from "./walk.ts";
