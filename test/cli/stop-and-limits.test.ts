import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { referenceOf, runLoad } from "../fixtures/load.ts";
import { freePort, type RunningServer, servingProcess, startServer } from "../fixtures/server.ts";
import { bandloom, cleanEnvironment } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-signals-"));
const data = join(folder, "data");
const CONNECTIONS = 1000;
/** 128 + SIGKILL. */
const EXIT_OF_KILLED = 137;
const IMPATIENT = fileURLToPath(new URL("impatient-server.ts", import.meta.url));
const TSCONFIG = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));

beforeAll(async () => {
  mkdirSync(data);
  await bandloom(["demo", "--size", "512", "-o", join(data, "sky.ome.tif")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: RunningServer | undefined;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server?.stop("SIGKILL");
  server = undefined;
});

const tiles = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => `/tiles/sky/1/${n % 2}/${(n >> 1) % 2}.png?f=${encodeURIComponent(`window(b1, 0, ${200 + n})`)}`,
  );

/** However it ends: events.once would reject where the connection is reset. */
function ended(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.once("close", done));
}

/** Connections that never send a request, as many as come about. */
async function openConnections(port: number, count: number): Promise<void> {
  sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1").on("error", () => {}));
  const settled = (socket: Socket) =>
    Promise.race([new Promise((done) => socket.once("connect", done)), ended(socket), sleep(5_000)]);
  await Promise.all(sockets.map(settled));
}

/** Load that has begun when the server is told to end, and goes on until it has. */
async function stopUnderLoad<T>(
  running: RunningServer,
  paths: readonly string[],
  stop: (of: RunningServer) => Promise<T>,
) {
  const reference = await referenceOf(running.url, paths);
  let [answered, over] = [0, false];
  const options = { rounds: 0, parallel: 8, until: () => over, onAnswer: () => answered++ };
  const load = runLoad(running.url, reference, options);
  try {
    await expect.poll(() => answered, { interval: 5 }).toBeGreaterThan(paths.length);
    const code = await stop(running);
    // One at least finds nobody there.
    const before = answered;
    await expect.poll(() => answered, { interval: 5 }).toBeGreaterThan(before + options.parallel);
    over = true;
    return { code, load: await load };
  } finally {
    over = true;
    await load;
  }
}

function expectQuiet({ output }: RunningServer): void {
  expect(output()).not.toMatch(/unhandled|uncaught|A request failed|is started again|warning/i);
}

describe("a server that is told to end under load", () => {
  it.each(["SIGTERM", "SIGHUP"] as const)("by %s answers what it has begun, whole, and ends with 0", async (signal) => {
    server = await startServer({ data });
    const { code, load } = await stopUnderLoad(server, tiles(60), async ({ stop }) => await stop(signal));
    expect(code).toBe(0);
    const { statuses, wrong } = load;
    expect([...statuses.keys()].toSorted()).toEqual([0, 200]);
    expect(wrong).toEqual([]);
    expectQuiet(server);
  });

  it("twice in a breath takes it for once: a terminal and npm both pass on one Ctrl-C", async () => {
    server = await startServer({ data });
    const { code, load } = await stopUnderLoad(server, tiles(8), ({ stop }) =>
      Promise.all([stop("SIGTERM"), stop("SIGTERM")]),
    );
    expect(code).toEqual([0, 0]);
    expect(load.wrong).toEqual([]);
    expectQuiet(server);
  });

  it(`lets ${CONNECTIONS} connections go that ask for nothing, and ends with 0`, async () => {
    server = await startServer({ data });
    await openConnections(server.port, CONNECTIONS);
    const asked = sockets.slice(0, 50);
    for (const socket of asked) socket.write("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n");
    await Promise.all(asked.map((socket) => once(socket, "data")));
    const closed = Promise.all(sockets.map((socket) => ended(socket.resume())));
    expect(await server.stop()).toBe(0);
    await closed;
    expectQuiet(server);
  }, 60_000);
});

describe("a server that may open 256 files", () => {
  it(`survives ${CONNECTIONS} connections, and answers everybody when they end`, async () => {
    server = await startServer({ data, openFiles: 256 });
    const pid = server.pid();
    const reference = await referenceOf(server.url, tiles(8));
    await openConnections(server.port, CONNECTIONS);
    expect(server.pid()).toBe(pid);
    for (const socket of sockets) socket.destroy();
    // A tile that nobody has rendered yet: files and workers are well too.
    const [fresh = ""] = tiles(200).slice(-1);
    await expect
      .poll(
        () =>
          fetch(server?.url + fresh).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    const { statuses, wrong } = await runLoad(server.url, reference, { rounds: 5 });
    expect([[...statuses.keys()], wrong]).toEqual([[200], []]);
    expect(server.pid()).toBe(pid);
    expectQuiet(server);
    expect(await server.stop()).toBe(0);
  }, 60_000);

  it("answers those who are in while others wait at the door", async () => {
    server = await startServer({ data, openFiles: 256 });
    const keeper = connect(server.port, "127.0.0.1").on("error", () => {});
    await once(keeper, "connect");
    const ask = async (path: string) => {
      keeper.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
      const [answer] = (await once(keeper, "data")) as [Buffer];
      return answer.toString("latin1").slice(0, 12);
    };
    expect(await ask("/healthz")).toBe("HTTP/1.1 200");
    await openConnections(server.port, CONNECTIONS);
    for (const path of ["/healthz", "/readyz"]) expect(await ask(path)).toBe("HTTP/1.1 200");
    keeper.destroy();
  }, 60_000);
});

it("a server that cannot end, for what it has loaded never does, is ended half a minute later", async () => {
  // Its half a minute is half a second.
  const child = spawn(process.execPath, ["--import", "tsx", IMPATIENT], {
    env: cleanEnvironment({
      BANDLOOM_DATA: data,
      BANDLOOM_CACHE: join(folder, "cache"),
      BANDLOOM_WORKERS: "1",
      BANDLOOM_PORT: String(await freePort()),
      TSX_TSCONFIG_PATH: TSCONFIG,
    }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  await expect.poll(() => said, { timeout: 100_000 }).toContain("API page");
  process.kill(servingProcess(child), "SIGSTOP");
  child.kill("SIGTERM");
  expect(await closed).toEqual([EXIT_OF_KILLED, null]);
  expect(said).toContain("the server did not end in 0.5 s; it is ended by SIGKILL");
}, 120_000);
