/** Conversion into pyramids that are fast to serve. */

export { ingest } from "./ingest.ts";
export { locate } from "./locate.ts";
export {
  CHUNK_SIZES,
  CODECS,
  COMPRESSIONS,
  type IngestOptions,
  type IngestReport,
  type NamedLocation,
  type OutputFormat,
} from "./options.ts";
