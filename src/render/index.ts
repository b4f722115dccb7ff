export { CONTENT_TYPES } from "./content-types.ts";
export { encoderIdentity } from "./encode/identity.ts";
export { createRenderer, type RendererOptions } from "./renderer.ts";
export { type FileStamp, fileRevision, fileStamp, isSourceChanged, sameStamp } from "./revision.ts";
export type {
  ChunkJob,
  Encoding,
  Picture,
  PictureFormat,
  PictureJob,
  PictureTask,
  ProbeJob,
  ProbeResult,
  RawChunk,
  Renderer,
  RendererMetrics,
  SourceRef,
  StatisticsJob,
  StatisticsResult,
} from "./types.ts";
