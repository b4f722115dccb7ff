import { describe, expect, it } from "vitest";
import { startNginx } from "../fixtures/nginx.ts";
import { startTinyUpstream } from "../fixtures/tiny-upstream.ts";
import { exchange } from "../http/running.ts";

describe("nginx and one client", () => {
  it("says 429 to who asks for more than one client may, and not to an api on the internal side", async () => {
    const server = await startTinyUpstream((_request, response) => response.end("ok"));
    const ports = [server.port];
    const nginx = await startNginx(
      { api: ports, render: ports, files: ports },
      // A minute, until it may ask again.
      { perClient: { rate: "1r/m", burst: 20, connections: 64 } },
    );
    const ask = (url: string) => Promise.all(Array.from({ length: 60 }, () => fetch(`${url}/tiles/a/1/1/1.png`)));
    const answers = await ask(nginx.url);
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(21);
    expect(refused.length).toBeGreaterThan(0);
    const [one] = refused;
    expect([one?.headers.get("cache-control"), one?.headers.get("retry-after")]).toEqual(["no-store", "1"]);
    expect(await one?.json()).toMatchObject({ code: "QUOTA_EXCEEDED", message: expect.any(String) });
    // Forged addresses are no other clients.
    const forged = await fetch(`${nginx.url}/tiles/a/1/1/1.png`, { headers: { "x-forwarded-for": "9.9.9.9" } });
    expect(forged.status).toBe(429);
    expect(new Set((await ask(nginx.internalUrl)).map(({ status }) => status))).toEqual(new Set([200]));
    await nginx.stop();
    await server.close();
  });

  it("passes events on one by one as they come, uncompressed", async () => {
    let next = () => {};
    const server = await startTinyUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const send = (n: number) => response.write(`data: ${n}\n\n`);
      let n = 0;
      next = () => send(++n);
      send(0);
    });
    const ports = [server.port];
    const nginx = await startNginx({ api: ports, render: ports, files: ports });
    const answer = await fetch(`${nginx.url}/graphql/stream`, {
      method: "POST",
      headers: { accept: "text/event-stream" },
    });
    expect(answer.headers.has("content-encoding")).toBe(false);
    const reader = answer.body?.getReader();
    // Each is sent only after the one before it arrived: a buffer anywhere would be waited for without end.
    for (let n = 0; n < 3; n++) {
      const { value } = (await reader?.read()) ?? {};
      expect(Buffer.from(value ?? []).toString()).toBe(`data: ${n}\n\n`);
      next();
    }
    await reader?.cancel();
    await nginx.stop();
    await server.close();
  });

  it("lets a WebSocket through at its one address, and no other upgrade", async () => {
    const server = await startTinyUpstream((_request, response) => response.end("ok"));
    const ports = [server.port];
    const nginx = await startNginx({ api: ports, render: ports, files: ports });
    for (const [path, upgrade, passed] of [
      ["/graphql", "websocket", "websocket"],
      ["/graphql", "WebSocket", "websocket"],
      ["/graphql", "h2c", undefined],
      ["/tiles/a/1/1/1.png", "websocket", undefined],
    ] as const) {
      await exchange(
        nginx.port,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: ${upgrade}\r\n\r\n`,
      );
      const headers = server.requests.at(-1)?.headers;
      expect([path, headers?.upgrade, headers?.connection === "upgrade"]).toEqual([path, passed, passed !== undefined]);
    }
    await nginx.stop();
    await server.close();
  });
});
