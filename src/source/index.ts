/** Sources: image files as descriptions and chunks. */

export { openSource } from "./open.ts";
export { openFile } from "./store/file.ts";
export { openTiff } from "./tiff/open.ts";
export type {
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  PixelSize,
  Store,
  StoredLevel,
} from "./types.ts";
