import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../fixtures/server.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Seconds of the server's processor that a hostile query may take, ten times the limit. How long others keep that busy is no matter. */
const MOST_SECONDS = 1;
/** Of the kernel, which tells times of processes in these on every platform that Linux has. */
const TICKS_PER_SECOND = 100;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: {
    readonly data?: Record<string, unknown> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
  };
}

let server: RunningServer;
let quiet: RunningServer;
const data = mkdtempSync(join(tmpdir(), "bandloom-graphql-"));

beforeAll(async () => {
  execFileSync(process.execPath, [PROGRAM, "demo", "--size", "512", "-o", join(data, "demo.ome.tif")], {
    stdio: "ignore",
  });
  server = await startServer({ data });
  quiet = await startServer({ data, environment: { BANDLOOM_INTROSPECTION: "false" } });
});

afterAll(async () => {
  await Promise.all([server?.stop(), quiet?.stop()]);
  rmSync(data, { recursive: true, force: true });
});

async function send(init: RequestInit, path = "/graphql", to = server): Promise<Answer> {
  const response = await fetch(`${to.url}${path}`, init);
  const text = await response.text();
  const body = text.startsWith("{") ? (JSON.parse(text) as Answer["body"]) : {};
  return { status: response.status, type: response.headers.get("content-type") ?? "", body };
}

function post(body: string | Uint8Array<ArrayBuffer>, contentType: string | null = "application/json", to = server) {
  return send(
    { method: "POST", body, headers: contentType === null ? {} : { "content-type": contentType } },
    undefined,
    to,
  );
}

function query(text: string, variables?: Record<string, unknown>, to = server): Promise<Answer> {
  return post(JSON.stringify({ query: text, variables }), "application/json", to);
}

function codes({ body }: Answer): readonly (string | undefined)[] {
  return (body.errors ?? []).map(({ extensions }) => extensions?.code);
}

/** Seconds of processor time that the serving process has had, in all its threads (proc(5)). */
function secondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // What stands before is its name, which may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** After every refusal the next good request is served. */
async function expectAlive(): Promise<void> {
  const { status, body } = await query('{ image(key: "demo") { key } }');
  expect([status, body.data]).toEqual([200, { image: { key: "demo" } }]);
}

const RENDER = 'render(formula: "red")';

describe("a request that is no JSON of ours", () => {
  it.each([
    ["text/plain"],
    ["multipart/form-data; boundary=x"],
    ["application/x-www-form-urlencoded"],
    ["application/json; charset=utf-7"],
    ["application/json; charset=utf-32"],
    ["application/json; charset=bogus"],
  ])("is refused as %s", async (type) => {
    const answer = await post('{"query":"{ server { version } }"}', type);
    expect(answer.status).toBe(415);
    expect(codes(answer)).toEqual(["UNSUPPORTED_MEDIA_TYPE"]);
    await expectAlive();
  });

  it("is taken with charset=utf-8, quoted or not", async () => {
    for (const charset of ["utf-8", '"UTF-8"', "utf8"]) {
      const answer = await post('{"query":"{ server { version } }"}', `application/json; charset=${charset}`);
      expect(answer.status).toBe(200);
    }
  });

  it.each([
    ["invalid UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["a string", '"x"'],
    ["a number", "1"],
    ["half of an object", '{"query":'],
    ["an object without a query", "{}"],
    ["a query that is no text", '{"query": 5}'],
    [
      "a thousand requests in a list",
      JSON.stringify(Array.from({ length: 1000 }, () => ({ query: "{ server { version } }" }))),
    ],
    [
      "JSON of 100,000 levels",
      `{"query":"{ server { version } }","variables":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    ],
    ["a key that reaches a prototype", '{"query":"{ server { version } }","variables":{"__proto__":{"x":1}}}'],
  ])("is refused as %s", async (_, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.type).toContain("json");
    expect(answer.body.errors?.length).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    await expectAlive();
  });

  it("is refused at 10 MB, before it is read", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const head = ["POST /graphql HTTP/1.1", "host: x", "content-type: application/json", "content-length: 10000000"];
    socket.write(`${head.join("\r\n")}\r\n\r\n{"query":"`);
    let answer = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      answer += part;
    });
    await expect.poll(() => answer).toContain('"code":"TOO_LARGE"');
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    await expectAlive();
  });
});

describe("a query that asks for too much", () => {
  async function expectRefused(text: string): Promise<Answer> {
    const pid = server.pid();
    const before = secondsOf(pid);
    const answer = await query(text);
    expect(secondsOf(pid) - before).toBeLessThan(MOST_SECONDS);
    expect(answer.status).toBe(400);
    expect(answer.body.data ?? null).toBeNull();
    await expectAlive();
    return answer;
  }

  const many = (count: number, part: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => part(i)).join(" ");

  it("is refused with 1,000 aliases of one field", async () => {
    await expectRefused(`{ image(key: "demo") { ${many(1000, (i) => `a${i}: ${RENDER} { hash }`)} } }`);
  });

  it("is refused with a few aliases above the limit, by name of the limit", async () => {
    const answer = await expectRefused(`{ image(key: "demo") { ${many(16, (i) => `a${i}: key`)} } }`);
    expect(codes(answer)).toEqual(["LIMIT_EXCEEDED"]);
  });

  it("is refused with tiles that cost more than the limit, and says the cost", async () => {
    const tiles = (fields: string) =>
      `tiles(level: 0, x: {from: 0, to: 7}, y: {from: 0, to: 7}, tileSize: 64) { nodes { ${fields} } }`;
    const pictures = (fields: string) =>
      `{ image(key: "demo") { ${many(8, (i) => `r${i}: render(formula: "red+${i}") { ${tiles(fields)} }`)} } }`;
    expect((await query(pictures("url"))).status).toBe(200);
    const answer = await expectRefused(pictures("base64"));
    expect(codes(answer)).toEqual(["LIMIT_EXCEEDED"]);
    expect(answer.body.errors?.[0]?.message).toContain("10240");
  });

  it.each([
    ["10,000 levels", `{ ${"image { ".repeat(10_000)}key${" }".repeat(10_000)} }`],
    ["fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"],
    ["10,000 repeated fields", `{ image(key: "demo") { ${"key ".repeat(10_000)} } }`],
    ["10,000 inline fragments", `{ image(key: "demo") { ${"... on Image { key } ".repeat(10_000)} } }`],
    ["10,000 @skip on one field", `{ image(key: "demo") { key ${"@skip(if: true) ".repeat(10_000)} } }`],
    ["10,000 unknown directives", `{ image(key: "demo") { key ${"@nope ".repeat(10_000)} } }`],
    ["51 directives", `{ image(key: "demo") { ${many(51, () => "key @include(if: true)")} } }`],
    [
      "13 levels of fields",
      `{ images { nodes { render { tiles(level: 0, x: {from: 0, to: 0}, y: {from: 0, to: 0}) ${"{ nodes ".repeat(10)} { x } ${"}".repeat(10)} } } } }`,
    ],
  ])("is refused with %s", async (_, text) => {
    await expectRefused(text);
  });

  it.each([["first: 1000000000"], ["first: -1"], ['after: "bogus"'], ["first: 2, last: 2"]])(
    "is refused with images(%s)",
    async (page) => {
      const answer = await query(`{ images(${page}) { totalCount } }`);
      expect(codes(answer)).toEqual(["BAD_REQUEST"]);
      await expectAlive();
    },
  );
});

describe("variables that do not fit", () => {
  const text = `query ($level: Int!, $from: Int!) { image(key: "demo") { ${RENDER} {
    tiles(level: $level, x: {from: $from, to: 1}, y: {from: 0, to: 1}) { count } } } }`;

  it.each([
    ["a huge integer", { level: 0, from: 10 ** 15 }],
    ["text in place of a number", { level: "NaN", from: 0 }],
    ["a fraction", { level: 0.5, from: 0 }],
    ["an object", { level: {}, from: 0 }],
    ["nothing", {}],
  ])("are refused: %s", async (_, variables) => {
    const answer = await query(text, variables);
    expect(answer.status).toBe(400);
    expect(new Set(codes(answer))).toEqual(new Set(["BAD_USER_INPUT"]));
    await expectAlive();
  });
});

describe("what the API keeps to itself", () => {
  it("answers no mutation by GET, and none that there is not by POST", async () => {
    const saved = 'mutation { savePreset(input: { name: "x", formula: "b1" }) { preset { name } } }';
    for (const text of [saved, "mutation { purge }"]) {
      const get = await send(
        { headers: { "apollo-require-preflight": "1" } },
        `/graphql?query=${encodeURIComponent(text)}`,
      );
      expect(get.status, text).toBe(text === saved ? 405 : 400);
    }
    expect((await query("mutation { purge }")).status).toBe(400);
  });

  it("refuses other methods with the ones that it allows", async () => {
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      const response = await fetch(`${server.url}/graphql`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toContain("POST");
    }
  });

  it("refuses a simple GET from another site, which no preflight has announced", async () => {
    const answer = await send({}, `/graphql?query=${encodeURIComponent("{ server { version } }")}`);
    expect(answer.status).toBe(400);
  });

  it("caps the list of errors and says how many there are", async () => {
    const points = Array.from(
      { length: 15 },
      (_, i) => `a${i}: region(region: {x: 9999, y: 0, width: 9, height: ${i + 1}}) { url }`,
    );
    const answer = await query(`{ image(key: "demo") { ${RENDER} { ${points.join(" ")} } } }`);
    expect(answer.body.errors?.length).toBeLessThanOrEqual(21);
    const wide = Array.from({ length: 900 }, (_, i) => `{x: ${i}, y: 0}`).join(", ");
    const probe = await query(`{ image(key: "demo") { ${RENDER} { probe(points: [${wide}]) { x } } } }`);
    expect(probe.body.errors?.length ?? 0).toBeLessThanOrEqual(21);
    await expectAlive();
  });

  it("answers introspection, and does not where it is switched off, nor suggests names then", async () => {
    const introspection = "{ __schema { queryType { name } } }";
    expect((await query(introspection)).status).toBe(200);
    const hidden = await query(introspection, undefined, quiet);
    expect(hidden.status).toBe(400);
    const misspelt = await query('{ imag(key: "demo") { key } }', undefined, quiet);
    expect(misspelt.status).toBe(400);
    expect(JSON.stringify(misspelt.body)).not.toContain("Did you mean");
    const open = await query('{ imag(key: "demo") { key } }');
    expect(JSON.stringify(open.body)).toContain("Did you mean");
  });

  it("closes a subscription over the wrong protocol cleanly", async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query: "subscription { tiles }" }),
    });
    expect(response.status).toBeOneOf([400, 406]);
    const upgrade = await fetch(`${server.url}/graphql`, {
      headers: { connection: "keep-alive", "sec-websocket-protocol": "graphql-ws" },
    });
    expect(upgrade.status).toBeGreaterThanOrEqual(400);
    expect(upgrade.status).toBeLessThan(500);
    await expectAlive();
  });

  it("tells no stack, path or source of an error", async () => {
    for (const text of ['{ image(key: "../../etc/passwd") { key } }', "{ nope }", '{ node(id: "x") { id } }']) {
      const { body } = await query(text);
      expect(JSON.stringify(body)).not.toMatch(/stacktrace|node_modules|\/tmp\/|at [A-Z]\w+\./);
    }
  });
});
