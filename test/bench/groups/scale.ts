import { availableParallelism } from "node:os";
import { anonymousMemory, startServer } from "../../fixtures/server.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import { scaleImage } from "../images.ts";
import { atMost, type Row } from "../row.ts";

/** Servers that are started afresh, each asked for one first tile. */
const STARTS = 5;
const TILES = 2_000;
/** Columns and rows of 256-px tiles at full resolution of the scale image. */
const GRID = 390;

/** 12,500 × 12,500 pixels a channel. */
const HISTOGRAM_LEVEL = 3;
const HISTOGRAMS = ["red", "red + 2*(uv1 - green)"] as const;

function path(n: number): string {
  const formula = encodeURIComponent("red + 2*(uv1 - green)");
  return `/tiles/demo-100k/9/${(n * 7) % GRID}/${(n * 13) % GRID}.jpg?f=${formula}`;
}

/** 100,000 × 100,000 × 15 channels: how long the first tile takes, and what many cost in memory. */
export const rows: Group = async ({ folder }) => {
  const data = scaleImage(folder);
  const first: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const server = await startServer({ data });
    const client = new HttpClient(server.port, 1);
    // Opens the connection; the image stays unopened.
    await client.get("/healthz");
    const begin = performance.now();
    await client.get(path(start));
    first.push(performance.now() - begin);
    client.close();
    await server.stop();
  }
  const server = await startServer({ data });
  const client = new HttpClient(server.port, 8);
  for (let n = 0; n < TILES; n += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => client.get(path(n + k))));
  const megabytes = anonymousMemory(server.pid()) / 1e6;
  client.close();
  const counted: number[] = [];
  for (const [index, formula] of HISTOGRAMS.entries()) {
    const begin = performance.now();
    await server.query(
      `{ image(key: "demo-100k") { render(formula: "${formula}") { statistics(level: ${HISTOGRAM_LEVEL}) { level histogram { counts } } } } }`,
    );
    counted[index] = performance.now() - begin;
  }
  await server.stop();
  const sorted = first.toSorted((a, b) => a - b);
  const p50 = sorted[STARTS >> 1] ?? Number.NaN;
  const row: Row = {
    name: "first tile of the scale image",
    unit: "tile",
    p50,
    p99: sorted.at(-1) ?? Number.NaN,
    cpu: Number.NaN,
    targets: [
      atMost("slowest of five fresh servers", sorted.at(-1) ?? Number.NaN, 100, "ms"),
      atMost(`anonymous memory after ${TILES} tiles`, megabytes, 300, "MB"),
    ],
  };
  const histograms = HISTOGRAMS.map((formula, index): Row => {
    const milliseconds = counted[index] ?? Number.NaN;
    return {
      ...{ name: `histogram of ${formula}, all of level ${HISTOGRAM_LEVEL}`, unit: "histogram" },
      ...{ p50: milliseconds, p99: Number.NaN, cpu: Number.NaN },
      targets: [atMost(`${availableParallelism()} threads, two are asked for`, milliseconds, 2000, "ms")],
    };
  });
  return [row, ...histograms];
};
