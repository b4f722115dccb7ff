import type { S3Client } from "@aws-sdk/client-s3";
import { connectS3, type S3Options } from "../../source/index.ts";

/** Where a bucket is, and how requests to it are signed. */
export interface Door {
  /** What an object's name is put behind; its path has no slash at its end. */
  readonly url: URL;
  readonly region: string;
  /** Knows credentials that expire, and fetches new ones before they do. */
  readonly signer: Awaited<ReturnType<S3Client["config"]["signer"]>>;
}

/** Directory buckets, which want a session of their own for every five minutes. */
const EXPRESS = "--x-s3";

/** Asks nobody but those who give credentials: the SDK knows each way in which people name servers, regions and themselves. */
export async function findDoor(bucket: string, server: S3Options): Promise<Door> {
  if (bucket.endsWith(EXPRESS)) throw new Error("directory buckets are not supported; name one of general purpose");
  // It sends nothing.
  const client = await connectS3(server, 1);
  const url = await endpointOf(client, bucket);
  url.pathname = url.pathname.replace(/\/+$/, "");
  return { url, region: await client.config.region(), signer: await client.config.signer() };
}

/** The SDK tells it for a command alone, so one is begun and ended before it is sent. */
async function endpointOf(client: S3Client, bucket: string): Promise<URL> {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const command = new GetObjectCommand({ Bucket: bucket, Key: "any" });
  return new Promise((resolve, reject) => {
    command.middlewareStack.add(
      (_, context) => async () => {
        if (context.endpointV2) resolve(new URL(context.endpointV2.url));
        return { response: null, output: { $metadata: {} } };
      },
      { step: "build", priority: "high" },
    );
    client.send(command).then(() => reject(new Error("the SDK names no endpoint")), reject);
  });
}
