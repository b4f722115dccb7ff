import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  introspectionFromSchema,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort, type RunningServer, startServer } from "../fixtures/server.ts";
import { bandloom, cleanEnvironment, PROGRAM } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-serve-"));
/** A data folder with a small image: nothing needs to be painted. */
const data = join(folder, "data");

beforeAll(async () => {
  mkdirSync(data);
  await bandloom(["demo", "--size", "256", "-o", join(data, "sky.ome.tif")]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop("SIGKILL");
  server = undefined;
});

async function until<T>(find: () => T | null | Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 1000; tries++) {
    const found = await find();
    if (found !== null) return found;
    await sleep(25);
  }
  throw new Error("It did not come to pass.");
}

const alive = (pid: number) => existsSync(`/proc/${pid}/status`);

describe("serve", () => {
  /** Of three tests that only look. */
  let plain: RunningServer;
  beforeAll(async () => {
    plain = await startServer({ data });
  });
  afterAll(() => plain?.stop());

  it("prints the page and a curl line that works, and nothing on stderr", async () => {
    const { url } = plain;
    const text = await until(() => (plain.output().includes("curl") ? plain.output() : null));
    expect(text).toContain(`API page   ${url}/\n`);
    const [, tile = ""] = /curl -o tile\.jpg '([^']+)'/.exec(text) ?? [];
    const answer = await fetch(tile);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(text).not.toMatch(/warn|error/);
    expect(existsSync(join(data, ".bandloom"))).toBe(true);
  });

  it("has the schema of schema.graphql: bundling has renamed none of the classes that types are called after", async () => {
    const wanted = { specifiedByUrl: true, oneOf: true } as const;
    const asked = await plain.query<IntrospectionQuery>(getIntrospectionQuery(wanted));
    const text = readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8");
    const printed = (told: IntrospectionQuery) => printSchema(lexicographicSortSchema(buildClientSchema(told)));
    expect(printed(asked)).toBe(printed(introspectionFromSchema(buildSchema(text), wanted)));
  });

  it("signs its addresses with the keys of its settings, that of its curl line too, and opens no other", async () => {
    server = await startServer({ data, environment: { BANDLOOM_SIGNING_KEYS: `a:${"5d".repeat(32)}` } });
    const { url } = server;
    const query = '{ image(key: "sky") { render(formula: "red") { tile(level: 0, x: 0, y: 0) { url base64 } } } }';
    const { image } = await server.query<{ image: { render: { tile: { url: string } } } }>(query);
    const signed = image.render.tile.url;
    const text = await until(() => (server?.output().includes("curl") ? server.output() : null));
    const [, line = ""] = /curl -o tile\.jpg '([^']+)'/.exec(text) ?? [];
    const statuses = [url + signed, url + signed.replace(/&kid=.*/, ""), line].map(
      async (u) => (await fetch(u)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 200]);
  });

  it("takes its settings from a YAML file, .env and flags in the working folder", async () => {
    const work = mkdtempSync(join(folder, "work-"));
    const port = await freePort();
    writeFileSync(join(work, "bandloom.yaml"), `data: ${data}\nport: 1\npublic-url: https://tiles.example.org/\n`);
    writeFileSync(join(work, ".env"), "BANDLOOM_PORT=2\n");
    const child = spawn(process.execPath, [PROGRAM, "serve", "--port", String(port)], {
      cwd: work,
      env: cleanEnvironment(),
      stdio: "ignore",
    });
    try {
      await until(() =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok || null,
          () => null,
        ),
      );
      const query = '{ image(key: "sky") { render(formula: "red") { tile(level: 0, x: 0, y: 0) { url } } } }';
      const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      expect(await answer.text()).toContain("https://tiles.example.org/tiles/sky/");
    } finally {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });

  it("makes the demo image in an empty folder before it is ready", async () => {
    const empty = join(folder, "empty");
    server = await startServer({ data: empty });
    expect(readdirSync(empty).sort()).toEqual([".bandloom", "demo.ome.tif"]);
    const { images } = await server.query<{ images: unknown }>("{ images { nodes { key } } }");
    expect(images).toEqual({ nodes: [{ key: "demo" }] });
  }, 150_000);

  it("makes none beside other images", () => {
    expect(readdirSync(data).filter((name) => !name.startsWith("."))).toEqual(["sky.ome.tif"]);
  });

  it("leaves nothing behind when it is stopped while it makes the demo image", async () => {
    const empty = join(folder, "stopped");
    const child = spawn(process.execPath, [PROGRAM, "serve", "--data", empty, "--port", "0"], {
      env: cleanEnvironment(),
      stdio: "ignore",
    });
    await until(() => (existsSync(empty) && readdirSync(empty).length > 0 ? true : null));
    const exit = once(child, "exit") as Promise<[number | null]>;
    child.kill("SIGTERM");
    const [code] = await exit;
    expect([code, readdirSync(empty)]).toEqual([0, []]);
  });
});

describe("serve that cannot begin", () => {
  it.each([
    ["hours of links without keys", ["--link-hours", "3"], "BANDLOOM_SIGNING_KEYS"],
    ["one port for two servers", ["--port", "8123", "--metrics-port", "8123"], "--metrics-port"],
    ["pictures from elsewhere for a server that renders", ["--render-url", "http://127.0.0.1:8081"], "role api"],
  ])("refuses %s", async (_what, flags, names) => {
    const { code, stdout, stderr } = await bandloom(["serve", "--data", data, ...flags]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bandloom: [^\n]*\n$/);
    expect(stderr).toContain(names);
  });

  it("says in one sentence that the port is in use, and ends with 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, stdout, stderr } = await bandloom(["serve", "--data", data, "--port", String(port)]);
    other.close();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(new RegExp(`^bandloom: Port ${port} of 127\\.0\\.0\\.1 is in use[^\n]*\n$`));
  });

  it.each([
    ["a folder far from any other", () => join(folder, "no", "such", "folder"), "does not exist"],
    ["a file", () => join(data, "sky.ome.tif"), "is no folder"],
  ])("names the data folder when it is %s", async (_kind, path, reason) => {
    const { code, stderr } = await bandloom(["serve", "--data", path(), "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: The data folder [^\n]*--data\.\n$/);
    expect(stderr).toContain(reason);
  });

  it("names an address that this machine does not have", async () => {
    const { code, stderr } = await bandloom(["serve", "--data", data, "--host", "192.0.2.1", "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: This machine has no address 192\.0\.2\.1/);
  });
});

describe("the supervisor", () => {
  it("starts a server that crashed again, on the same port, and says so", async () => {
    server = await startServer({ data });
    const { url } = server;
    await until(() => (server?.output().includes("API page") ? true : null));
    const crashed = server.pid();
    process.kill(crashed, "SIGSEGV");
    await until(async () => (alive(crashed) ? null : true));
    await until(() =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok || null,
        () => null,
      ),
    );
    expect(server.pid()).not.toBe(crashed);
    // Then all that it printed has been read.
    await server.stop();
    expect(server.output()).toContain("the server ended with SIGSEGV; it is started again");
    expect(server.output().match(/API page/g)).toHaveLength(1);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("passes %s on: the server ends, with 0", async (signal) => {
    server = await startServer({ data });
    const pid = server.pid();
    expect(await server.stop(signal)).toBe(0);
    expect(alive(pid)).toBe(false);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  it("ends when the server was told to end itself", async () => {
    server = await startServer({ data });
    process.kill(server.pid(), "SIGTERM");
    expect(await server.stop()).toBe(0);
  });

  it("leaves no server behind when it is killed", async () => {
    server = await startServer({ data });
    const pid = server.pid();
    await server.stop("SIGKILL");
    await until(() => (alive(pid) ? null : true));
  });

  it("lets a request that runs finish", async () => {
    server = await startServer({ data });
    const { socket, finish } = await halfRequest(server.port);
    const stopped = server.stop("SIGINT");
    await until(() =>
      fetch(`${server?.url}/healthz`).then(
        () => null,
        () => true,
      ),
    );
    finish();
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await stopped).toBe(0);
  });

  it("waits for nothing after a second signal", async () => {
    server = await startServer({ data });
    const pid = server.pid();
    const { socket } = await halfRequest(server.port);
    const first = server.stop("SIGINT");
    await until(() =>
      fetch(`${server?.url}/healthz`).then(
        () => null,
        () => true,
      ),
    );
    // It has heard the first. Sooner the second would count as the same, passed on twice.
    await sleep(600);
    expect(alive(pid)).toBe(true);
    const second = server.stop("SIGINT");
    expect([await first, await second]).toEqual([130, 130]);
    expect(alive(pid)).toBe(false);
    socket.destroy();
  });

  it("shows no settings in the list of processes", async () => {
    server = await startServer({ data, environment: { REDIS_URL: "redis://:hunter2@127.0.0.1:1" } });
    expect(readFileSync(`/proc/${server.pid()}/cmdline`, "utf8")).not.toContain("hunter2");
  });
});

/** A request of which the end is still to come: the server has something to do. */
async function halfRequest(port: number) {
  const body = JSON.stringify({ query: "{ server { version } }" });
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  // In one piece with another, whose answer tells that the server has read it.
  const whole = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const half = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n{`;
  socket.write(whole + half);
  await once(socket, "data");
  return { socket, finish: () => socket.write(body.slice(1)) };
}
