import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type Running, runServer } from "../http/running.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let redis: RedisServer;
let one: Running;
let two: Running;
let alone: Running;
beforeAll(async () => {
  redis = await startRedis();
  [one, two] = [await runServer({}, { redisUrl: redis.url }), await runServer({}, { redisUrl: redis.url })];
  alone = await runServer({});
});
afterAll(async () => {
  for (const server of [one, two, alone]) await server.close();
  await redis.stop();
});

/** What Apollo's clients send: the hash, and the query when the server does not know it. */
async function send(server: Running, hash: unknown, query?: string): Promise<string> {
  const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
  const response = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...(query === undefined ? {} : { query }), extensions }),
  });
  const { data, errors } = (await response.json()) as { data?: object; errors?: { message: string }[] };
  return errors?.[0]?.message ?? JSON.stringify(data);
}

describe("a query that is named by its hash", () => {
  it("is known to every server of a Redis once one of them has seen it", async () => {
    const query = "{ a: __typename }";
    expect(await send(one, sha256(query))).toBe("PersistedQueryNotFound");
    expect(await send(one, sha256(query), query)).toBe('{"a":"Query"}');
    // Nobody waits for what is kept to be written.
    await expect.poll(() => send(two, sha256(query))).toBe('{"a":"Query"}');
    const week = 7 * 86_400;
    const left = await redis.admin.ttl(`bandloom:query:2:${sha256(query)}`);
    expect([left > week - 3_600, left <= week]).toEqual([true, true]);
  });

  it("is kept by a server without a Redis", async () => {
    const query = "{ b: __typename }";
    expect(await send(alone, sha256(query), query)).toBe('{"b":"Query"}');
    expect(await send(alone, sha256(query))).toBe('{"b":"Query"}');
  });

  it("is never answered with another query that lies in its place", async () => {
    const query = "{ c: __typename }";
    const good = "{ good: __typename }";
    await redis.admin.set(`bandloom:query:2:${sha256(good)}`, good);
    expect(await send(one, sha256(good))).toBe('{"good":"Query"}');
    await redis.admin.set(`bandloom:query:2:${sha256(query)}`, "{ evil: __typename }");
    expect(await send(one, sha256(query))).toBe("PersistedQueryNotFound");
    await redis.admin.del(`bandloom:query:2:${sha256(query)}`);
    await redis.admin.lpush(`bandloom:query:2:${sha256(query)}`, "a list");
    expect(await send(one, sha256(query))).toBe("PersistedQueryNotFound");
  });

  it.each<[string, unknown]>([
    ["nothing", ""],
    ["like a property of all objects", "__proto__"],
    ["by a list", ["a"]],
    ["by an object", {}],
    ["by null", null],
    ["by a number", 7],
    ["by what is too long", "x".repeat(10_000)],
  ])("may be named %s: it is not found, and Redis is not asked for it", async (_, hash) => {
    await redis.admin.config("RESETSTAT");
    expect(await send(one, hash)).toMatch(/PersistedQueryNotFound|not a JSON|must provide/i);
    expect(await redis.admin.info("commandstats")).not.toContain("cmdstat_get:");
  });

  it("that is too long to keep is answered all the same", async () => {
    const query = `{ d: __typename } ${"#".repeat(70_000)}`;
    expect(await send(one, sha256(query), query)).toBe('{"d":"Query"}');
    expect(await send(one, sha256(query))).toBe("PersistedQueryNotFound");
  });

  it("costs no error while Redis hangs: the client is told to send it, and this server knows it then", async () => {
    const query = "{ e: __typename }";
    const hasty = await runServer({}, { redisUrl: redis.url, redisTimeoutMs: 50 });
    redis.freeze();
    try {
      expect(await send(hasty, sha256(query))).toBe("PersistedQueryNotFound");
      expect(await send(hasty, sha256(query), query)).toBe('{"e":"Query"}');
      expect(await send(hasty, sha256(query))).toBe('{"e":"Query"}');
    } finally {
      redis.thaw();
      await hasty.close();
    }
  });
});
