import { mkdir, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IMAGES } from "./images.ts";
import { type Running, requestText, runServer } from "./running.ts";

let server: Running;
let bytes: Buffer;
beforeAll(async () => {
  server = await runServer(IMAGES, { originals: true });
  bytes = await readFile(join(server.folder, "plates/p1.tif"));
  await writeFile(join(server.folder, "catalogue.yaml"), "images: {}\n");
  await writeFile(join(server.folder, "notes.txt"), "nobody's business");
  await writeFile(join(server.folder, ".hidden.tif"), "hidden");
  await symlink("/etc/hostname", join(server.folder, "leak.tif"));
  await mkdir(join(server.folder, "cells.zarr/0"), { recursive: true });
  await writeFile(join(server.folder, "cells.zarr/0/.zarray"), "{}");
});
afterAll(() => server.close());

const get = (range?: string, headers: Readonly<Record<string, string>> = {}) =>
  server.get("/files/plates/p1.tif", { headers: range === undefined ? headers : { range, ...headers } });
const body = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

describe("an original", () => {
  it("is given as it is stored, by its path and by its image's key, with its revision as ETag", async () => {
    for (const path of ["/files/plates/p1.tif", "/files/plates/p1"]) {
      const answer = await server.get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("accept-ranges")).toBe("bytes");
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-security-policy")).toBe("sandbox");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect((await body(answer)).equals(bytes)).toBe(true);
      const query = { query: '{ image(key: "plates/p1") { revision } }' };
      const api = await server.get("/graphql", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(query),
      });
      const { data } = (await api.json()) as { data: { image: { revision: string } } };
      expect(answer.headers.get("etag")).toBe(`"bandloom.${data.image.revision}"`);
    }
  });

  it("is given with what lies beside it and belongs to it, and with nothing else", async () => {
    for (const name of ["p1.tif.msk", "p1.tfw", "p0.tif.msk", "p1.txt"])
      await writeFile(join(server.folder, "plates", name), name);
    const statuses = ["p1.tif.msk", "p1.tfw", "p0.tif.msk", "p1.txt", "p1.tif.ovr"].map(
      async (name) => (await server.get(`/files/plates/${name}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 404, 404, 404]);
    for (const name of ["p1.tif.msk", "p1.tfw"]) await rm(join(server.folder, "plates", name));
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=10-19", 10, 20],
    ["bytes=5-", 5, null],
    ["bytes=-7", -7, null],
    ["bytes=3-999999999999", 3, null],
    ["bytes=-999999999999", 0, null],
  ])("is given in part: %s", async (range, from, to) => {
    const answer = await get(range);
    expect(answer.status).toBe(206);
    const part = bytes.subarray(from, to ?? undefined);
    const start = from < 0 ? bytes.length + from : from;
    expect(answer.headers.get("content-range")).toBe(`bytes ${start}-${start + part.length - 1}/${bytes.length}`);
    expect((await body(answer)).equals(part)).toBe(true);
  });

  it.each(["bytes=999999-", "bytes=-0"])("is not given behind its end: %s", async (range) => {
    const answer = await get(range);
    expect(answer.status).toBe(416);
    expect(answer.headers.get("content-range")).toBe(`bytes */${bytes.length}`);
    expect(await answer.json()).toHaveProperty("code", "RANGE_NOT_SATISFIABLE");
  });

  it.each(["bytes=0-1,3-4", `bytes=${"0-0,".repeat(1000)}1-1`, "bytes=4-2", "lines=1-2", "bytes=a-b", "bytes=-"])(
    "is given as a whole for a range that it does not serve: %s",
    async (range) => {
      const answer = await get(range);
      expect(answer.status).toBe(200);
      expect((await body(answer)).length).toBe(bytes.length);
    },
  );

  it("is given in the version that was named, or not at all", async () => {
    const etag = (await get()).headers.get("etag") ?? "";
    expect((await get("bytes=0-3", { "if-match": etag })).status).toBe(206);
    expect((await get("bytes=0-3", { "if-match": '"bandloom.other"' })).status).toBe(412);
    expect((await get("bytes=0-3", { "if-match": `W/${etag}` })).status).toBe(412);
    expect((await get("bytes=0-3", { "if-range": '"bandloom.other"' })).status).toBe(200);
    expect((await get("bytes=0-3", { "if-range": etag })).status).toBe(206);
    expect((await get(undefined, { "if-none-match": etag })).status).toBe(304);
  });

  it("ends short of what was promised where it changes meanwhile: nobody takes two versions for one file", async () => {
    const path = join(server.folder, "large.tif");
    // More than what is under way between both sides.
    const size = 64 * 2 ** 20;
    await writeFile(path, "II*\0");
    await truncate(path, size);
    // Long ago: a file is told from what it was by the time of its change.
    await utimes(path, 1_700_000_000, 1_700_000_000);
    const answer = await server.get("/files/large.tif");
    expect(answer.headers.get("content-length")).toBe(`${size}`);
    let length = 0;
    const read = async () => {
      for await (const part of answer.body ?? []) {
        if (length === 0) await writeFile(path, "MM", { flag: "r+" });
        length += part.length;
      }
    };
    await expect(read()).rejects.toThrow();
    expect(length).toBeLessThan(size);
  });

  it("tells its length to HEAD, without a body", async () => {
    const answer = await server.raw(requestText("/files/plates/p1.tif", "HEAD"));
    expect([answer.status, answer.headers.get("content-length"), answer.body]).toEqual([200, `${bytes.length}`, ""]);
    // A range is of the body.
    const part = await server.raw(requestText("/files/plates/p1.tif", "HEAD", { Range: "bytes=0-1" }));
    expect([part.status, part.headers.get("content-length")]).toEqual([200, `${bytes.length}`]);
  });

  it("lies in a folder that is an image, too", async () => {
    expect(await (await server.get("/files/cells.zarr/0/.zarray")).text()).toBe("{}");
    await writeFile(join(server.folder, "cells.zarr/.secret"), "hidden");
    expect((await server.get("/files/cells.zarr/.secret")).status).toBe(404);
  });

  it.each([
    "catalogue.yaml",
    "notes.txt",
    ".hidden.tif",
    "leak.tif",
    "plates",
    "plates/",
    "nothing.tif",
    "..%2f..%2fetc%2fpasswd",
    "plates/../plates/p1.tif",
    "%2fetc%2fpasswd",
    "a%00.tif",
    "p1.tif%5c",
  ])("is nothing else that lies in the folder or beside it: %s", async (path) => {
    const { status, body: text } = await server.raw(requestText(`/files/${path}`));
    expect([400, 404]).toContain(status);
    expect(text).not.toContain(server.folder);
  });

  it.each(["%zz", "p1?x=1", "plates/p1.tif?v=1"])("is refused with an address that is malformed: %s", async (path) => {
    expect((await server.raw(requestText(`/files/${path}`))).status).toBe(400);
  });

  it("is listed with its image's key and place", async () => {
    const answer = await server.get("/files/");
    const { version, images } = (await answer.json()) as { version: number; images: unknown[] };
    expect(version).toBe(1);
    expect(images).toContainEqual({ key: "plates/p1", path: "plates/p1.tif", folder: false });
    expect(images).toContainEqual({ key: "cells", path: "cells.zarr", folder: true });
    expect(JSON.stringify(images)).not.toContain("hidden");
  });

  it("is not given away where the operator has not said so", async () => {
    const closed = await runServer({ "a.tif": IMAGES["one.tif"] });
    try {
      expect((await closed.get("/files/a.tif")).status).toBe(404);
      expect((await closed.get("/files/")).status).toBe(404);
    } finally {
      await closed.close();
    }
  });
});
