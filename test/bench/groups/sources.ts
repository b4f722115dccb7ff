import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { startServer } from "../../fixtures/server.ts";
import { STORED_FORMS, type StoredForm, storedPath, writeStoredForms } from "../../fixtures/stored-forms.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import type { BenchImage } from "../images.ts";
import { type Measured, measure } from "../measure.ts";
import { Pipeline } from "../pipeline.ts";
import { atMost, note, type Row } from "../row.ts";

/** Of the image in every form: 16-bit samples of 12 bits, in chunks of 256 pixels. */
const SIDE = 4096;
const TILE = 256;
const FORMULA = "window(c1 + 2*(c3 - c2), 0, 4095)";
/** Room for a few tiles: each that is asked for is read and decoded. */
const CACHE_BYTES = 8 * 2 ** 20;
/** What a request to a store in the same region takes, milliseconds. */
const LATENCY = 50;
const STARTS = 3;
const ZOOM = 4;

/** The same pixels from every kind of store: chunks on a disk, and files at the other end of a network. */
export const rows: Group = async ({ folder }) => {
  const files = join(folder, "forms");
  writeStoredForms(
    files,
    { width: SIDE, height: SIDE, channels: 3, type: "uint16" },
    Object.keys(STORED_FORMS) as StoredForm[],
  );
  return [...(await fromDisk(files)), ...(await overNetwork(folder, files))];
};

async function fromDisk(files: string): Promise<readonly Row[]> {
  const forms = [
    "COG",
    "COG, deflate",
    "OME-Zarr",
    "OME-Zarr, sharded",
    "OME-Zarr, gzip",
    "OME-Zarr 0.4",
    "OME-Zarr, blosc",
  ] as const;
  const measured = new Map<StoredForm, Measured>();
  for (const form of forms) measured.set(form, await coldTile(storedPath(files, form)));
  const tiff = (form: StoredForm) => measured.get(/gzip/.test(form) ? "COG, deflate" : "COG")?.cpu ?? Number.NaN;
  return forms.flatMap((form): Row[] => {
    const values = measured.get(form);
    if (!values) return [];
    const isZarr = form.startsWith("OME-Zarr");
    const ratio = values.cpu / tiff(form);
    const targets = !isZarr
      ? []
      : form.endsWith("blosc")
        ? [note("of TIFF", ratio, "times")]
        : [atMost("of TIFF", ratio, 1.3, "times")];
    return [{ ...values, name: `cold tile, ${form}`, unit: "tile", targets }];
  });
}

async function coldTile(path: string): Promise<Measured> {
  const image: BenchImage = { key: "form", path, side: SIDE, tileSize: TILE, bits: 16, white: 4095 };
  const pipeline = await Pipeline.open(image, CACHE_BYTES);
  const kernel = pipeline.kernel(FORMULA);
  const tile = (n: number) => pipeline.tile(kernel, n % (SIDE / TILE) ** 2);
  const measured = await measure(tile, { calls: 256, warmup: 1500 });
  await pipeline.close();
  return measured;
}

async function overNetwork(folder: string, files: string): Promise<readonly Row[]> {
  const forms = ["OME-TIFF", "COG", "OME-Zarr", "OME-Zarr, sharded"] as const;
  const store = await startRangeServer(files, { latency: LATENCY });
  const rows: Row[] = [];
  for (const form of forms) rows.push(...(await remoteRows(folder, store, form)));
  await store.close();
  return rows;
}

interface Cost {
  readonly ms: number;
  readonly requests: number;
  readonly rounds: number;
  readonly bytes: number;
}

/** Fresh servers, each asked for a first tile, another one, and 4 × 4 tiles of which none was asked for. */
async function remoteRows(folder: string, store: RangeServer, form: StoredForm): Promise<readonly Row[]> {
  const costs: Record<"first" | "next" | "range", Cost[]> = { first: [], next: [], range: [] };
  const data = join(folder, `remote-${STORED_FORMS[form].name}`);
  mkdirSync(data, { recursive: true });
  // The first image is opened when the server starts: another one is asked for.
  const entry = (key: string, name: string) => `  ${key}:\n    source: "${store.url}/${name}"\n`;
  writeFileSync(
    join(data, "catalogue.yaml"),
    `images:\n${entry("a", "none.tif")}${entry("b", STORED_FORMS[form].name)}`,
  );
  for (let start = 0; start < STARTS; start++) {
    // A cache of its own: what another server has rendered is fetched from nowhere.
    const environment = { BANDLOOM_ALLOWED_SOURCES: store.url, BANDLOOM_CACHE: join(data, `cache-${start}`) };
    const server = await startServer({ data, environment });
    const client = new HttpClient(server.port, 1);
    await client.get("/healthz");
    const cost = async (work: () => Promise<unknown>): Promise<Cost> => {
      store.reset();
      const begin = performance.now();
      await work();
      const ms = performance.now() - begin;
      return { ms, requests: store.requests.length, rounds: store.rounds(), bytes: store.sent() };
    };
    const tile = (x: number, y: number) =>
      client.get(`/tiles/b/${ZOOM}/${x}/${y}.jpg?f=${encodeURIComponent(FORMULA)}`);
    const tiles = "tiles(level: 0, x: {from: 4, to: 7}, y: {from: 4, to: 7}, tileSize: 256)";
    costs.first.push(await cost(() => tile(1, 1)));
    costs.next.push(await cost(() => tile(12, 12)));
    costs.range.push(
      await cost(() =>
        client.query(`{ image(key: "b") { render(formula: "${FORMULA}") { ${tiles} { nodes { byteLength } } } } }`),
      ),
    );
    client.close();
    await server.stop();
  }
  const row = (name: string, all: readonly Cost[], unit: string, most: number): Row => {
    const sorted = all.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const [cost] = all;
    return {
      name: `${name}, ${form}, ${LATENCY} ms a request`,
      unit,
      p50: sorted[sorted.length >> 1] ?? Number.NaN,
      p99: sorted.at(-1) ?? Number.NaN,
      cpu: Number.NaN,
      targets: [
        atMost("round trips", cost?.rounds ?? Number.NaN, most, "trips"),
        note("requests", cost?.requests ?? Number.NaN, "requests"),
        note("bytes", (cost?.bytes ?? Number.NaN) / 1000, "kB"),
      ],
    };
  };
  return [
    row("first tile", costs.first, "tile", 3),
    row("next tile", costs.next, "tile", 3),
    row("4 × 4 tiles in one query", costs.range, "query", Number.NaN),
  ];
}
