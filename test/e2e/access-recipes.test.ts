import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAccess, keyHash, newKey } from "../../src/access/index.ts";
import { FakeClock } from "../access/support.ts";
import { type Front, filledIn, recipe, startRecipe } from "../fixtures/recipes.ts";
import { startTinyUpstream, type TinyUpstream } from "../fixtures/tiny-upstream.ts";
import { type Running, runServer } from "../http/running.ts";

const SIZE = { width: 20, height: 10 } as const;
const IMAGES = {
  "north/a.tif": { ...SIZE, seed: 1 },
  "south/a.tif": { ...SIZE, seed: 2 },
  "public/a.tif": { ...SIZE, seed: 3 },
} as const;
const TILE = (key: string) => `/tiles/${key}/0/0/0.png?f=b1`;
/** Users by the cookie of their session, as somebody's own service knows them. */
const SESSIONS: Readonly<Record<string, readonly [user: string, groups: string]>> = {
  "session=n": ["nora", "north, others"],
  "session=s": ["stan", "staff"],
  "session=x": ["xenia", ""],
};

const folder = mkdtempSync(join(tmpdir(), "bandloom-recipes-"));

/** The whole server, which trusts the machine that it runs on, by the rules of a block of the document. */
function serverBy(name: string, words: Readonly<Record<string, string>> = {}): Promise<Running> {
  const file = join(folder, name);
  writeFileSync(file, filledIn(recipe(name), words));
  const access = createAccess({ file, adminToken: null, startSecret: null, clock: new FakeClock(), log: () => {} });
  const options = {
    access,
    trustedProxies: ["127.0.0.1"],
    originals: true,
    cacheFolder: join(folder, `${name}.cache`),
  };
  return runServer(IMAGES, options);
}

type Headers = Readonly<Record<string, string>>;

async function status(url: string, headers: Headers = {}): Promise<number> {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

async function query(front: string, text: string, headers: Headers = {}): Promise<string> {
  const answer = await fetch(`${front}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query: text }),
  });
  return answer.text();
}

const listed = async (front: string, headers: Headers = {}) =>
  [...(await query(front, "{ images { nodes { key } } }", headers)).matchAll(/"key":"([^"]+)"/g)].map(([, key]) => key);
const SAVE = (key: string) =>
  `mutation { savePreset(input: { name: "p", formula: "b1", imageKey: "${key}" }) { preset { id } } }`;

let byName: Running;
beforeAll(async () => {
  byName = await serverBy("proxy.yaml");
});
afterAll(async () => {
  await byName?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What every proxy must do that names users, whatever it is made of. */
function namesUsers(front: () => string): void {
  const as = (session: string) => ({ cookie: `session=${session}` });

  it("shows users what their groups may see", async () => {
    expect(await listed(front(), as("n"))).toEqual(["north/a", "public/a"]);
    expect(await listed(front(), as("s"))).toEqual(["north/a", "public/a", "south/a"]);
    expect(await listed(front(), as("x"))).toEqual(["public/a"]);
    expect(await status(front() + TILE("south/a"), as("n"))).toBe(404);
    expect(await status(`${front()}/files/north/a.tif`, as("n"))).toBe(403);
    expect(await status(`${front()}/files/north/a.tif`, as("s"))).toBe(200);
  });

  it("believes no client who says to be somebody", async () => {
    for (const name of ["X-Forwarded-User", "x-forwarded-user", "X_Forwarded_User", "X-User"]) {
      const forged = { [name]: "stan", "X-Forwarded-Groups": "staff", "X-Groups": "staff" };
      expect([name, await listed(front(), { ...as("x"), ...forged })]).toEqual([name, ["public/a"]]);
      expect([name, await listed(front(), forged)]).toEqual([name, []]);
    }
  });

  it("lets nobody in whom it does not know, but whoever has a link", async () => {
    expect(await status(front() + TILE("north/a"))).toBe(401);
    const answer = await query(
      front(),
      `{ image(key: "north/a") { render(formula: "b1") { tile(level: 0, x: 0, y: 0) { url } } } }`,
      as("n"),
    );
    const [, link = ""] = /"url":"([^"]+)"/.exec(answer) ?? [];
    expect(await status(front() + link)).toBe(200);
    expect(await status(front() + link.replace("north", "south"))).toBe(403);
  });

  it("lets the page of this server alone change something, for who may", async () => {
    const page = { ...as("s"), origin: front(), "sec-fetch-site": "same-origin" };
    expect(await query(front(), SAVE("north/a"), page)).toContain('"preset":{');
    const elsewhere = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect(await query(front(), SAVE("north/a"), { ...as("s"), ...elsewhere })).toContain("FORBIDDEN");
    expect(await query(front(), SAVE("north/a"), { ...page, ...as("n") })).toContain("FORBIDDEN");
  });
}

describe("nginx with auth_request, as docs/security.md has it", () => {
  let who: TinyUpstream;
  let front: Front;
  beforeAll(async () => {
    who = await startTinyUpstream(({ headers }, response) => {
      const known = SESSIONS[headers.cookie ?? ""];
      if (known) response.writeHead(204, { "x-user": known[0], "x-groups": known[1] });
      else response.writeHead(401);
      response.end();
    });
    front = await startRecipe("auth-request.conf", {
      "127.0.0.1:8080": `127.0.0.1:${byName.port}`,
      "127.0.0.1:9000": `127.0.0.1:${who.port}`,
    });
  });
  afterAll(async () => {
    await front?.stop();
    await who?.close();
  });
  namesUsers(() => front.url);
});

describe("a proxy that does what oauth2-proxy does", () => {
  let proxy: Server;
  let url: string;
  beforeAll(async () => {
    proxy = createServer((request, response) => {
      const known = SESSIONS[request.headers.cookie ?? ""];
      if (!known && !/[?&]sig=/.test(request.url ?? "")) return response.writeHead(401).end();
      const named = known ? { "x-forwarded-user": known[0], "x-forwarded-groups": known[1] } : {};
      const headers = { ...withoutUser(request.headers), ...named };
      const { url: path, method } = request;
      const onward = httpRequest({ port: byName.port, host: "127.0.0.1", path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  namesUsers(() => url);
});

function withoutUser(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^x-forwarded-/.test(name)));
}

it("nobody names a user but a proxy that is trusted", async () => {
  const file = join(folder, "proxy.yaml");
  const access = createAccess({ file, adminToken: null, startSecret: null, clock: new FakeClock(), log: () => {} });
  const open = await runServer(IMAGES, { access });
  try {
    const forged = { "x-forwarded-user": "stan", "x-forwarded-groups": "staff" };
    expect([await listed(open.url, forged), await status(open.url + TILE("north/a"), forged)]).toEqual([[], 404]);
  } finally {
    await open.close();
  }
});

describe("several tenants behind a plain reverse proxy, as docs/security.md has both", () => {
  const [north, south] = [newKey(), newKey()];
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  let server: Running;
  let front: Front;
  beforeAll(async () => {
    const hash = (key: string) => keyHash(key).replace("sha256:", "");
    server = await serverBy("tenants.yaml", { NORTH: hash(north), SOUTH: hash(south) });
    front = await startRecipe("plain.conf", { "127.0.0.1:8080": `127.0.0.1:${server.port}` });
  });
  afterAll(async () => {
    await front?.stop();
    await server?.close();
  });

  it("see their own images, and nobody else anything", async () => {
    expect(await listed(front.url, as(north))).toEqual(["north/a"]);
    expect(await listed(front.url, as(south))).toEqual(["south/a"]);
    expect(await listed(front.url)).toEqual([]);
    expect(await status(front.url + TILE("north/a"), as(south))).toBe(404);
    expect(await status(front.url + TILE("north/a"))).toBe(404);
    expect(await status(front.url + TILE("north/a"), as(newKey()))).toBe(401);
  });

  it("change what is theirs, where their key says so", async () => {
    expect(await query(front.url, SAVE("north/a"), as(north))).toContain('"preset":{');
    expect(await query(front.url, SAVE("south/a"), as(north))).toContain("NOT_FOUND");
    expect(await query(front.url, SAVE("south/a"), as(south))).toContain("FORBIDDEN");
    expect(await query(front.url, SAVE("north/a"))).toContain("UNAUTHENTICATED");
    expect([
      await status(`${front.url}/files/south/a.tif`, as(south)),
      await status(`${front.url}/files/north/a.tif`, as(north)),
    ]).toEqual([200, 403]);
  });

  it("are named by nobody's header", async () => {
    for (const name of ["X-Forwarded-User", "Forwarded", "X-Real-IP", "X-Original-URL", "Host"])
      expect([name, await listed(front.url, { [name]: "127.0.0.1", "X-Forwarded-Groups": "staff" })]).toEqual([
        name,
        [],
      ]);
  });
});

it("the rules that docs/security.md shows are read as they stand", () => {
  const file = join(folder, "access.yaml");
  const key = (name: string) => `{ name: ${name}, hash: "sha256:${name === "lab-a" ? "a".repeat(64) : "b".repeat(64)}"`;
  const shown = recipe("access.yaml");
  const text = shown.replace(/\{ name: ([\w-]+), hash: "sha256:…"/g, (_, name: string) => key(name));
  expect(text).not.toBe(shown);
  writeFileSync(file, text);
  const access = createAccess({ file, adminToken: null, startSecret: null, log: () => {} });
  expect(access.configured).toBe(true);
  access.close();
});
