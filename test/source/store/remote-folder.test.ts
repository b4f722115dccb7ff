import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { remoteIdentity } from "../../../src/source/identity.ts";
import { openRemoteStore } from "../../../src/source/store/remote.ts";
import { addressBelow, parentAddress, remoteFolder } from "../../../src/source/store/remote-folder.ts";
import { type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { type S3Server, startS3 } from "../../fixtures/s3-server.ts";
import { digest, failure, openAt, pattern, remoteFor, stubAwsEnvironment } from "../remote/support.ts";

const bytes = pattern(100_000);
const PATHS = ["zarr.json", "0/c/1/2", "größe 1+2/日本.bin", "a%2Fb", "q?x#y", "(a)'!*~"];
let server: RangeServer;
let s3: S3Server;

beforeAll(async () => {
  server = await startRangeServer(new Map(PATHS.map((path) => [`im age.zarr/${path}`, bytes])));
  s3 = await startS3();
  for (const path of PATHS) await s3.put(`im age.zarr/${path}`, bytes);
  stubAwsEnvironment(s3.environment);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([server.close(), s3.close()]);
});
beforeEach(() => server.reset());

const http = () => remoteFolder(remoteFor(server.url), `${server.url}/im%20age.zarr/`);
const bucket = () =>
  remoteFolder(remoteFor("s3://scans", { s3: { endpoint: s3.endpoint, pathStyle: true } }), "s3://scans/im age.zarr");

describe.each([
  ["HTTP", http],
  ["S3", bucket],
])("a folder behind %s", (_, folder) => {
  it.each(PATHS)("has a blob at %s", async (path) => {
    expect(digest((await folder().get(path, 100_000))?.bytes)).toEqual(digest(bytes));
    const store = await folder().open(path);
    expect(digest(await store?.read(70_000, 30_000))).toEqual(digest(bytes.slice(70_000)));
  });

  it.each(["", "none", "../x", "0/../zarr.json", "/zarr.json", "0//c", "a\\b", "\ud800", "a\0"])(
    "has none at %j",
    async (path) => {
      expect([await folder().get(path, 9), await folder().open(path)]).toEqual([null, null]);
    },
  );

  it("cannot be listed", () => {
    expect(folder()).toMatchObject({ remote: true });
    expect(folder().list("", 9)).toBeNull();
  });

  it("refuses blobs that are too long", async () => {
    expect(await failure(Promise.resolve(folder().get("zarr.json", 99_999)))).toMatchObject({
      code: "SOURCE_UNREADABLE",
    });
  });

  it("gives blobs the identity of their version", async () => {
    const whole = await folder().get("zarr.json", 100_000);
    const opened = await folder().open("zarr.json");
    expect(whole?.identity).toEqual(opened?.identity);
    expect(whole?.identity.remote).toHaveLength(1);
  });
});

describe("a blob behind a network", () => {
  it("reads one range, or many with few requests", async () => {
    const remote = remoteFor(server.url);
    const url = `${server.url}/im%20age.zarr/zarr.json`;
    const store = await openRemoteStore(remote, url);
    expect(store.identity).toEqual(remoteIdentity(await openAt(remote, url)));
    expect(store.size).toBe(bytes.length);
    const found = await store.readMany?.([
      { offset: 66_000, length: 10 },
      { offset: 99_990, length: 10 },
    ]);
    expect(digest(found)).toEqual(digest([bytes.slice(66_000, 66_010), bytes.slice(99_990)]));
    expect(digest(await store.read(0, 100_000))).toEqual(digest(bytes));
    expect(server.requests).toHaveLength(2);
    expect(await failure(Promise.resolve(store.read(99_999, 2)))).toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("that is not there is not found", async () => {
    expect(await failure(openRemoteStore(remoteFor(server.url), `${server.url}/none`))).toMatchObject({
      code: "NOT_FOUND",
    });
  });
});

describe("the address of a blob in a folder", () => {
  it.each([
    ["https://a.example/data", "b c+ü/d.tif", "https://a.example/data/b%20c%2B%C3%BC/d.tif"],
    ["https://a.example/data/", "b", "https://a.example/data/b"],
    ["https://a.example/data/?token=x&y", "b", "https://a.example/data/b?token=x&y"],
    ["https://a.example", "b?c#d%", "https://a.example/b%3Fc%23d%25"],
    ["https://a.example/data", "./b", "https://a.example/data/b"],
    ["s3://bucket/data", "b c+ü?#%.tif", "s3://bucket/data/b c+ü?#%.tif"],
    ["s3://bucket", "b", "s3://bucket/b"],
  ])("%s and %s make %s", (folder, path, address) => {
    expect(addressBelow(folder, path)).toBe(address);
  });

  it.each(["../b", "a/../../b", "/b", "", "a\\..\\b", "//evil.example/x"])("is never one outside: %j", (path) => {
    for (const folder of ["https://a.example/data", "s3://bucket/data"])
      expect(() => addressBelow(folder, path)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });

  it.each([
    ["https://a.example/data/b%20c.tif?token=x", "https://a.example/data/?token=x"],
    ["https://a.example/b", "https://a.example/"],
    ["s3://bucket/data/b c", "s3://bucket/data"],
    ["s3://bucket/b", "s3://bucket"],
  ])("%s lies in %s", (blob, folder) => {
    expect(parentAddress(blob)).toBe(folder);
  });
});
