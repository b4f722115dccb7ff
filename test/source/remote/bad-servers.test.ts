import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isSourceChanged } from "../../../src/source/identity.ts";
import { type Misbehaviour, type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { deadlinesAtHand, digest, failure, openAt, pattern, remoteFor, until } from "./support.ts";

const image = pattern(300_000);
const files = new Map([["image.tif", image]]);
let server: RangeServer;

beforeAll(async () => {
  server = await startRangeServer(files);
});
afterAll(() => server.close());
beforeEach(() => server.reset());

const at = (bad: string) => `${server.url}/${bad}/image.tif`;
const SECRETS = /127\.0\.0\.1|localhost|image\.tif|secret|passwd/;

describe("a server that fails", () => {
  it.each<[Misbehaviour, string, number]>([
    ["401", "SOURCE_FAILED", 1],
    ["403", "SOURCE_FAILED", 1],
    ["500", "SOURCE_FAILED", 3],
    ["always-503", "SOURCE_FAILED", 3],
    ["slow-down", "SOURCE_FAILED", 3],
    ["reset", "SOURCE_FAILED", 3],
    ["short", "SOURCE_FAILED", 3],
    ["wrong-range", "SOURCE_FAILED", 1],
    ["more", "SOURCE_FAILED", 1],
    ["gzip", "SOURCE_FAILED", 1],
    ["loop", "SOURCE_FAILED", 6],
    ["to-loopback", "FORBIDDEN", 1],
    ["to-file", "FORBIDDEN", 1],
  ])("with %s is answered %s after %i requests", async (bad, code, requests) => {
    const remote = remoteFor(server.url);
    for (const work of [() => remote.open(at(bad)), () => remote.stat(at(bad))]) {
      const error = await failure(work());
      expect(error.code).toBe(code);
      expect(error.message).not.toMatch(SECRETS);
    }
    expect(server.requests).toHaveLength(2 * requests);
  });

  it.each<Misbehaviour>(["401", "403", "500", "reset", "short", "gzip"])(
    "with %s gives no whole blobs either",
    async (bad) => {
      const error = await failure(remoteFor(server.url).get(at(bad), 1e6));
      expect(error.code).toBe("SOURCE_FAILED");
      expect(error.message).not.toMatch(SECRETS);
    },
  );

  it.each<Misbehaviour>(["404", "access-denied"])("with %s has no such blob", async (bad) => {
    const remote = remoteFor(server.url);
    expect([await remote.open(at(bad)), await remote.stat(at(bad)), await remote.get(at(bad), 9)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(server.requests).toHaveLength(3);
  });

  it("only once is tried again, and what it then says is right", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, at("once-503"));
    expect(digest(await remote.read(stamp, [{ offset: 7, length: 99_999 }]))).toEqual(digest(image.slice(7, 100_006)));
    expect(remote.metrics()).toMatchObject({ requests: 3, retries: 1 });
  });

  it.each<Misbehaviour>(["stall", "trickle"])(
    "with %s is given up in time, and its connection with it",
    async (bad) => {
      const deadlines = deadlinesAtHand();
      const remote = remoteFor(server.url, { timeoutMs: 300 });
      const failures = [failure(remote.open(at(bad))), failure(remote.get(at(bad), 1e6))];
      await until(() => server.requests.length === 2);
      deadlines.pass();
      for (const error of await Promise.all(failures)) {
        expect(error.code).toBe("SOURCE_TIMEOUT");
        expect(error.message).not.toMatch(SECRETS);
      }
      await until(() => server.aborted() === 2);
      // Silence that undici tells would have been tried again.
      expect(remote.metrics()).toMatchObject({ requests: 2, retries: 0 });
      expect(deadlines.asked()).toEqual([300, 300]);
    },
  );

  it("does not keep others from theirs", async () => {
    const deadlines = deadlinesAtHand();
    const remote = remoteFor(server.url, { connectionsPerHost: 4 });
    // Each has a limit of its own: they would share one request else.
    const stalled = [1, 2, 3].map((limit) => failure(remote.get(at("stall"), limit * 1e6)));
    await until(() => server.requests.length === 3);
    expect((await remote.get(`${server.url}/image.tif`, 1e6))?.bytes.length).toBe(image.length);
    expect(server.aborted()).toBe(0);
    deadlines.pass();
    expect((await Promise.all(stalled)).map(({ code }) => code)).toEqual(Array(3).fill("SOURCE_TIMEOUT"));
  });

  it("because nobody listens is told from one that is slow", async () => {
    // A port of those that no server is given by chance.
    const nobody = "http://127.0.0.1:1";
    const remote = remoteFor(nobody);
    expect(await failure(remote.open(`${nobody}/image.tif`))).toMatchObject({ code: "SOURCE_FAILED" });
    expect(remote.metrics().retries).toBe(2);
  });

  it("by a name that nobody knows is told without the name", async () => {
    // Longer than a label of a name may be: the resolver refuses it without asking a server.
    const place = `https://${"a".repeat(64)}.invalid`;
    const error = await failure(remoteFor(place).open(`${place}/image.tif`));
    expect(error.code).toBe("SOURCE_FAILED");
    expect(error.message).not.toContain("invalid");
  });

  it("with a page for people gives its bytes, which no format knows", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, at("html"));
    const [bytes] = await remote.read(stamp, [{ offset: 0, length: 6 }]);
    expect(Buffer.from(bytes ?? []).toString()).toBe("<html>");
  });
});

describe("a server that knows no ranges", () => {
  it.each<Misbehaviour>(["no-range", "no-length"])("is read whole, once, by all who ask (%s)", async (bad) => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, at(bad));
    expect(stamp.size).toBe(image.length);
    expect(await remote.stat(at(bad))).toEqual(stamp);
    server.reset();
    expect(digest(await remote.read(stamp, [{ offset: 99_000, length: 150_000 }]))).toEqual(
      digest(image.slice(99_000, 249_000)),
    );
    expect(server.requests).toEqual([]);
  });

  it("is asked once more where not all could be kept", async () => {
    const remote = remoteFor(server.url, { cacheBytes: 620_000 });
    const stamp = await openAt(remote, at("no-range"));
    // What else is read drives it out.
    files.set("other.tif", pattern(600_000, 1));
    const other = await openAt(remote, `${server.url}/other.tif`);
    await remote.read(other, [{ offset: 0, length: 600_000 }]);
    server.reset();
    const ranges = [0, 80_000, 160_000, 240_000].map((offset) => ({ offset, length: 10 }));
    const found = await Promise.all(ranges.map((range) => remote.read(stamp, [range])));
    expect(digest(found.flat())).toEqual(digest(ranges.map(({ offset }) => image.slice(offset, offset + 10))));
    expect(server.requests).toEqual(["GET /no-range/image.tif"]);
  });

  it.each<Misbehaviour>(["no-range", "no-length"])(
    "is refused where the blob is larger than half the cache (%s)",
    async (bad) => {
      const remote = remoteFor(server.url, { cacheBytes: 500_000 });
      const error = await failure(remote.open(at(bad)));
      expect(error).toMatchObject({ code: "SOURCE_FAILED" });
      expect(error.message).toMatch(/range requests/);
    },
  );

  it("is never read in two versions", async () => {
    const remote = remoteFor(server.url, { cacheBytes: 700_000 });
    const stamp = await openAt(remote, at("no-range"));
    await remote.read(await openAt(remote, `${server.url}/image.tif`), [{ offset: 0, length: image.length }]);
    const rest = pattern(600_000, 3);
    files.set("rest.tif", rest);
    await remote.read(await openAt(remote, `${server.url}/rest.tif`), [{ offset: 0, length: rest.length }]);
    files.set("image.tif", pattern(image.length, 9));
    try {
      expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 5, length: 9 }])))).toBe(true);
    } finally {
      files.set("image.tif", image);
    }
  });
});

describe("a redirect", () => {
  it("is followed to where it is allowed", async () => {
    const remote = remoteFor(server.url);
    for (const url of [at("redirect"), at("redirect/redirect/redirect/redirect/redirect"), at("long-redirect")]) {
      const stamp = await openAt(remote, url);
      expect(digest(await remote.read(stamp, [{ offset: 99, length: 200_000 }]))).toEqual(
        digest(image.slice(99, 200_099)),
      );
    }
  });

  it("is not followed a sixth time", async () => {
    const error = await failure(remoteFor(server.url).open(at(Array(6).fill("redirect").join("/"))));
    expect(error).toMatchObject({ code: "SOURCE_FAILED" });
  });

  it("is not followed out of the folder that is allowed", async () => {
    expect(await failure(remoteFor(`${server.url}/redirect/`).open(at("redirect")))).toMatchObject({
      code: "FORBIDDEN",
    });
  });
});

describe("a name that leads to a private address", () => {
  const name = hostname();

  it("is refused after it was looked up, whatever the list says of the name", async ({ skip }) => {
    const found = await lookup(name).catch(() => null);
    if (!found?.address.startsWith("127.")) skip("a name of this machine that leads to its loopback (/etc/hosts)");
    const { port } = new URL(server.url);
    const place = `http://${name}:${port}`;
    const error = await failure(remoteFor(place).open(`${place}/image.tif`));
    expect(error.code).toBe("FORBIDDEN");
    expect(server.requests).toEqual([]);
    expect((await remoteFor(`private+${place}`).open(`${place}/image.tif`))?.size).toBe(image.length);
  });

  it("may be localhost, where that was named", async () => {
    const place = `http://localhost:${new URL(server.url).port}`;
    expect((await remoteFor(place).open(`${place}/image.tif`))?.size).toBe(image.length);
    expect(await failure(remoteFor("https://a.example").open(`${place}/image.tif`))).toMatchObject({
      code: "FORBIDDEN",
    });
  });
});
