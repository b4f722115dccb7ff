import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { expect, it } from "vitest";
import { JobRecords } from "../../src/service/jobs/records.ts";
import { createState } from "../../src/state/index.ts";
import { bandloom, cleanEnvironment, PROGRAM } from "../cli/program.ts";
import { ADMIN, DONE, FORMULA, outcomes, PATIENT, Plates, stateOf, WITHIN } from "../fixtures/prerender.ts";
import { startRedis } from "../fixtures/redis.ts";

const plates = new Plates();

it("the command renders into the cache of a data folder, and of a server that runs", async () => {
  const data = plates.folder();
  const args = ["prerender", "plate", "--formula", FORMULA, "--tile-size", "64", "--json"];
  const here = await bandloom([...args, "--data", data, "--workers", "1"]);
  expect([here.code, here.stderr]).toEqual([0, ""]);
  expect(JSON.parse(here.stdout)).toMatchObject(DONE);
  const server = await plates.serve(data);
  expect(await outcomes(server)).toEqual(new Set(["EMBEDDED"]));
  const there = await bandloom([...args, "--server", server.url, "--levels", "1,2"], { environment: ADMIN });
  expect([there.code, there.stderr]).toEqual([0, ""]);
  expect(JSON.parse(there.stdout)).toMatchObject({ state: "COMPLETED", total: 256 + 64 });
  const wrong = await bandloom(["prerender", "plate", "--formula", "redd", "--server", server.url], {
    environment: ADMIN,
  });
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("redd")]);
  const nobody = await bandloom(["prerender", "plate", "--server", "http://127.0.0.1:9"]);
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("No Bandloom answers")]);
}, 300_000);

it("the command finds the tiles' place in a Redis by all settings that a server has", async () => {
  const data = plates.folder();
  const redis = await startRedis();
  plates.atEnd(() => redis.stop());
  const environment = {
    ...{ REDIS_URL: redis.url, BANDLOOM_REDIS_PREFIX: "ours:", BANDLOOM_STATE_REDIS_URL: redis.url },
    ...{ BANDLOOM_WORKERS: "1", ...PATIENT },
  };
  // Another generation, which only the Redis of what is saved knows.
  expect((await bandloom(["cache", "purge", "--image", "plate"], { environment })).code).toBe(0);
  const args = ["prerender", "plate", "--formula", FORMULA, "--tile-size", "64", "--data", data];
  expect((await bandloom(args, { environment })).code).toBe(0);
  expect(await redis.admin.keys("bandloom:*")).toEqual([]);
  const server = await plates.serve(data, { ...environment, BANDLOOM_MEMORY_BYTES: "1" });
  await expect.poll(() => outcomes(server), WITHIN).toEqual(new Set(["REDIS"]));
}, 300_000);

interface Command {
  readonly child: ChildProcess;
  /** Code and signal. */
  readonly ended: Promise<readonly unknown[]>;
}

/** The command, in our hands: it renders the held image. */
function command(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Command {
  const all = [PROGRAM, "prerender", "held", "--formula", FORMULA, "--levels", "0", "--tile-size", "64", ...args];
  const child = spawn(process.execPath, all, { env: cleanEnvironment(environment), stdio: "ignore" });
  plates.atEnd(() => child.kill("SIGKILL"));
  return { child, ended: once(child, "exit") };
}

it("Ctrl-C ends the command in order with 130, and started again it goes on where it was", async () => {
  const data = plates.folder();
  const image = await plates.heldImage(data);
  const args = ["--data", data, "--workers", "1"];
  const { child, ended } = command(args, image.environment);
  const state = createState({ redisUrl: null, folder: join(data, ".bandloom"), log: () => {} });
  plates.atEnd(() => state.close());
  const records = new JobRecords(state);
  const parts = async () => {
    const [record] = await records.all();
    return record ? records.parts(record) : [];
  };
  const completed = async () => (await parts()).reduce((sum, part) => sum + part.completed, 0);
  // The rest is held.
  await expect.poll(completed, WITHIN).toBe(image.tiles.early);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  const [record] = await records.all();
  expect(record?.ended).toMatchObject({ state: "cancelled" });
  // What was under way was put down, not dropped.
  expect((await parts()).every(({ worker }) => worker === null)).toBe(true);
  expect(await completed()).toBe(image.tiles.early);
  image.release();
  const again = command(args, image.environment);
  expect(await again.ended).toEqual([0, null]);
  // Begun anew it would be another run.
  const [last] = await records.all();
  expect([last?.run, last?.ended?.state]).toEqual([record?.run, "completed"]);
  expect(await completed()).toBe(image.tiles.all);
}, 300_000);

it("Ctrl-C of the command cancels the job on its server, and ends with 130", async () => {
  const data = plates.folder();
  const image = await plates.heldImage(data);
  const server = await plates.serve(data, image.environment);
  const { child, ended } = command(["--server", server.url], ADMIN);
  const running = async () => {
    const { jobs } = await server.query<{ jobs: { nodes: { id: string; completed: number }[] } }>(
      "{ jobs { nodes { id completed } } }",
    );
    return jobs.nodes[0] ?? { id: "", completed: 0 };
  };
  await expect.poll(async () => (await running()).completed, WITHIN).toBe(image.tiles.early);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(await stateOf(server, (await running()).id)).toMatchObject({ state: "CANCELLED" });
}, 300_000);

it("the command knows presets and purges of the state Redis, and takes part in its queue", async () => {
  const redis = await startRedis();
  plates.atEnd(() => redis.stop());
  const data = plates.folder();
  const server = await plates.serve(data, { REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url, ...PATIENT });
  const save = `mutation { savePreset(input: { name: "Mine", formula: "${FORMULA}" }) { userErrors { message } } purge(input: { imageKey: "plate" }) { userErrors { message } } }`;
  expect(await server.query(save)).toEqual({ savePreset: { userErrors: [] }, purge: { userErrors: [] } });
  const args = ["prerender", "plate", "--preset", "Mine", "--tile-size", "64", "--levels", "1", "--json"];
  const shared = ["--redis-url", redis.url, "--state-redis-url", redis.url];
  const ended = await bandloom([...args, "--data", data, "--workers", "1", ...shared], { environment: PATIENT });
  // On stderr it may say that this Redis forgets nothing.
  expect(ended.code).toBe(0);
  const { jobs } = await server.query<{ jobs: { nodes: object[] } }>("{ jobs { nodes { state completed } } }");
  expect(jobs.nodes).toEqual([{ state: "COMPLETED", completed: 256 }]);
  expect(await outcomes(server)).not.toContain("RENDERED");
}, 300_000);

/** Another address of a server, where what it answers is heard. */
async function overheard(port: number) {
  let answers = "";
  const door = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    server.on("data", (chunk) => {
      answers += chunk.toString("latin1");
    });
    // However one of them ends, so does the other.
    pipeline(client, server, client, () => {});
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  plates.atEnd(() => door.close());
  return { url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`, answers: () => answers };
}

it("the command says that its job goes on when the server is stopped in order", async () => {
  const data = plates.folder();
  const image = await plates.heldImage(data);
  const server = await plates.serve(data, image.environment);
  const between = await overheard(server.port);
  const args = ["prerender", "held", "--formula", FORMULA, "--levels", "0", "--tile-size", "64"];
  const told = bandloom([...args, "--server", between.url], { environment: ADMIN });
  // It has been told of its job.
  await expect.poll(between.answers, WITHIN).toContain("event: next");
  expect(await server.stop()).toBe(0);
  const { code, stderr } = await told;
  expect([code, stderr]).toEqual([1, expect.stringContaining("The job goes on when it is back.")]);
}, 300_000);
