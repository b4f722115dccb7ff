import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { bandloom } from "../cli/program.ts";
import { type HeldImage, startHeldImage } from "../fixtures/held-image.ts";
import {
  ADMIN,
  begin,
  DONE,
  FORMULA,
  HELD_INPUT,
  INPUT,
  outcomes,
  PATIENT,
  Plates,
  stateOf,
  TOTAL,
  WITHIN,
} from "../fixtures/prerender.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";

const plates = new Plates();

async function redisMisses(server: RunningServer): Promise<number> {
  const { server: about } = await server.query<{ server: { cache: { name: string; misses: number }[] } }>(
    "{ server { cache { name misses } } }",
  );
  return about.cache.find(({ name }) => name === "redis")?.misses ?? 0;
}

/** Before the other tests: a quarter of a minute passes until it is known that a server is gone. */
let left: {
  readonly id: string;
  readonly redis: RedisServer;
  readonly data: string;
  readonly image: HeldImage;
  readonly server: RunningServer;
};
beforeAll(async () => {
  const redis = await startRedis();
  const data = mkdtempSync(join(tmpdir(), "bandloom-prerender-"));
  const image = await startHeldImage(data);
  plates.copyTo(data);
  const environment = {
    ...{ REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url, BANDLOOM_MEMORY_BYTES: "1" },
    ...{ ...PATIENT, ...image.environment },
  };
  const first = await startServer({ data, environment });
  const server = await startServer({ data, environment });
  left = { id: await begin(first, HELD_INPUT), redis, data, image, server };
  // Of the four parts that are held one server takes two at most: so both have some.
  for (const one of [first, server]) await vi.waitUntil(async () => (await redisMisses(one)) > 0, WITHIN);
  await first.kill();
  image.release();
}, 300_000);
afterAll(async () => {
  await left?.server.stop();
  await left?.redis.stop();
  await left?.image.close();
  if (left) rmSync(left.data, { recursive: true, force: true });
});

it("a job goes on by itself when its server was killed, and renders no finished tile again", async () => {
  const server = await plates.serve(plates.folder());
  const id = await begin(server);
  await expect.poll(async () => (await stateOf(server, id))?.completed ?? 0, WITHIN).toBeGreaterThan(64);
  const before = server.pid();
  process.kill(before, "SIGKILL");
  await expect.poll(() => stateOf(server, id), WITHIN).toMatchObject(DONE);
  expect(server.pid()).not.toBe(before);
  const { server: about } = await server.query<{ server: { cache: { name: string; hits: number; misses: number }[] } }>(
    "{ server { cache { name hits misses } } }",
  );
  const embedded = about.cache.find(({ name }) => name === "embedded");
  // Of the steps that were under way some tiles may be there; of those that were finished none is asked for.
  expect(embedded?.hits).toBeLessThanOrEqual(2 * 64);
  expect(embedded?.misses).toBeLessThan(TOTAL);
  expect(await outcomes(server)).toEqual(new Set(["EMBEDDED"]));
}, 300_000);

it("an api refuses a job that nobody would work on, and takes it when it shares a state Redis with one that renders", async () => {
  const data = plates.folder();
  const alone = await plates.serve(data, { BANDLOOM_ROLE: "api" });
  const answer = await fetch(`${alone.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN.BANDLOOM_ADMIN_TOKEN}` },
    body: JSON.stringify({ query: `mutation { prerender(input: ${INPUT}) { job { id } } }` }),
  });
  const advice = expect.stringMatching(/BANDLOOM_STATE_REDIS_URL.*--role all/);
  expect(await answer.json()).toEqual({
    data: null,
    errors: [expect.objectContaining({ message: advice, extensions: { code: "FORBIDDEN" } })],
  });
  expect(await alone.query("{ jobs { nodes { id } } }")).toEqual({ jobs: { nodes: [] } });
  const refused = await bandloom(["prerender", "plate", "--formula", FORMULA, "--server", alone.url], {
    environment: ADMIN,
  });
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([1, "", advice]);
  const redis = await startRedis();
  plates.atEnd(() => redis.stop());
  const shared = { REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url };
  const api = await plates.serve(data, { ...shared, BANDLOOM_ROLE: "api" });
  const id = await begin(api);
  expect(await stateOf(api, id)).toMatchObject({ state: "QUEUED", total: TOTAL });
  await plates.serve(data, { ...shared, BANDLOOM_ROLE: "render" });
  await expect.poll(() => stateOf(api, id), WITHIN).toMatchObject(DONE);
}, 300_000);

it("streams complete when the server is stopped, and do not hold it up", async () => {
  const data = plates.folder();
  const image = await plates.heldImage(data);
  const server = await plates.serve(data, image.environment);
  const id = await begin(server, HELD_INPUT);
  await expect.poll(image.waiting, WITHIN).toBeGreaterThan(0);
  const answer = await fetch(`${server.url}/graphql/stream`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query: `subscription { jobUpdated(id: "${id}") { state } }` }),
  });
  const stopped = server.stop();
  expect(await answer.text()).toContain("event: complete");
  expect(await stopped).toBe(0);
}, 300_000);

it("two servers of one state Redis share a job, and one of them finishes it when the other is killed", async () => {
  const { all } = left.image.tiles;
  const ended = { state: "COMPLETED", completed: all, failed: 0, total: all };
  await expect.poll(() => stateOf(left.server, left.id), WITHIN).toMatchObject(ended);
  await expect.poll(() => outcomes(left.server, "held", 0), WITHIN).toEqual(new Set(["REDIS"]));
}, 300_000);
