import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { type S3Misbehaviour, type SignedS3, startSignedS3 } from "../fixtures/signed-s3.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const TILE = "/tiles/plate/1/1/0.jpg?f=window(b1,0,255)";
/** Ten times the longest deadline, that of a write: longer is a hang. */
const ANSWER_WITHIN_MS = 50_000;
/** What the log says of a bucket that is well, on a machine that is busy. */
const LATE = /^.*S3 cache, (reading|writing): (off \(no answer in time\)|working again).*$/gm;
const GUARD = { timeout: ANSWER_WITHIN_MS };
const SECRET_PREFIX = "a-prefix";

const data = mkdtempSync(join(tmpdir(), "bandloom-s3-tiles-"));
const running: RunningServer[] = [];
let s3: SignedS3;
/** The bucket of a server that has rendered the tile and written it, and the tile. */
let written: ReadonlyMap<string, Uint8Array>;
let bytes: Buffer;

beforeAll(async () => {
  const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
  const layout = { width: 512, height: 512, tile: [256, 256], codec: "deflate" } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  s3 = await startSignedS3();
  const first = await startHealthy();
  const answer = await ask(first);
  expect([answer.status, answer.cache]).toEqual([200, "RENDERED"]);
  bytes = answer.bytes;
  // A write that came too late is made up for by the next.
  await vi.waitUntil(async () => (await ask(first)).status === 200 && tilesStored() === 1, GUARD);
  written = new Map(s3.objects);
  await endAll();
});
beforeEach(async () => {
  s3 = await startSignedS3({ files: Object.fromEntries(written) });
});
afterEach(endAll);

async function endAll(): Promise<void> {
  // What hangs ends with it: a server waits for what it writes.
  await s3.close().catch(() => {});
  for (const server of running.splice(0)) {
    await server.stop();
    expect(server.output()).not.toContain(s3.environment.AWS_SECRET_ACCESS_KEY);
    expect(server.output()).not.toContain(s3.environment.AWS_ACCESS_KEY_ID);
    expect(server.output()).not.toContain(s3.endpoint.slice("http://".length));
    expect(server.output()).not.toContain(SECRET_PREFIX);
  }
}
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** A server that keeps nothing but in the bucket: below a file there is no folder for a store. */
async function start(variables: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await startServer({
    data,
    environment: {
      ...{ BANDLOOM_MEMORY_BYTES: "1", BANDLOOM_CACHE: join(data, "plate.tif", "none") },
      ...{ BANDLOOM_TILES_S3: `s3://${s3.bucket}/${SECRET_PREFIX}`, BANDLOOM_TILES_S3_FROM_MS: "0" },
      ...{ BANDLOOM_S3_ENDPOINT: s3.endpoint, BANDLOOM_S3_PATH_STYLE: "true", AWS_EC2_METADATA_DISABLED: "true" },
      ...s3.environment,
      ...variables,
    },
  });
  running.push(server);
  return server;
}

async function isHealthy(server: RunningServer): Promise<boolean> {
  const answer = await server.query<{ server: { cache: readonly { name: string; healthy: boolean }[] } }>(
    "{ server { cache { name healthy } } }",
  );
  return answer.server.cache.find(({ name }) => name === "s3")?.healthy === true;
}

async function startHealthy(): Promise<RunningServer> {
  const server = await start();
  await vi.waitUntil(() => isHealthy(server), GUARD);
  return server;
}

async function ask(server: RunningServer) {
  const answer = await fetch(`${server.url}${TILE}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, cache: answer.headers.get("x-bandloom-cache"), bytes };
}

function tilesStored(): number {
  return [...s3.objects.keys()].filter((key) => !key.endsWith("probe")).length;
}

describe("tiles in S3", { timeout: 300_000 }, () => {
  it("that one server has rendered are given away by another, the same to the byte", async () => {
    const second = await startHealthy();
    // On a busy machine a read may miss its deadline.
    await expect.poll(() => ask(second), GUARD).toEqual({ status: 200, cache: "S3", bytes });
    expect(second.output().replaceAll(LATE, "")).not.toMatch(/S3 cache/);
  });

  it.each<S3Misbehaviour>(["hang", "stall", "reset", "slow-down", "deny", "corrupt"])(
    "are rendered where the bucket begins to %s",
    async (how) => {
      const second = await startHealthy();
      s3.misbehave(how);
      for (let n = 0; n < 3; n++) expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
    },
  );

  it("are rendered where there is no server any more", async () => {
    const second = await startHealthy();
    await s3.close();
    expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
  });

  it("are rendered where the secret is wrong, which the log says once for reading and once for writing", async () => {
    const server = async () => {
      const one = await start({ AWS_SECRET_ACCESS_KEY: "wrong" });
      await expect.poll(() => one.output().match(/S3 cache, (reading|writing): off/g), GUARD).toHaveLength(2);
      return one;
    };
    let second = await server();
    // The machine stood still while it was asked: another one hears why.
    while (second.output().includes("no answer in time")) second = await server();
    const lines = () =>
      second.output().match(/S3 cache, (reading|writing): off \(SignatureDoesNotMatch, status 403\)/g);
    expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
    for (let n = 0; n < 3; n++) expect((await ask(second)).cache).toBe("RENDERED");
    expect(lines()).toHaveLength(2);
  });
});
