import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { bandloom } from "../cli/program.ts";
import { selfSigned } from "../fixtures/certificate.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { freePort } from "../fixtures/server.ts";
import { EVICTING, PATIENT } from "./own-redis.ts";
import { ANYTHING, keyOf, logBook, tileOf, until } from "./support.ts";

/** The rule of docs/cache.md, word for word but for the password. */
const RULE = [
  ...["on", ">secret", "~pictures:*", "&pictures:*", "-@all"],
  ..."+get +set +mget +eval +del +publish +subscribe +ping +info +scan +strlen +pttl +unlink +dbsize".split(" "),
];

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(args: readonly string[] = []): Promise<RedisServer> {
  const redis = await startRedis({ args: [...EVICTING, ...args] });
  closing.push(() => redis.stop());
  return redis;
}

async function open(redisUrl: string, log: (line: string) => void, redisPrefix = "pictures:"): Promise<TileCache> {
  const rest = { memoryBytes: 0, folder: null, embeddedBytes: 0 };
  const cache = await createTileCache({ ...rest, ...PATIENT, redisUrl, redisPrefix, log });
  closing.push(() => cache.close());
  return cache;
}

describe("a Redis with accounts", () => {
  it("needs to grant no more than the documented rule: tiles, renders once, queries by hash, and the command line", async () => {
    const redis = await start();
    await redis.admin.call("ACL", "SETUSER", "pictures", ...RULE);
    await redis.admin.call("ACL", "LOG", "RESET");
    const { lines, log } = logBook();
    const url = redis.url.replace("//", "//pictures:secret@");
    const [one, two] = [await open(url, log), await open(url, log)];
    one.set(keyOf("a"), tileOf("a"));
    await one.flush();
    expect((await two.get([keyOf("a")], ANYTHING))[0]?.tier).toBe("redis");
    const claims = await one.flights?.claim([keyOf("b")], ANYTHING);
    expect(claims?.mine.size).toBe(1);
    const waiting = two.flights?.wait(keyOf("b"), ANYTHING);
    one.set(keyOf("b"), tileOf("b"));
    expect(await waiting).not.toBeNull();
    const text = "{ __typename }";
    const hash = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";
    one.texts.set(hash, text);
    await expect.poll(() => two.texts.get(hash)).toBe(text);
    const environment = { REDIS_URL: url, BANDLOOM_REDIS_PREFIX: "pictures:" };
    for (const command of ["stats", "verify"])
      expect((await bandloom(["cache", command, "--json"], { environment })).code).toBe(0);
    expect(await redis.admin.call("ACL", "LOG")).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("that refuses the keys is a miss", async () => {
    const redis = await start();
    await redis.admin.call("ACL", "SETUSER", "pictures", ...RULE);
    const { lines, log } = logBook();
    const cache = await open(redis.url.replace("//", "//pictures:secret@"), log, "others:");
    const told = async () => {
      expect(await cache.get([keyOf("a")], ANYTHING)).toEqual([null]);
      return lines.join();
    };
    await expect.poll(told).toContain("NOPERM");
  });

  it("that does not know the password is a miss", async () => {
    const redis = await start();
    await redis.admin.config("SET", "requirepass", "other");
    const { lines, log } = logBook();
    const cache = await open(redis.url.replace("//", "//:wrong@"), log);
    expect(await cache.get([keyOf("a")], ANYTHING)).toEqual([null]);
    expect((await cache.flights?.claim([keyOf("a")], ANYTHING))?.mine.size).toBe(1);
    await until(() => lines.length > 0, "the line");
  });
});

describe("a Redis behind TLS", () => {
  it("is used where its certificate is of a trusted authority (NODE_EXTRA_CA_CERTS), and only there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bandloom-tls-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const { key, certificate } = selfSigned(folder);
    const tls = await freePort();
    await start([
      "--tls-port",
      `${tls}`,
      "--tls-cert-file",
      certificate,
      "--tls-key-file",
      key,
      "--tls-auth-clients",
      "no",
    ]);
    const url = `rediss://127.0.0.1:${tls}`;
    const strangers = logBook();
    const stranger = await open(url, strangers.log);
    expect(await stranger.get([keyOf("a")], ANYTHING)).toEqual([null]);
    expect(strangers.lines.join()).toMatch(/certificate/);
    const environment = { REDIS_URL: url, NODE_EXTRA_CA_CERTS: certificate };
    const { code, stdout } = await bandloom(["cache", "stats", "--json"], { environment });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { store: { tier: "redis", entries: 0 } }]);
  });
});
