import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { alive, servedFolder, until } from "./serving.ts";

const { data } = servedFolder();

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop("SIGKILL");
  server = undefined;
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

  it.each([
    ["as its own experience tells", {}, "1"],
    ["as its operator says, where he does", { MALLOC_ARENA_MAX: "5" }, "5"],
  ])("has glibc hand out memory %s", async (_, environment, arenas) => {
    server = await startServer({ data, environment });
    const variables = readFileSync(`/proc/${server.pid()}/environ`, "utf8").split("\0");
    expect(variables).toContain(`MALLOC_ARENA_MAX=${arenas}`);
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
