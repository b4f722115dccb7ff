import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { freeAccess } from "../fixtures/access.ts";
import { type Running, runServer } from "../http/running.ts";

const TILES = (selection: string, to = 3) =>
  `subscription { tiles(input: { imageKey: "plate", formula: "window(b1, 0, 255)", level: 0, x: { from: 0, to: ${to} }, y: { from: 0, to: ${to} }, tileSize: 64 }) { ${selection} } }`;

const cache = mkdtempSync(join(tmpdir(), "bandloom-streams-"));
let server: Running;
beforeAll(async () => {
  const plate = { width: 512, height: 512, tile: [128, 128] as const, codec: "deflate" as const, seed: 4 };
  // A million and more tiles of 64: a job on it ends when it is told to.
  const large = { width: 65_536, height: 65_536, tile: [1024, 1024] as const, sparse: () => true };
  server = await runServer({ "plate.tif": plate, "large.tif": large }, { cacheFolder: cache, access: freeAccess() });
});
afterAll(async () => {
  await server.close();
  rmSync(cache, { recursive: true, force: true });
});

interface Event {
  readonly event: string;
  readonly data: { data?: Record<string, never>; errors?: readonly { extensions: { code: string } }[] } | null;
}

function post(query: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return server.get("/graphql/stream", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  });
}

function eventsOf(text: string): readonly Event[] {
  return text.split("\n\n").flatMap((block) => {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    return event ? [{ event, data: data ? JSON.parse(data) : null }] : [];
  });
}

async function stream(query: string): Promise<readonly Event[]> {
  return eventsOf(await (await post(query)).text());
}

async function overSocket(query: string, options: Record<string, unknown> = {}): Promise<readonly unknown[]> {
  const client = createClient({
    url: `${server.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
  try {
    const results: unknown[] = [];
    for await (const result of client.iterate({ query })) results.push(result);
    return results;
  } finally {
    await client.dispose();
  }
}

/** A job that has been started. */
async function begun(imageKey: string, formula: string): Promise<{ readonly id: string; readonly total: number }> {
  const query = `mutation { prerender(input: { imageKey: "${imageKey}", formula: "${formula}", tileSize: 64 }) { job { id total } userErrors { message } } }`;
  const answer = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: { prerender: { job: { id: string; total: number } | null } } };
  if (!data.prerender.job) throw new Error(`No job: ${JSON.stringify(data)}`);
  return data.prerender.job;
}

/** Status of a refused upgrade, or 101. */
function upgrade(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}${path}`, "graphql-transport-ws", { headers });
    socket.on("error", () => {});
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
  });
}

describe("tiles as they come", () => {
  it("are events, those in the middle first, each with its picture, and an end", async () => {
    const events = await stream(TILES("x y cache base64 url"));
    expect(events.at(-1)?.event).toBe("complete");
    const tiles = events
      .slice(0, -1)
      .map(({ data }) => (data as never as { data: { tiles: Record<string, never> } }).data.tiles);
    expect(tiles).toHaveLength(16);
    expect(new Set(tiles.map(({ x, y }) => `${x} ${y}`)).size).toBe(16);
    for (const tile of tiles) expect(tile).toMatchObject({ cache: "RENDERED", base64: expect.stringMatching(/^\/9j/) });
    const again = await stream(TILES("x y cache"));
    expect(
      again
        .slice(0, 4)
        .map(({ data }) => JSON.stringify(data?.data))
        .sort(),
    ).toEqual([1, 2].flatMap((x) => [1, 2].map((y) => `{"tiles":{"x":${x},"y":${y},"cache":"MEMORY"}}`)));
  });

  it("come over a WebSocket too", async () => {
    expect(await overSocket(TILES("x y"))).toHaveLength(16);
  });

  it("are not gathered by proxies", async () => {
    const answer = await post(TILES("x"));
    expect(answer.headers.get("x-accel-buffering")).toBe("no");
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    await answer.text();
  });

  it("that a formula cannot make are one error with a code", async () => {
    const [first, last] = await stream(TILES("x").replace("window(b1, 0, 255)", "nothing"));
    expect(first?.data?.errors?.[0]?.extensions.code).toBe("FORMULA_INVALID");
    expect(last?.event).toBe("complete");
  });
});

describe("a job that is watched", () => {
  it("is told at once and until its end, over both", async () => {
    const { id, total } = await begun("plate", "b1");
    expect(total).toBe(64 + 16);
    const query = `subscription { jobUpdated(id: "${id}") { id state completed total secondsLeft rate finishedAt } }`;
    const [events, results] = await Promise.all([stream(query), overSocket(query)]);
    const end = { id, state: "COMPLETED", completed: total, total, secondsLeft: null, rate: null };
    expect(events.at(-2)?.data?.data).toMatchObject({ jobUpdated: end });
    expect(results.at(-1)).toMatchObject({ data: { jobUpdated: end } });
    const asked = await stream(
      `{ node(id: "${id}") { ... on Job { state } } jobs(states: [COMPLETED]) { totalCount } }`,
    );
    const metrics = (await server.metrics.text()).split("\n");
    expect(metrics).toContain(`bandloom_job_tiles_total{outcome="completed"} ${total}`);
    for (const left of ['bandloom_jobs{state="running"} 0', 'bandloom_job_tiles_total{outcome="failed"} 0'])
      expect(metrics).toContain(left);
    expect(asked[0]?.data?.data).toEqual({ node: { state: "COMPLETED" }, jobs: { totalCount: 1 } });
  });

  it("must be there", async () => {
    const id = Buffer.from(`Job:${"0".repeat(32)}`).toString("base64url");
    const [first] = await stream(`subscription { jobUpdated(id: "${id}") { id } }`);
    expect(first?.data?.errors?.[0]?.extensions.code).toBe("NOT_FOUND");
  });
});

const REFUSED: readonly (readonly [name: string, query: string, code: string])[] = [
  ["too deep", `{ image(key: "plate") ${"{ levels ".repeat(13)} { index } ${"}".repeat(13)} }`, "LIMIT_EXCEEDED"],
  ["of too many tokens", `{ ${"colormaps { name } ".repeat(300)} }`, "GRAPHQL_PARSE_FAILED"],
  ["too dear", TILES("x", 300).replaceAll("plate", "none"), "LIMIT_EXCEEDED"],
  ["that does not exist", "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"],
  ["that is none", "subscription {", "GRAPHQL_PARSE_FAILED"],
];

describe("limits hold for streams", () => {
  for (const [name, query, code] of REFUSED)
    it(`an operation ${name} is refused, over both`, async () => {
      const answer = await post(query);
      expect(answer.status).toBe(400);
      const { errors } = (await answer.json()) as { errors: readonly { extensions: { code: string } }[] };
      expect(errors[0]?.extensions.code).toBe(code);
      await expect(overSocket(query)).rejects.toMatchObject({ 0: { extensions: { code } } });
    });

  it("bodies are JSON, and not too large", async () => {
    expect((await post("{ colormaps { name } }", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(`{ colormaps { name } }${" ".repeat(2 ** 20)}`)).status).toBe(413);
    expect((await post("{ colormaps { name } }", { accept: "application/json" })).status).toBe(406);
    expect((await server.get("/graphql/stream", { method: "PUT" })).status).toBe(405);
  });

  it("pages of other sites send no GET and open no WebSocket", async () => {
    const query = `/graphql/stream?query=${encodeURIComponent("{ colormaps { name } }")}`;
    const accept = "text/event-stream";
    expect((await server.get(query, { headers: { accept } })).status).toBe(200);
    expect((await server.get(query, { headers: { accept, origin: "http://elsewhere" } })).status).toBe(403);
    expect(await upgrade("/graphql")).toBe(101);
    expect(await upgrade("/graphql/stream", { origin: server.url })).toBe(101);
    expect(await upgrade("/graphql", { origin: "http://elsewhere" })).toBe(403);
    expect(await upgrade("/tiles")).toBe(404);
  });

  it("mutations do not come by GET", async () => {
    const cancel = `mutation { cancelJob(input: { id: "${Buffer.from(`Job:${"0".repeat(32)}`).toString("base64url")}" }) { userErrors { message } } }`;
    const accept = "text/event-stream";
    const got = await server.get(`/graphql/stream?query=${encodeURIComponent(cancel)}`, { headers: { accept } });
    expect(got.status).toBe(400);
    const [here] = await stream(cancel);
    expect(here?.data?.data).toMatchObject({
      cancelJob: { userErrors: [{ message: expect.stringContaining("no job") }] },
    });
  });

  it("one connection has only so many operations at a time, and those it has go on", async () => {
    const { id } = await begun("large", "window(median(b1, 4), 0, 255)");
    const client = createClient({ url: `${server.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket });
    const most = 16;
    const refused: unknown[] = [];
    const last: unknown[] = [];
    const toldOf = Array.from({ length: most + 1 }, async () => {
      let told: unknown;
      try {
        for await (const { data } of client.iterate({ query: `subscription { jobUpdated(id: "${id}") { state } }` }))
          told = data;
        last.push(told);
      } catch (error) {
        refused.push(error);
      }
    });
    await expect.poll(() => refused.length).toBe(1);
    await stream(`mutation { cancelJob(input: { id: "${id}" }) { job { state } } }`);
    await Promise.all(toldOf);
    await client.dispose();
    expect(refused).toMatchObject([[{ extensions: { code: "LIMIT_EXCEEDED" } }]]);
    expect(last).toEqual(Array.from({ length: most }, () => ({ jobUpdated: { state: "CANCELLED" } })));
  });

  it("tell what a query costs, as POST and GET do", async () => {
    const query = "{ colormaps { name } }";
    const headers = { "content-type": "application/json" };
    const posted = await server.get("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
    const { extensions } = (await posted.json()) as { extensions: { cost: Record<string, number> } };
    const { requestedQueryCost: cost = 0, limit = 0 } = extensions.cost;
    expect(cost).toBeGreaterThan(0);
    expect(extensions.cost).toEqual({ requestedQueryCost: cost, actualQueryCost: cost, limit, left: limit - cost });
    const got = await server.get(`/graphql?query=${encodeURIComponent(query)}`, { headers });
    expect(await got.json()).toMatchObject({ extensions });
    expect(await stream(query)).toContainEqual({ event: "next", data: expect.objectContaining({ extensions }) });
    expect(await overSocket(query)).toMatchObject([{ extensions }]);
  });
});
