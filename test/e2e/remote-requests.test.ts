import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Latch } from "../fixtures/latch.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { STORED_FORMS, type StoredForm, storedPath, writeStoredForms } from "../fixtures/stored-forms.ts";
import { type Running, runServer } from "../http/running.ts";

const IMAGE = { width: 1024, height: 1024, channels: 3, type: "uint8" } as const;
/** Of a chunk as the noise in it packs: not at all. */
const CHUNK_BYTES = 256 * 256;
/** Longer than the test: what is known of an image is looked at once. */
const LASTING_MS = 600_000;
const FORMULA = "window(c1 + 2*(c3 - c2), 0, 255)";
const NOT_CONSOLIDATED = "OME-Zarr 0.4 without consolidated metadata";
/** Forms as they lie in the store. */
const STORED = [
  "OME-TIFF",
  "COG",
  "OME-Zarr",
  "OME-Zarr, sharded",
  "OME-Zarr 0.4",
] as const satisfies readonly StoredForm[];
type Form = (typeof STORED)[number] | typeof NOT_CONSOLIDATED;

interface Cost {
  /** Requests that go at once, of each round trip: the next ones go when these have been answered. */
  readonly rounds: readonly number[];
  /** At most. */
  readonly bytes: number;
}

/** A block of 16 KiB at each end of a range may be read for a few bytes of it. */
const around = (chunks: number, ranges: number) => chunks * (CHUNK_BYTES + 64) + ranges * 2 * 16_384;
const HEAD = 65_536;

/**
 * What three tiles cost: the first of an image that nobody has asked for, the next one, and 4 × 4 that hold both. The head of a file is read once;
 * adjacent chunks travel together, so that files need fewer requests than chunks that are files of their own.
 */
const COSTS: Readonly<Record<Form, { readonly first: Cost; readonly next: Cost; readonly range: Cost }>> = {
  "OME-TIFF": {
    first: { rounds: [1, 4, 1, 2], bytes: 2 * HEAD + around(3, 3) },
    next: { rounds: [3], bytes: around(3, 3) },
    range: { rounds: [3], bytes: around(48, 3) },
  },
  COG: {
    first: { rounds: [1, 4, 3], bytes: HEAD + around(3, 3) },
    next: { rounds: [3], bytes: around(3, 3) },
    range: { rounds: [3], bytes: around(48, 3) },
  },
  "OME-Zarr": {
    first: { rounds: [3, 3], bytes: 16_384 + around(3, 0) },
    next: { rounds: [3], bytes: around(3, 0) },
    range: { rounds: [16, 16, 10], bytes: around(48, 0) },
  },
  "OME-Zarr, sharded": {
    first: { rounds: [3, 3, 3], bytes: 16_384 + around(3, 6) },
    next: { rounds: [3, 3], bytes: around(3, 6) },
    range: { rounds: [12, 6], bytes: around(48, 24) },
  },
  "OME-Zarr 0.4": {
    first: { rounds: [3, 3], bytes: 16_384 + around(3, 0) },
    next: { rounds: [3], bytes: around(3, 0) },
    range: { rounds: [16, 16, 10], bytes: around(48, 0) },
  },
  [NOT_CONSOLIDATED]: {
    first: { rounds: [3, 3, 3], bytes: 16_384 + around(3, 0) },
    next: { rounds: [3], bytes: around(3, 0) },
    range: { rounds: [16, 16, 10], bytes: around(48, 0) },
  },
};
const FORMS = Object.keys(COSTS) as readonly Form[];

describe("a picture out of a store at the other end of a network", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-requests-"));
  const files = join(folder, "files");
  const latch = new Latch();
  let store: RangeServer;
  let server: Running;

  beforeAll(async () => {
    writeStoredForms(files, IMAGE, STORED);
    cpSync(storedPath(files, "OME-Zarr 0.4"), join(files, "old.zarr"), { recursive: true });
    rmSync(join(files, "old.zarr", ".zmetadata"));
    store = await startRangeServer(files, { hold: latch.hold });
    const nameOf = (form: Form) => (form === NOT_CONSOLIDATED ? "old.zarr" : STORED_FORMS[form].name);
    const entries = FORMS.map((form, index) => `  form${index}:\n    source: "${store.url}/${nameOf(form)}"\n`);
    const catalogueFile = join(folder, "catalogue.yaml");
    writeFileSync(catalogueFile, `images:\n${entries.join("")}`);
    const remote = { allowed: [store.url], timeoutMs: LASTING_MS, freshMs: LASTING_MS };
    server = await runServer({}, { catalogueFile, remote, remoteCheckMs: LASTING_MS });
  });

  afterAll(async () => {
    latch.open();
    await server?.close();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Answers as many requests at a time as there should be, and not one more. */
  async function expectCost(work: () => Promise<unknown>, { rounds, bytes }: Cost): Promise<void> {
    store.reset();
    let ended = false;
    const done = work().finally(() => {
      ended = true;
    });
    for (const [round, requests] of rounds.entries()) {
      await expect.poll(() => latch.held, { message: `round ${round + 1}`, interval: 5 }).toBe(requests);
      latch.release();
    }
    await expect.poll(() => ended || latch.held > 0, { interval: 5 }).toBe(true);
    expect(latch.held).toBe(0);
    await done;
    expect(store.requests).toHaveLength(rounds.reduce((sum, requests) => sum + requests, 0));
    expect(store.sent()).toBeLessThanOrEqual(bytes);
  }

  async function tile(form: Form, x: number, y: number): Promise<void> {
    const path = `/tiles/form${FORMS.indexOf(form)}/2/${x}/${y}.png?f=${encodeURIComponent(FORMULA)}`;
    const answer = await server.get(path);
    expect([answer.status, await answer.bytes()]).toEqual([200, expect.anything()]);
  }

  async function range(form: Form): Promise<void> {
    const tiles = "tiles(level: 0, x: {from: 0, to: 3}, y: {from: 0, to: 3}, tileSize: 256, encoding: {format: PNG})";
    const query = `{ image(key: "form${FORMS.indexOf(form)}") { render(formula: "${FORMULA}") { ${tiles} { nodes { byteLength } } } } }`;
    const answer = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { data: found } = (await answer.json()) as {
      data: { image: { render: { tiles: { nodes: readonly { byteLength: number }[] } } } };
    };
    expect(found.image.render.tiles.nodes.filter(({ byteLength }) => byteLength > 0)).toHaveLength(16);
  }

  it.each(FORMS)("costs few requests and round trips, and hardly more bytes than its chunks have: %s", async (form) => {
    const { first, next, range: all } = COSTS[form];
    await expectCost(() => tile(form, 0, 0), first);
    await expectCost(() => tile(form, 3, 3), next);
    await expectCost(() => range(form), all);
  });
});
