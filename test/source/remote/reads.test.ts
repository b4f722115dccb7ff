import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isSourceChanged } from "../../../src/source/identity.ts";
import { type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { closing, digest, failure, openAt, pattern, remoteFor, until } from "./support.ts";

const KIB = 1024;
const image = pattern(1_000_003);
const files = new Map<string, Uint8Array>();
let server: RangeServer;

beforeAll(async () => {
  server = await startRangeServer(files);
});
afterAll(() => server.close());
beforeEach(() => {
  files.clear();
  files.set("image.tif", image).set("empty", new Uint8Array(0)).set("small.json", pattern(100)).set("a b+ü.tif", image);
  server.reset();
});

const read = async (offset: number, length: number, path = "image.tif") => {
  const remote = remoteFor(server.url);
  const [bytes] = await remote.read(await openAt(remote, `${server.url}/${path}`), [{ offset, length }]);
  return bytes;
};

describe("a blob behind HTTP", () => {
  it("is opened with one request, which brings its first 64 KiB", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/image.tif`);
    const [head] = await remote.read(stamp, [{ offset: 0, length: 64 * KIB }]);
    expect(digest(head)).toEqual(digest(image.slice(0, 64 * KIB)));
    expect(stamp).toMatchObject({ size: image.length, validator: expect.stringMatching(/^"[0-9a-f]{16}"$/) });
    expect(server.requests).toEqual(["GET /image.tif bytes=0-65535"]);
    expect(remote.metrics()).toEqual({ requests: 1, bytes: 65536, cacheHits: 4, retries: 0 });
  });

  it.each([
    [0, 1],
    [65_535, 2],
    [70_000, 100_000],
    [999_999, 4],
    [0, image.length],
    [image.length, 0],
  ])("yields the bytes from %i, %i of them", async (offset, length) => {
    expect(digest(await read(offset, length))).toEqual(digest(image.slice(offset, offset + length)));
  });

  it("is opened by its end where its end is wanted first", async () => {
    const remote = remoteFor(server.url);
    const stamp = await remote.open(`${server.url}/image.tif`, undefined, 100);
    if (!stamp) throw new Error("There is nothing.");
    const [tail] = await remote.read(stamp, [{ offset: image.length - 100, length: 100 }]);
    expect(digest(tail)).toEqual(digest(image.slice(-100)));
    expect(server.requests).toEqual([`GET /image.tif bytes=-${100 + 16 * KIB}`]);
    const [head] = await remote.read(stamp, [{ offset: 0, length: 10 }]);
    expect(digest(head)).toEqual(digest(image.slice(0, 10)));
    expect(stamp).toEqual(await openAt(remoteFor(server.url), `${server.url}/image.tif`));
  });

  it.each([
    ["no-range/image.tif", image],
    ["no-range/small.json", pattern(100)],
    ["wrong-range/small.json", null],
    ["small.json", pattern(100)],
    ["empty", new Uint8Array(0)],
  ])("is opened by its end as well where the server, or the blob, has no such end: %s", async (path, bytes) => {
    const remote = remoteFor(server.url);
    const opening = remote.open(`${server.url}/${path}`, undefined, 5000);
    if (bytes === null) {
      expect((await failure(opening)).code).toBe("SOURCE_FAILED");
      return;
    }
    const stamp = await opening;
    expect(stamp?.size).toBe(bytes.length);
    if (!stamp) return;
    const [all] = await remote.read(stamp, [{ offset: 0, length: bytes.length }]);
    expect(digest(all)).toEqual(digest(bytes));
  });

  it("that is not there is not there by its end either", async () => {
    expect(await remoteFor(server.url).open(`${server.url}/none`, undefined, 100)).toBeNull();
  });

  it("has an address in which names are encoded", async () => {
    expect(digest(await read(99_999, 5, "a%20b%2B%C3%BC.tif?token=x"))).toEqual(digest(image.slice(99_999, 100_004)));
  });

  it("may be empty", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/empty`);
    expect(stamp.size).toBe(0);
    expect(await remote.stat(`${server.url}/empty`)).toEqual(stamp);
    expect(await remote.read(stamp, [{ offset: 0, length: 0 }])).toEqual([new Uint8Array(0)]);
    expect((await remote.get(`${server.url}/empty`, 10))?.bytes.length).toBe(0);
  });

  it("is not read past its end", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/image.tif`);
    server.reset();
    for (const [offset, length] of [
      [image.length, 1],
      [image.length - 1, 2],
      [-1, 2],
      [0, -1],
      [Number.NaN, 1],
      [8, 2 ** 32],
    ] as const)
      expect(await failure(remote.read(stamp, [{ offset, length }]))).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(server.requests).toEqual([]);
  });

  it("is null where there is none", async () => {
    const remote = remoteFor(server.url);
    expect(await remote.open(`${server.url}/nothing`)).toBeNull();
    expect(await remote.stat(`${server.url}/nothing`)).toBeNull();
    expect(await remote.get(`${server.url}/nothing`, 10)).toBeNull();
  });

  it("is told by stat what open tells, with two bytes", async () => {
    const remote = remoteFor(server.url);
    const url = `${server.url}/image.tif`;
    expect(await remote.stat(url)).toEqual(await remote.open(url));
    expect(server.requests[0]).toBe("GET /image.tif bytes=0-1");
  });

  it("is asked for by stat every time, and by open not again while that is fresh", async () => {
    const remote = remoteFor(server.url);
    const url = `${server.url}/image.tif`;
    for (let time = 0; time < 3; time++) {
      await remote.stat(url);
      await remote.open(url);
    }
    expect(server.requests.filter((one) => one.endsWith("=0-1"))).toHaveLength(3);
    expect(server.requests).toHaveLength(4);
  });

  it("is asked for by open and get again when that is no longer fresh", async () => {
    const remote = remoteFor(server.url, { freshMs: 1 });
    const again = async (path: string, ask: (url: string) => Promise<unknown>) => {
      server.reset();
      for (const requests of [1, 2])
        await until(async () => {
          await ask(`${server.url}/${path}`);
          return server.requests.length === requests;
        });
    };
    await again("image.tif", (url) => remote.open(url));
    await again("small.json", (url) => remote.get(url, 100));
  });
});

describe("a whole blob", () => {
  it("is read with one request, and not again while that is fresh", async () => {
    const remote = remoteFor(server.url);
    const url = `${server.url}/small.json`;
    const [one, two] = await Promise.all([remote.get(url, 100), remote.get(url, 100)]);
    const three = await remote.get(url, 200);
    for (const found of [one, two, three]) expect(found?.bytes).toEqual(pattern(100));
    expect(one?.stamp).toEqual(await remote.stat(url));
    expect(server.requests.slice(0, -1)).toEqual(["GET /small.json"]);
  });

  it.each(["small.json", "no-length/small.json"])(
    "of %s is refused where it is too long, kept or not",
    async (path) => {
      const remote = remoteFor(server.url);
      const url = `${server.url}/${path}`;
      expect(await failure(remote.get(url, 99))).toMatchObject({ code: "SOURCE_UNREADABLE" });
      expect((await remote.get(url, 100))?.bytes.length).toBe(100);
      expect(await failure(remote.get(url, 99))).toMatchObject({ code: "SOURCE_UNREADABLE" });
    },
  );
});

describe("ranges that are asked for together", () => {
  it("travel together where they are near, and side by side where they are not", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/image.tif`);
    server.reset();
    const ranges = [
      { offset: 900_000, length: 10 },
      { offset: 200_000, length: 1000 },
      { offset: 260_000, length: 1000 },
      { offset: 261_500, length: 30_000 },
      { offset: 900_005, length: 10 },
    ];
    const found = await remote.read(stamp, ranges);
    expect(digest(found)).toEqual(digest(ranges.map(({ offset, length }) => image.slice(offset, offset + length))));
    expect([...server.requests].sort()).toEqual([
      "GET /image.tif bytes=196608-294911",
      "GET /image.tif bytes=884736-901119",
    ]);
  });

  it("are not asked for again while they are kept", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/image.tif`);
    const ranges = [{ offset: 300_000, length: 200_000 }];
    await remote.read(stamp, ranges);
    server.reset();
    expect(digest(await remote.read(stamp, [{ offset: 310_000, length: 50_000 }]))).toEqual(
      digest([image.slice(310_000, 360_000)]),
    );
    await remote.read(stamp, ranges);
    expect(server.requests).toEqual([]);
  });

  it("are asked for again when they had to leave, and the same bytes", async () => {
    const remote = remoteFor(server.url, { cacheBytes: 100_000 });
    const stamp = await openAt(remote, `${server.url}/image.tif`);
    for (let time = 0; time < 2; time++)
      expect(digest(await remote.read(stamp, [{ offset: 0, length: image.length }]))).toEqual(digest([image]));
    expect(server.requests.length).toBeGreaterThan(2);
    expect((await remoteFor(server.url, { cacheBytes: 0 }).open(`${server.url}/image.tif`))?.size).toBe(image.length);
  });

  it("of 20 MB travel in parts of at most 8 MiB", async () => {
    const large = pattern(20_000_000);
    files.set("large", large);
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/large`);
    server.reset();
    const [bytes = new Uint8Array(0)] = await remote.read(stamp, [{ offset: 0, length: large.length }]);
    expect(Buffer.compare(bytes, large)).toBe(0);
    expect(server.requests).toHaveLength(3);
    expect(server.sent()).toBe(large.length - 64 * KIB);
  });
});

describe("many who read at the same time", () => {
  it("share the requests for blocks that are on their way", async () => {
    const slow = closing(await startRangeServer(files, { latency: 50 }));
    const remote = remoteFor(slow.url);
    const url = `${slow.url}/image.tif`;
    const stamps = await Promise.all(Array.from({ length: 20 }, () => openAt(remote, url)));
    expect(slow.requests).toHaveLength(1);
    slow.reset();
    // Each wants a part of what the others want.
    const ranges = Array.from({ length: 20 }, (_, index) => ({ offset: 100_000 + index * 8000, length: 40_000 }));
    const found = await Promise.all(stamps.map((stamp, index) => remote.read(stamp, ranges.slice(index, index + 1))));
    expect(digest(found.flat())).toEqual(
      digest(ranges.map(({ offset, length }) => image.slice(offset, offset + length))),
    );
    const first = Math.floor(100_000 / 16384) * 16384;
    const end = Math.ceil(292_000 / 16384) * 16384;
    expect(slow.sent()).toBe(end - first);
  });

  it("are served by a limited number of requests at a time", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let held: Promise<void> = Promise.resolve();
    const slow = closing(await startRangeServer(files, { hold: () => held }));
    const remote = remoteFor(slow.url, { connectionsPerHost: 3 });
    const stamp = await openAt(remote, `${slow.url}/image.tif`);
    const ranges = Array.from({ length: 9 }, (_, index) => ({ offset: 100_000 * (index + 1), length: 10 }));
    held = released;
    const reading = remote.read(stamp, ranges);
    await until(() => slow.requests.length === 1 + 3);
    release();
    await reading;
    expect(slow.requests).toHaveLength(10);
    expect(slow.mostAtOnce()).toBe(3);
  });

  it("are not disturbed by one who leaves; the request ends when all have left", async () => {
    const url = `${server.url}/stall/image.tif`;
    const remote = remoteFor(server.url);
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [remote.open(url, one.signal), remote.open(url, two.signal)].map((promise) =>
      promise.then(String, (error: Error) => error.message),
    );
    await until(() => server.requests.length === 1);
    one.abort(new Error("the first has left"));
    expect(await answers[0]).toBe("the first has left");
    // A round trip, in which an abort would have arrived.
    await remote.stat(`${server.url}/image.tif`);
    expect(server.aborted()).toBe(0);
    two.abort(new Error("the second has left"));
    expect(await answers[1]).toBe("the second has left");
    await until(() => server.aborted() === 1);
    expect(server.requests.filter((one) => one.includes("/stall/"))).toHaveLength(1);
  });

  it("read what one who left had begun to read", async () => {
    const slow = closing(await startRangeServer(files, { latency: 30 }));
    const remote = remoteFor(slow.url);
    const stamp = await openAt(remote, `${slow.url}/image.tif`);
    const leaving = new AbortController();
    const ranges = [{ offset: 500_000, length: 50_000 }];
    const left = remote.read(stamp, ranges, leaving.signal).catch((error: Error) => error.name);
    leaving.abort();
    expect(await left).toBe("AbortError");
    expect(digest(await remote.read(stamp, ranges))).toEqual(digest([image.slice(500_000, 550_000)]));
  });
});

describe("a blob that changes", () => {
  const url = () => `${server.url}/image.tif`;

  it.each(["", "weak-etag/"])("is never read in two versions %s", async (bad) => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/${bad}image.tif`);
    files.set("image.tif", pattern(image.length, 1));
    const error = await failure(remote.read(stamp, [{ offset: 0, length: 200_000 }]));
    expect(isSourceChanged(error)).toBe(true);
    const now = await openAt(remote, `${server.url}/${bad}image.tif`);
    expect(now.validator).not.toBe(stamp.validator);
    expect(digest(await remote.read(now, [{ offset: 0, length: 200_000 }]))).toEqual(digest([pattern(200_000, 1)]));
  });

  it("is told by its length where its server gives no version", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/no-validator/image.tif`);
    expect(stamp.validator).toBeNull();
    files.set("image.tif", pattern(image.length + 1));
    expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 400_000, length: 1 }])))).toBe(true);
  });

  it("is told where it has become shorter than what is read, or is gone", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, url());
    files.set("image.tif", pattern(100));
    expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 400_000, length: 1 }])))).toBe(true);
    files.delete("image.tif");
    expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 400_000, length: 1 }])))).toBe(true);
  });

  it("is told on a server that sends another version each time", async () => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/etag-changes/image.tif`);
    expect(isSourceChanged(await failure(remote.read(stamp, [{ offset: 400_000, length: 1 }])))).toBe(true);
  });

  it.each([
    ["weak-etag", /^weak W\/"/],
    ["date-only", /^date Mon, 02 Jan 2006/],
  ])("has a validator that says what it is: %s", async (bad, validator) => {
    const remote = remoteFor(server.url);
    const stamp = await openAt(remote, `${server.url}/${bad}/image.tif`);
    expect(stamp.validator).toMatch(validator);
    expect(digest(await remote.read(stamp, [{ offset: 500_000, length: 9 }]))).toEqual(
      digest([image.slice(500_000, 500_009)]),
    );
  });
});
