import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRedis } from "../../fixtures/redis.ts";
import { type RunningServer, startServer } from "../../fixtures/server.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import { type BenchImage, benchFormula, benchImage, tilePath } from "../images.ts";
import { type Measured, measure } from "../measure.ts";
import { atMost, note, type Row } from "../row.ts";

/** Tiles that are asked for over and over. */
const TILES = 64;
const CONNECTIONS = 8;
const LOAD = { calls: 4_000, rounds: 7, warmup: 4_000, parallel: CONNECTIONS };
/** Too little for a tile: every hit comes from the tier behind memory. */
const NO_MEMORY = { BANDLOOM_MEMORY_BYTES: "1" };

/** A tile that was rendered before, over HTTP, from each tier. */
export const rows: Group = async ({ folder }) => {
  const image = await benchImage(folder, 8, 256, 8192);
  const memory = await hits(image, {}, {});
  const embedded = await hits(image, {}, NO_MEMORY);
  const redis = await startRedis();
  const shared = await hits(image, { REDIS_URL: redis.url }, { ...NO_MEMORY, REDIS_URL: redis.url });
  await redis.stop();
  const floor = await plainHttp(memory.bytes);
  const row = (name: string, measured: Measured, targets: Row["targets"] = []): Row => ({
    ...measured,
    name,
    unit: "tile",
    targets,
  });
  return [
    row(`memory hit over HTTP (${Math.round(memory.bytes / 1000)} kB)`, memory.measured, [
      atMost("CPU", memory.measured.cpu * 1000, 40, "µs"),
      note("of plain node:http", memory.measured.cpu / floor.cpu, "times"),
    ]),
    row("LMDB hit over HTTP", embedded.measured),
    row("Redis hit over HTTP", shared.measured),
    row("plain node:http, same bytes", floor),
  ];
};

/** Renders the tiles with one server, then asks a second one on the same cache for them. */
async function hits(
  image: BenchImage,
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
): Promise<{ readonly measured: Measured; readonly bytes: number }> {
  const data = join(image.path, "..");
  const path = (n: number) => tilePath(image, n % TILES, benchFormula(image));
  const fill = async (server: RunningServer): Promise<number> => {
    const client = new HttpClient(server.port, CONNECTIONS);
    const lengths = await Promise.all(Array.from({ length: TILES }, (_, n) => client.get(path(n))));
    client.close();
    return lengths.reduce((sum, length) => sum + length, 0) / TILES;
  };
  const writer = await startServer({ data, environment: first });
  await fill(writer);
  await writer.stop();
  const server = await startServer({ data, environment: second });
  const bytes = await fill(server);
  const client = new HttpClient(server.port, CONNECTIONS);
  const measured = await measure((n) => client.get(path(n)), { ...LOAD, pid: server.pid() });
  client.close();
  await server.stop();
  return { measured, bytes };
}

async function plainHttp(bytes: number): Promise<Measured> {
  const program = fileURLToPath(new URL("../plain-server.ts", import.meta.url));
  const child = fork(program, [String(Math.round(bytes))]);
  const [port] = (await once(child, "message")) as [number];
  const client = new HttpClient(port, CONNECTIONS);
  const measured = await measure(() => client.get("/"), { ...LOAD, pid: child.pid ?? 0 });
  client.close();
  child.disconnect();
  return measured;
}
