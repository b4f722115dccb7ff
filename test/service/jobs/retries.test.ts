import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createServices, type Services } from "../../../src/service/index.ts";
import type { Job } from "../../../src/service/jobs/types.ts";
import { buildTiff } from "../../fixtures/tiff-builder.ts";
import { startTinyUpstream } from "../../fixtures/tiny-upstream.ts";
import { JPEG } from "../support.ts";
import { ended, TEST_TIMES } from "./support.ts";

/** 8 × 8 tiles, one step of a job, of a chunk of 16 KiB each. */
const PLATE = { width: 1024, height: 1024, tile: [128, 128] as const, seed: 7 };
const TILES = 64;
const BYTES = buildTiff({ directories: [PLATE] });
/** Of the last chunk. */
const LAST_BYTE = BYTES.length - 1;

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

/** A pipeline whose image lies on a server that refuses the last chunk so often. */
async function refusing(times: number): Promise<Services> {
  let left = times;
  const server = await startTinyUpstream((request, response) => {
    const { from, to } = spanOf(request);
    if (to >= LAST_BYTE && from > 0 && left-- > 0) response.writeHead(503).end();
    else give(from, to, response);
  });
  clean.push(() => server.close());
  const folder = await mkdtemp(join(tmpdir(), "bandloom-retries-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${server.port}/`;
  await writeFile(join(folder, "catalogue.yaml"), `images:\n  plate: { source: ${url}plate.tif }\n`);
  const services = await createServices({
    ...{ dataFolder: folder, cacheFolder: join(folder, ".bandloom"), cacheBytes: 2 ** 28, memoryBytes: 2 ** 25 },
    ...{ workers: 1, remote: { allowed: [url], pauseMs: 1 }, jobTimes: TEST_TIMES },
    onEvent: () => {},
  });
  clean.push(() => services.close());
  return services;
}

function spanOf({ headers }: IncomingMessage): { readonly from: number; readonly to: number } {
  const [, from = "0", to = `${LAST_BYTE}`] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  return { from: Number(from), to: Math.min(Number(to), LAST_BYTE) };
}

function give(from: number, to: number, response: ServerResponse): void {
  const etag = `"${createHash("sha256").update(BYTES).digest("hex").slice(0, 16)}"`;
  const range = `bytes ${from}-${to}/${BYTES.length}`;
  response.writeHead(206, { etag, "content-range": range, "content-length": to - from + 1 });
  response.end(BYTES.subarray(from, to + 1));
}

async function done(services: Services): Promise<Job | null> {
  const formula = await services.formulas.bind(await services.images.get("plate"), "window(b1, 0, 255)");
  if (!formula.valid) throw new Error("The formula is refused.");
  const wish = { formula, levels: [0], region: null, tileSize: 128, encoding: JPEG, pad: false };
  return ended(services, await services.jobs.start(wish));
}

it("a job tries tiles again that failed for a reason that passes, and counts none of them twice", async () => {
  // One read is tried three times: so often fail two of them.
  const services = await refusing(6);
  expect(await done(services)).toMatchObject({ state: "completed", completed: TILES, failed: 0, error: null });
  expect(services.jobs.counts()).toEqual({ completed: TILES, failed: 0 });
  expect(services.stats().remote.retries).toBeGreaterThanOrEqual(4);
});

it("a job counts tiles as failed whose source goes on refusing, and keeps the others", async () => {
  const services = await refusing(Number.POSITIVE_INFINITY);
  const job = await done(services);
  expect(job).toMatchObject({ state: "completed", error: expect.stringContaining("does not answer") });
  expect(job?.failed).toBeGreaterThan(0);
  expect(job?.completed).toBeGreaterThan(0);
  expect((job?.failed ?? 0) + (job?.completed ?? 0)).toBe(TILES);
});
