import type { S3Client } from "@aws-sdk/client-s3";

/** What servers other than Amazon's expect. */
const DEFAULT_REGION = "us-east-1";
/** For a connection, milliseconds. */
const CONNECT_MS = 5000;
/** Waiting for a free connection is meant to happen and no reason for a warning; the longest delay that a timer takes. */
const NEVER_MS = 2 ** 31 - 1;

export interface S3Options {
  /** A server other than Amazon's. It is the operator's choice, so its address may be private. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Buckets by path instead of by host name. */
  readonly pathStyle?: boolean;
}

/** A client of the AWS SDK, which finds the credentials where it always does. The SDK is loaded with the first one. */
export async function connectS3(options: S3Options, connections: number): Promise<S3Client> {
  // Which versions of Node the SDK will support next year is no news for who looks at an image.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const { S3Client } = await import("@aws-sdk/client-s3");
  const { endpoint, region = regionOfEnvironment(endpoint), pathStyle } = options;
  const agent = { keepAlive: true, maxSockets: connections };
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle ?? false,
    followRegionRedirects: true,
    // Tries are counted where they are counted for HTTP.
    maxAttempts: 1,
    // Objects are read in parts, of which no checksum is known; what we write carries its own, and not every server knows Amazon's.
    ...{ responseChecksumValidation: "WHEN_REQUIRED", requestChecksumCalculation: "WHEN_REQUIRED" },
    requestHandler: {
      ...{ httpAgent: agent, httpsAgent: agent },
      ...{ connectionTimeout: CONNECT_MS, socketAcquisitionWarningTimeout: NEVER_MS },
    },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}

/** Without an endpoint of its own the SDK looks for a region in the profile too, and fails where there is none. */
function regionOfEnvironment(endpoint: string | undefined): string | undefined {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  return AWS_REGION ?? AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : DEFAULT_REGION);
}
