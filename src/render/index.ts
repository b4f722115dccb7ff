export { CONTENT_TYPES } from "./content-types.ts";
export { encoderIdentity } from "./encode/identity.ts";
export { isPicture } from "./is-picture.ts";
export { createRenderer, DEFAULT_QUEUE_MS, type RendererOptions } from "./renderer.ts";
export type {
  ChunkJob,
  Described,
  Encoding,
  PictureFormat,
  PictureJob,
  PictureTask,
  Priority,
  ProbeJob,
  ProbeResult,
  RawChunk,
  RenderedPicture,
  Renderer,
  RendererMetrics,
  SourceRef,
  StatisticsJob,
  StatisticsResult,
} from "./types.ts";
