import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isSourceChanged } from "../../../src/source/identity.ts";
import type { ProcessRemote, RemoteOptions } from "../../../src/source/remote/index.ts";
import { type Misbehaviour, type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { type S3Server, startS3 } from "../../fixtures/s3-server.ts";
import { startSignedS3 } from "../../fixtures/signed-s3.ts";
import { deadlinesAtHand, digest, failure, openAt, pattern, remoteFor, stubAwsEnvironment, until } from "./support.ts";

const image = pattern(300_000);
const SECRETS = /127\.0\.0\.1|localhost|S3RVER|scans|image\.tif|secret|AKIA/;

afterAll(() => {
  vi.unstubAllEnvs();
});

describe("a blob in an S3 bucket", () => {
  let s3: S3Server;
  let remote: ProcessRemote;

  beforeAll(async () => {
    s3 = await startS3();
    await s3.put("image.tif", image);
    await s3.put("empty", new Uint8Array(0));
  });
  afterAll(() => s3.close());
  beforeEach(() => {
    stubAwsEnvironment(s3.environment);
    remote = remoteIn("s3://scans");
  });

  const remoteIn = (place: string, options: Partial<RemoteOptions> = {}) =>
    remoteFor(place, { ...options, s3: { endpoint: s3.endpoint, pathStyle: true, ...options.s3 } });

  it("is opened with one request and read with one for ranges that are near", async () => {
    const stamp = await openAt(remote, "s3://scans/image.tif");
    expect(stamp).toMatchObject({ size: image.length, validator: expect.stringMatching(/^"[0-9a-f]{32}"$/) });
    const ranges = [
      { offset: 100_000, length: 1000 },
      { offset: 150_000, length: 50_000 },
      { offset: image.length - 3, length: 3 },
      { offset: 0, length: 65_536 },
    ];
    const found = await remote.read(stamp, ranges);
    expect(digest(found)).toEqual(digest(ranges.map(({ offset, length }) => image.slice(offset, offset + length))));
    expect(remote.metrics()).toMatchObject({ requests: 3, retries: 0 });
    expect(await remote.stat("s3://scans/image.tif")).toEqual(stamp);
  });

  it("is opened where its end is wanted first", async () => {
    const stamp = await remote.open("s3://scans/image.tif", undefined, 100);
    if (!stamp) throw new Error("There is nothing.");
    expect(stamp.size).toBe(image.length);
    const [tail] = await remote.read(stamp, [{ offset: image.length - 100, length: 100 }]);
    expect(digest(tail)).toEqual(digest(image.slice(-100)));
    // This server, unlike Amazon's, answers ranges from the end wrongly: it is asked again from the beginning.
    expect(remote.metrics()).toMatchObject({ requests: 3, retries: 0 });
    expect((await remoteIn("s3://scans").open("s3://scans/empty", undefined, 100))?.size).toBe(0);
  });

  it.each(["a+b.tif", "a b.tif", "größe/日本語/🙂.tif", "a%20b.tif", "q?x=1&y#z.tif", "(a)'!*~.tif"])(
    "has any key: %s",
    async (key) => {
      const bytes = pattern(70_000, key.length);
      await s3.put(key, bytes);
      const stamp = await openAt(remote, `s3://scans/${key}`);
      expect(digest(await remote.read(stamp, [{ offset: 65_000, length: 5000 }]))).toEqual(digest(bytes.slice(65_000)));
      expect(digest((await remote.get(`s3://scans/${key}`, 70_000))?.bytes)).toEqual(digest(bytes));
    },
  );

  it("may be empty", async () => {
    const stamp = await openAt(remote, "s3://scans/empty");
    expect(stamp.size).toBe(0);
    expect((await remote.get("s3://scans/empty", 10))?.bytes.length).toBe(0);
  });

  it("is null where there is none, or no bucket", async () => {
    const none = remoteFor("s3://nothing", { s3: { endpoint: s3.endpoint, pathStyle: true } });
    for (const [one, url] of [
      [remote, "s3://scans/nothing"],
      [none, "s3://nothing/image.tif"],
    ] as const)
      expect([await one.open(url), await one.stat(url), await one.get(url, 9)]).toEqual([null, null, null]);
  });

  it("is not read as a whole where it is too long", async () => {
    expect(await failure(remote.get("s3://scans/image.tif", image.length - 1))).toMatchObject({
      code: "SOURCE_UNREADABLE",
    });
  });

  it("is never read in two versions", async () => {
    await s3.put("changing", image);
    const stamp = await openAt(remote, "s3://scans/changing");
    await s3.put("changing", pattern(image.length, 1));
    expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 99_000, length: 9 }])))).toBe(true);
  });

  it.each(["s3://other/image.tif", "s3://scans-2/image.tif", "s3://scans/../other/image.tif"])(
    "is not read out of another bucket: %s",
    async (url) => {
      expect(await failure(remote.open(url))).toMatchObject({ code: "FORBIDDEN" });
      expect(remote.metrics().requests).toBe(0);
    },
  );

  it("is read below the prefix that is allowed only", async () => {
    await s3.put("open/image.tif", image);
    const narrow = remoteIn("s3://scans/open");
    expect((await narrow.open("s3://scans/open/image.tif"))?.size).toBe(image.length);
    expect(await failure(narrow.open("s3://scans/image.tif"))).toMatchObject({ code: "FORBIDDEN" });
  });

  it("is refused with unknown credentials, and the answer tells none of them", async () => {
    stubAwsEnvironment({ ...s3.environment, AWS_ACCESS_KEY_ID: "AKIAUNKNOWN", AWS_SECRET_ACCESS_KEY: "a-secret" });
    const error = await failure(remoteIn("s3://scans").open("s3://scans/image.tif"));
    expect(error).toMatchObject({ code: "SOURCE_FAILED", status: 502 });
    expect(`${error.message}${String(error.cause)}${JSON.stringify(error)}`).not.toMatch(SECRETS);
  });

  it("is refused without credentials, which are looked for where the SDK looks", async () => {
    stubAwsEnvironment({});
    const error = await failure(remoteIn("s3://scans").open("s3://scans/image.tif"));
    expect(error).toMatchObject({ code: "SOURCE_FAILED" });
    expect(error.message).toMatch(/credentials/);
  });
});

describe("an S3 server that fails", () => {
  let server: RangeServer;

  beforeAll(async () => {
    server = await startRangeServer(
      new Map([
        ["scans/image.tif", image],
        ["scans/empty", new Uint8Array(0)],
      ]),
    );
    stubAwsEnvironment({ AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "a-secret", AWS_REGION: "us-east-1" });
  });
  afterAll(() => server.close());
  beforeEach(() => server.reset());

  const remoteAt = (bad: string, options: Partial<RemoteOptions> = {}) =>
    remoteFor("s3://scans", { ...options, s3: { endpoint: `${server.url}${bad}`, pathStyle: true } });
  const URL_OF_IMAGE = "s3://scans/image.tif";

  it("does not where it behaves: ranges, versions", async () => {
    const remote = remoteAt("");
    const stamp = await openAt(remote, URL_OF_IMAGE);
    expect(digest(await remote.read(stamp, [{ offset: 99, length: 200_000 }]))).toEqual(
      digest(image.slice(99, 200_099)),
    );
    expect(server.requests).toHaveLength(2);
    expect((await remote.open("s3://scans/empty"))?.size).toBe(0);
    const other = { ...stamp, validator: '"another"' };
    expect(isSourceChanged(await failure(remote.read(other, [{ offset: 0, length: 1 }])))).toBe(true);
  });

  it.each<[Misbehaviour, number]>([
    ["slow-down", 3],
    ["always-503", 3],
    ["500", 3],
    ["reset", 3],
    ["short", 3],
    ["401", 1],
    ["403", 1],
    ["expired-token", 1],
    ["wrong-range", 1],
    ["more", 1],
  ])("with %s is answered SOURCE_FAILED after %i requests", async (bad, requests) => {
    const remote = remoteAt(`/${bad}`);
    const error = await failure(remote.open(URL_OF_IMAGE));
    expect(error.code).toBe("SOURCE_FAILED");
    expect(`${error.message}${String(error.cause)}`).not.toMatch(SECRETS);
    expect(server.requests).toHaveLength(requests);
  });

  it("only once is tried again", async () => {
    const remote = remoteAt("/once-503");
    expect((await remote.open(URL_OF_IMAGE))?.size).toBe(image.length);
    expect(remote.metrics()).toMatchObject({ requests: 2, retries: 1 });
  });

  it.each<Misbehaviour>(["stall", "trickle"])(
    "with %s is given up in time, and its connection with it",
    async (bad) => {
      const deadlines = deadlinesAtHand();
      const failed = failure(remoteAt(`/${bad}`).open(URL_OF_IMAGE));
      await until(() => server.requests.length === 1);
      deadlines.pass();
      const error = await failed;
      expect(error.code).toBe("SOURCE_TIMEOUT");
      expect(error.message).not.toMatch(SECRETS);
      await until(() => server.aborted() === 1);
      expect(server.requests).toHaveLength(1);
    },
  );

  it("says that credentials have expired", async () => {
    expect((await failure(remoteAt("/expired-token").open(URL_OF_IMAGE))).message).toMatch(/credentials .* expired/);
  });

  it("denies access to what is not there, which is told as missing", async () => {
    expect(await remoteAt("/access-denied").open(URL_OF_IMAGE)).toBeNull();
  });

  it("without ranges is read whole where that is little", async () => {
    const remote = remoteAt("/no-range");
    const stamp = await openAt(remote, URL_OF_IMAGE);
    expect(digest(await remote.read(stamp, [{ offset: 99, length: 200_000 }]))).toEqual(
      digest(image.slice(99, 200_099)),
    );
    const error = await failure(remoteAt("/no-range", { cacheBytes: 500_000 }).open(URL_OF_IMAGE));
    expect(error.message).toMatch(/range requests/);
  });

  it("is not waited for when nobody wants its answer any more", async () => {
    const remote = remoteAt("/stall");
    const leaving = new AbortController();
    const left = remote.open(URL_OF_IMAGE, leaving.signal).catch((error: Error) => error.name);
    await until(() => server.requests.length === 1);
    leaving.abort();
    expect(await left).toBe("AbortError");
    await until(() => server.aborted() === 1);
  });
});

describe("an S3 server that checks signatures", () => {
  it("is read with the right secret only", async () => {
    const key = "größe/a b (1)!'*~.tif";
    const s3 = await startSignedS3({ files: { [key]: image } });
    const url = `s3://${s3.bucket}/${key}`;
    const remoteOf = (variables: Readonly<Record<string, string>>) => {
      stubAwsEnvironment({ ...s3.environment, ...variables });
      return remoteFor(`s3://${s3.bucket}`, { s3: { endpoint: s3.endpoint, pathStyle: true } });
    };
    try {
      const remote = remoteOf({});
      const stamp = await openAt(remote, url);
      expect(digest(await remote.read(stamp, [{ offset: 99_000, length: 70_000 }]))).toEqual(
        digest([image.slice(99_000, 169_000)]),
      );
      s3.objects.set(key, pattern(image.length, 1));
      expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 200_000, length: 9 }])))).toBe(true);
      for (const wrong of [{ AWS_SECRET_ACCESS_KEY: "secret" }, { AWS_ACCESS_KEY_ID: "AKIAOTHER" }]) {
        const error = await failure(remoteOf(wrong).open(url));
        expect(error).toMatchObject({ code: "SOURCE_FAILED", status: 502 });
        expect(error.message).not.toMatch(SECRETS);
      }
    } finally {
      await s3.close();
    }
  });
});
