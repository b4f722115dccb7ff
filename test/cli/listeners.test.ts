import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { LISTENERS } from "../../src/cli/serve/more-listeners.ts";
import { freePort, killBoth, type RunningServer, servingProcess, startServer } from "../fixtures/server.ts";
import { cleanEnvironment, PROGRAM } from "./program.ts";
import { alive, servedFolder, until } from "./serving.ts";

const { folder, data } = servedFolder();
const BUSY = fileURLToPath(new URL("busy-loop.mjs", import.meta.url));
const IMPATIENT = fileURLToPath(new URL("impatient-server.ts", import.meta.url));
const TSCONFIG = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));
const CROWD = 1_000;
const BODY = JSON.stringify({ query: "{ server { version } }" });
const HEALTH = "GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
const QUESTION = `POST /graphql HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`;

let server: RunningServer | undefined;
let program: ChildProcess | undefined;
afterEach(async () => {
  await server?.stop("SIGKILL");
  if (program) await killBoth(program);
  server = program = undefined;
});

/** What a connection brings, up to its end: its first line, or the code of its error. */
interface Caller {
  readonly socket: Socket;
  readonly answer: Promise<string>;
}

function call(port: number, text: string): Caller {
  const socket = connect(port, "127.0.0.1");
  let [got, failed] = ["", ""];
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    got += chunk;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    failed = error.code ?? error.message;
  });
  socket.write(text);
  const answer = new Promise<string>((done) => socket.once("close", () => done(failed || got.slice(0, 15))));
  return { socket, answer };
}

const crowd = (port: number, size: number, text: string) => Array.from({ length: size }, () => call(port, text));

/** Sends the end of a question. Gives the beginning of its answer, or says that none came. */
async function finish({ socket, answer }: Caller): Promise<string> {
  const next = once(socket, "data").then(([text]) => String(text).slice(0, 15));
  socket.write(BODY);
  return await Promise.race([next, answer.then((all) => `the end after ${all}`)]);
}

/** How often each answer came. */
async function answersOf(callers: readonly Caller[]): Promise<Record<string, number>> {
  const answers = await Promise.all(callers.map(({ answer }) => answer));
  return Object.fromEntries(
    [...new Set(answers)].map((one) => [one, answers.filter((answer) => answer === one).length]),
  );
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await until(() => (alive(pid) ? null : true));
}

/** Resolves with the port that it announces. */
async function announcedPort(of: ChildProcess): Promise<number> {
  let said = "";
  for (const stream of [of.stdout, of.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [, port] = await until(() => /http:\/\/127\.0\.0\.1:(\d+)/.exec(said));
  return Number(port);
}

describe("a server whose event loop has much to do", () => {
  const environment = { NODE_OPTIONS: `--import ${BUSY}` };

  it(`accepts a crowd of ${CROWD}, ${LISTENERS} in a turn, and answers everybody`, async () => {
    server = await startServer({ data, environment });
    expect(await answersOf(crowd(server.port, CROWD, HEALTH))).toEqual({ "HTTP/1.1 200 OK": CROWD });
    expect(await server.stop()).toBe(0);
    expect(server.output()).toContain(`accepted in one turn: ${LISTENERS}\n`);
  });

  it("lets the requests of all its listeners finish, and takes nobody else, when it is told to end", async () => {
    server = await startServer({ data, environment });
    const { port } = server;
    // In one piece with another, whose answer tells that the server has read it.
    const early = crowd(port, 4 * LISTENERS, `GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n${QUESTION}`);
    await Promise.all(early.map(({ socket }) => once(socket, "data")));
    const stopped = server.stop();
    await until(async () => ((await call(port, HEALTH).answer) === "ECONNREFUSED" ? true : null));
    // One after the other, and last some of those that were accepted in the same turn: whichever listener has no more, others have.
    for (const caller of [...early.slice(8), ...early.slice(0, 8)])
      expect(await finish(caller)).toBe("HTTP/1.1 200 OK");
    expect(await stopped).toBe(0);
  });
});

describe("an address", () => {
  it("is kept while a server that was killed is started again: who connects waits", async () => {
    server = await startServer({ data });
    const { port } = server;
    for (let times = 0; times < 2; times++) {
      const killed = server.pid();
      await kill(killed);
      expect(await answersOf(crowd(port, 200, HEALTH))).toEqual({ "HTTP/1.1 200 OK": 200 });
      expect(server.pid()).not.toBe(killed);
    }
    expect(await server.stop()).toBe(0);
    expect(await call(port, HEALTH).answer).toBe("ECONNREFUSED");
  });

  it("that the system chose is kept as well", async () => {
    program = spawn(process.execPath, [PROGRAM, "serve", "--data", data, "--port", "0"], {
      env: cleanEnvironment({ BANDLOOM_WORKERS: "1" }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const port = await announcedPort(program);
    await kill(servingProcess(program));
    expect(await call(port, HEALTH).answer).toBe("HTTP/1.1 200 OK");
  });

  it("is let go where the server cannot be started again, so that clients are refused, and bound when it can", async () => {
    // It holds an address for a second.
    program = spawn(process.execPath, ["--import", "tsx", IMPATIENT], {
      env: cleanEnvironment({
        BANDLOOM_DATA: data,
        BANDLOOM_CACHE: join(folder, "cache"),
        BANDLOOM_ROLE: "render",
        BANDLOOM_WORKERS: "1",
        BANDLOOM_PORT: String(await freePort()),
        TSX_TSCONFIG_PATH: TSCONFIG,
      }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const port = await announcedPort(program);
    renameSync(data, `${data}-gone`);
    try {
      await kill(servingProcess(program));
      await until(async () => ((await call(port, HEALTH).answer) === "ECONNREFUSED" ? true : null));
    } finally {
      renameSync(`${data}-gone`, data);
    }
    await until(async () => ((await call(port, HEALTH).answer) === "HTTP/1.1 200 OK" ? true : null));
  }, 120_000);
});
