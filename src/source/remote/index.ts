/** Blobs behind HTTP and S3, for the whole process. */

export { connectRemote, serveRemote } from "./port.ts";
export { createRemote, type ProcessRemote, type RemoteOptions } from "./reader.ts";
export { connectS3, type S3Options } from "./s3-client.ts";
