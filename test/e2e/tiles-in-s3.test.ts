import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { type S3Misbehaviour, type SignedS3, startSignedS3 } from "../fixtures/signed-s3.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const TILE = "/tiles/plate/1/1/0.jpg?f=window(b1,0,255)";
/** Ten times the deadline of a read, and room for a busy machine: longer is a hang. */
const ANSWER_WITHIN_MS = 10_000;
const SECRET_PREFIX = "a-prefix";

const data = mkdtempSync(join(tmpdir(), "bandloom-s3-tiles-"));
const running: RunningServer[] = [];
let s3: SignedS3;

beforeAll(() => {
  const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
  const layout = { width: 512, height: 512, tile: [256, 256], codec: "deflate" } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
});
beforeEach(async () => {
  s3 = await startSignedS3();
});
afterEach(async () => {
  s3.misbehave("reset");
  for (const server of running.splice(0)) {
    expect(server.output()).not.toContain(s3.environment.AWS_SECRET_ACCESS_KEY);
    expect(server.output()).not.toContain(s3.environment.AWS_ACCESS_KEY_ID);
    expect(server.output()).not.toContain(s3.endpoint.slice("http://".length));
    expect(server.output()).not.toContain(SECRET_PREFIX);
    await server.stop();
  }
  await s3.close().catch(() => {});
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** A server that keeps nothing but in the bucket: below a file there is no folder for a store. */
async function start(variables: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await startServer({
    data,
    environment: {
      ...{ BANDLOOM_MEMORY_BYTES: "1", BANDLOOM_WORKERS: "1", BANDLOOM_CACHE: join(data, "plate.tif", "none") },
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
  await expect.poll(() => isHealthy(server), { timeout: ANSWER_WITHIN_MS }).toBe(true);
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

/** One server has rendered the tile and written it. */
async function rendered(): Promise<Buffer> {
  const first = await startHealthy();
  const { status, cache, bytes } = await ask(first);
  expect([status, cache]).toEqual([200, "RENDERED"]);
  await expect.poll(tilesStored, { timeout: ANSWER_WITHIN_MS }).toBe(1);
  return bytes;
}

describe("tiles in S3", { timeout: 120_000 }, () => {
  it("that one server has rendered are given away by another, the same to the byte", async () => {
    const bytes = await rendered();
    const second = await startHealthy();
    // On a busy machine a read may miss its deadline.
    await expect.poll(() => ask(second), { timeout: ANSWER_WITHIN_MS }).toEqual({ status: 200, cache: "S3", bytes });
    expect(second.output()).not.toMatch(/S3 cache/);
  });

  it.each<S3Misbehaviour>(["hang", "stall", "reset", "slow-down", "deny", "corrupt"])(
    "are rendered where the bucket begins to %s",
    async (how) => {
      const bytes = await rendered();
      const second = await startHealthy();
      s3.misbehave(how);
      for (let n = 0; n < 3; n++) expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
    },
  );

  it("are rendered where there is no server any more", async () => {
    const bytes = await rendered();
    const second = await startHealthy();
    await s3.close();
    expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
  });

  it("are rendered where the secret is wrong, which the log says once for reading and once for writing", async () => {
    const bytes = await rendered();
    const second = await start({ AWS_SECRET_ACCESS_KEY: "wrong" });
    const lines = () =>
      second.output().match(/S3 cache, (reading|writing): off \(SignatureDoesNotMatch, status 403\)/g);
    await expect.poll(() => lines()?.length, { timeout: ANSWER_WITHIN_MS }).toBe(2);
    expect(await ask(second)).toEqual({ status: 200, cache: "RENDERED", bytes });
    for (let n = 0; n < 3; n++) expect((await ask(second)).cache).toBe("RENDERED");
    expect(lines()).toHaveLength(2);
  });
});
