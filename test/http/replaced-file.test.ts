import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { runServer } from "./running.ts";

/** A file is compared with what is known of it once a second. */
const CHECK_INTERVAL_MS = 1_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => vi.useRealTimers());

const image = (value: number) => ({ width: 8, height: 8, value: () => value });

it("shows a file that was replaced under an address that was asked before, with another ETag", async () => {
  const server = await runServer({ "a.tif": image(10) });
  const path = "/tiles/a/0/0/0.png?f=window(b1,0,255)";
  const first = await server.get(path);
  const old = first.headers.get("etag") ?? "";
  expect((await server.get(path)).headers.get("x-bandloom-cache")).toBe("MEMORY");

  const other = join(server.folder, ".new");
  await writeFile(other, buildTiff({ directories: [image(20)] }));
  await rename(other, join(server.folder, "a.tif"));
  vi.advanceTimersByTime(CHECK_INTERVAL_MS + 1);

  const second = await server.get(path, { headers: { "if-none-match": old } });
  expect(second.status).toBe(200);
  expect(second.headers.get("etag")).not.toBe(old);
  const picture = PNG.sync.read(Buffer.from(await second.arrayBuffer()));
  expect(picture.data[0]).toBe(20);
  await server.close();
});

it("shows an image that was replaced where it lies over another, under an address that was asked before", async () => {
  const server = await runServer({ "a.tif": image(10), "over.tif": image(30) });
  const path = "/tiles/a/0/0/0.png?f=window(b1%2Bover.b1,0,255)";
  const first = await server.get(path);
  expect((await server.get(path)).headers.get("x-bandloom-cache")).toBe("MEMORY");

  const other = join(server.folder, ".new");
  await writeFile(other, buildTiff({ directories: [image(50)] }));
  await rename(other, join(server.folder, "over.tif"));
  vi.advanceTimersByTime(CHECK_INTERVAL_MS + 1);

  const second = await server.get(path);
  expect(second.headers.get("etag")).not.toBe(first.headers.get("etag"));
  const picture = PNG.sync.read(Buffer.from(await second.arrayBuffer()));
  expect(picture.data[0]).toBe(60);
  await server.close();
});
