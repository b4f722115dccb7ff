import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { STORED_FORMS, type StoredForm, storedPath, writeStoredForms } from "../fixtures/stored-forms.ts";

const IMAGE = { width: 1024, height: 1024, channels: 3, type: "uint8" } as const;
/** Of a chunk as the noise in it packs: not at all. */
const CHUNK_BYTES = 256 * 256;
/** Long enough that what is asked for at once is on its way before the first answer, also on a busy machine. */
const LATENCY_MS = 150;
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
  readonly requests: number;
  readonly rounds: number;
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
    first: { requests: 5, rounds: 3, bytes: 2 * HEAD + around(3, 3) },
    next: { requests: 3, rounds: 1, bytes: around(3, 3) },
    range: { requests: 3, rounds: 1, bytes: around(48, 3) },
  },
  COG: {
    first: { requests: 4, rounds: 2, bytes: HEAD + around(3, 3) },
    next: { requests: 3, rounds: 1, bytes: around(3, 3) },
    range: { requests: 3, rounds: 1, bytes: around(48, 3) },
  },
  "OME-Zarr": {
    first: { requests: 6, rounds: 2, bytes: 16_384 + around(3, 0) },
    next: { requests: 3, rounds: 1, bytes: around(3, 0) },
    range: { requests: 48, rounds: 3, bytes: around(48, 0) },
  },
  "OME-Zarr, sharded": {
    first: { requests: 9, rounds: 3, bytes: 16_384 + around(3, 6) },
    next: { requests: 6, rounds: 2, bytes: around(3, 6) },
    range: { requests: 24, rounds: 2, bytes: around(48, 24) },
  },
  "OME-Zarr 0.4": {
    first: { requests: 6, rounds: 2, bytes: 16_384 + around(3, 0) },
    next: { requests: 3, rounds: 1, bytes: around(3, 0) },
    range: { requests: 48, rounds: 3, bytes: around(48, 0) },
  },
  [NOT_CONSOLIDATED]: {
    first: { requests: 9, rounds: 3, bytes: 16_384 + around(3, 0) },
    next: { requests: 3, rounds: 1, bytes: around(3, 0) },
    range: { requests: 48, rounds: 3, bytes: around(48, 0) },
  },
};
const FORMS = Object.keys(COSTS) as readonly Form[];

describe("a picture out of a store at the other end of a network", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-requests-"));
  const files = join(folder, "files");
  const data = join(folder, "data");
  let store: RangeServer;
  let server: RunningServer;

  beforeAll(async () => {
    writeStoredForms(files, IMAGE, STORED);
    cpSync(storedPath(files, "OME-Zarr 0.4"), join(files, "old.zarr"), { recursive: true });
    rmSync(join(files, "old.zarr", ".zmetadata"));
    store = await startRangeServer(files, { latency: LATENCY_MS });
    mkdirSync(data);
    const nameOf = (form: Form) => (form === NOT_CONSOLIDATED ? "old.zarr" : STORED_FORMS[form].name);
    const entries = FORMS.map((form, index) => `  form${index}:\n    source: "${store.url}/${nameOf(form)}"\n`);
    // The first image is looked at when the server starts, for the page that shows it.
    writeFileSync(
      join(data, "catalogue.yaml"),
      `images:\n  a:\n    source: "${store.url}/none.tif"\n${entries.join("")}`,
    );
    // What several workers render of a range they ask for each on their own.
    const environment = { BANDLOOM_ALLOWED_SOURCES: store.url, BANDLOOM_WORKERS: "1" };
    server = await startServer({ data, environment });
  });

  afterAll(async () => {
    await server?.stop();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function costOf(work: () => Promise<unknown>): Promise<Cost> {
    store.reset();
    await work();
    return { requests: store.requests.length, rounds: store.rounds(), bytes: store.sent() };
  }

  async function tile(form: Form, x: number, y: number): Promise<void> {
    const path = `/tiles/form${FORMS.indexOf(form)}/2/${x}/${y}.png?f=${encodeURIComponent(FORMULA)}`;
    const answer = await fetch(server.url + path);
    expect([answer.status, await answer.bytes()]).toEqual([200, expect.anything()]);
  }

  async function range(form: Form): Promise<void> {
    const tiles = "tiles(level: 0, x: {from: 0, to: 3}, y: {from: 0, to: 3}, tileSize: 256, encoding: {format: PNG})";
    const query = `{ image(key: "form${FORMS.indexOf(form)}") { render(formula: "${FORMULA}") { ${tiles} { nodes { byteLength } } } } }`;
    const found = await server.query<{ image: { render: { tiles: { nodes: readonly { byteLength: number }[] } } } }>(
      query,
    );
    expect(found.image.render.tiles.nodes.filter(({ byteLength }) => byteLength > 0)).toHaveLength(16);
  }

  it.each(FORMS)("costs few requests and round trips, and hardly more bytes than its chunks have: %s", async (form) => {
    const { first, next, range: all } = COSTS[form];
    const costs = [
      [await costOf(() => tile(form, 0, 0)), first],
      [await costOf(() => tile(form, 3, 3)), next],
      [await costOf(() => range(form)), all],
    ] as const;
    for (const [found, allowed] of costs) {
      expect(found.requests).toBeLessThanOrEqual(allowed.requests);
      expect(found.rounds).toBeLessThanOrEqual(allowed.rounds);
      expect(found.bytes).toBeLessThanOrEqual(allowed.bytes);
    }
  });
});
