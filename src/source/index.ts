/** Sources: image files as descriptions and chunks. */

export {
  type FileStamp,
  fileIdentity,
  fileStamp,
  filesUnchanged,
  type Identity,
  isSourceChanged,
  remoteUnchanged,
  revisionTag,
  sameStamp,
  sourceChanged,
  stampOf,
} from "./identity.ts";
export { isRemote, type Location, localPath, locationKey } from "./location.ts";
export { openSource } from "./open.ts";
export { connectS3, createRemote, type RemoteOptions, type S3Options } from "./remote/index.ts";
export type { Remote } from "./remote/types.ts";
export { isSidecarOf } from "./sidecars/names.ts";
export { ChunkWatch } from "./store/chunk-files.ts";
export { openFile } from "./store/file.ts";
export { openTiff } from "./tiff/open.ts";
export type {
  ChannelClass,
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  Folder,
  Georeference,
  ImageInfo,
  ImageSource,
  PixelSize,
  SourceContext,
  Store,
  StoredColors,
  StoredLevel,
} from "./types.ts";
export { IMAGE_WARNINGS, type ImageWarning, type ImageWarningCode } from "./warnings.ts";
