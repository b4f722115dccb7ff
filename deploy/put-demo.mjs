// Makes the demo image and puts it into an S3-compatible store, unless it is there: node deploy/put-demo.mjs s3://bucket/key [flags of `bandloom demo`]
// The store: BANDLOOM_S3_ENDPOINT (buckets by path), and what the AWS SDK reads: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const PROGRAM = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
/** A store that has just started may not have its bucket yet: a minute is more than any needs. */
const TRIES = 30;
const BETWEEN_MS = 2000;

const [address, ...flags] = process.argv.slice(2);
const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address ?? "") ?? [];
if (!Bucket || !Key) throw new Error("Usage: node deploy/put-demo.mjs s3://bucket/key [--size N]");

const store = new S3Client({
  endpoint: process.env.BANDLOOM_S3_ENDPOINT,
  forcePathStyle: true,
  // Not every store knows Amazon's newer checksums.
  requestChecksumCalculation: "WHEN_REQUIRED",
});

// Written anew it might become another revision, and every tile that is kept of it would be made again.
if (await patiently(isThere)) console.log(`${address} is there already.`);
else {
  const Body = await demo();
  await patiently(() => store.send(new PutObjectCommand({ Bucket, Key, Body })));
  console.log(`${address} is written: ${Body.length} bytes.`);
}
store.destroy();

async function demo() {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-demo-"));
  const file = join(folder, "demo.ome.tif");
  const { status } = spawnSync(process.execPath, [PROGRAM, "demo", "-o", file, ...flags], { stdio: "inherit" });
  if (status !== 0) throw new Error("The demo image could not be made.");
  const bytes = await readFile(file);
  await rm(folder, { recursive: true });
  return bytes;
}

async function isThere() {
  try {
    await store.send(new HeadObjectCommand({ Bucket, Key }));
    return true;
  } catch (error) {
    if (error.$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}

async function patiently(work) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES) throw error;
      await setTimeout(BETWEEN_MS);
    }
  }
}
