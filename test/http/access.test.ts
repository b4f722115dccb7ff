import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { revoke } from "../../src/access/index.ts";
import { servedRoutes } from "../../src/http/roles.ts";
import { createState } from "../../src/state/index.ts";
import {
  ADDRESSES,
  type Asker,
  codeOf,
  expected,
  HIDDEN,
  headersOf,
  IMAGES,
  MISSING,
  PUBLIC,
  READABLE,
  SIGNING,
  signed,
  type Tenants,
  tenants,
} from "../fixtures/tenants.ts";
import { type Running, runServer } from "./running.ts";

/** The rows that ask for nothing: they tell of no image. `/graphql` is asked field by field in its own tests. */
const OPEN: Readonly<Record<string, string>> = {
  "/healthz": "/healthz",
  "/readyz": "/readyz",
  "/": "/",
  "/assets/": "/assets/none.js",
  "/graphql": "/graphql?query=%7B__typename%7D",
  "/graphql/stream": "/graphql/stream?query=%7B__typename%7D",
};
const ROUTES = servedRoutes("all", true);
const SCOPES = Object.fromEntries(ROUTES.map(({ path, scope }) => [path, scope]));
/** A guard against what never comes to pass. */
const PATIENT = { timeout: 20_000, interval: 20 };
const FOREVER = { grant: null, until: null };

let who: Tenants;
let server: Running;
const cache = mkdtempSync(join(tmpdir(), "bandloom-access-http-"));

beforeAll(async () => {
  who = await tenants();
  await withdraw(who.grant("archive"));
  const options = { access: who.access, signing: SIGNING, originals: true, cacheFolder: cache };
  server = await runServer(IMAGES, options);
});
afterAll(async () => {
  await server?.close();
  await who?.close();
  rmSync(cache, { recursive: true, force: true });
});

/** As the command does that revokes a key with its links. */
async function withdraw(grant: string): Promise<void> {
  const state = createState({ redisUrl: null, folder: cache, log: () => {} });
  await revoke(state, grant, null);
  await state.close();
}

interface Told {
  readonly status: number;
  readonly code: string | null;
  readonly headers: Headers;
  readonly body: string;
}

async function ask(address: string, asker: Asker, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
  const answer = await server.get(address, { headers: { ...headersOf(asker), ...headers } });
  const body = await answer.text();
  // Guessing is slowed elsewhere.
  if (answer.status === 401) who.clock.pass(60_000);
  return { status: answer.status, code: codeOf(answer.status, body), headers: answer.headers, body };
}

it("every route has an entry in the tables of this test", () => {
  const gated = ROUTES.filter(({ scope }) => scope !== null).map(({ path }) => path);
  const open = ROUTES.filter(({ scope }) => scope === null).map(({ path }) => path);
  expect([Object.keys(ADDRESSES).sort(), Object.keys(OPEN).sort()]).toEqual([gated.sort(), open.sort()]);
});

it("every route asks for the right to look, and that of files for a right of its own", () => {
  const wanted = Object.keys(ADDRESSES).map((path) => [path, path === "/files/" ? "original" : "read"]);
  expect(Object.fromEntries(wanted)).toEqual(
    Object.fromEntries(Object.keys(ADDRESSES).map((path) => [path, SCOPES[path]])),
  );
});

describe.each(Object.keys(ADDRESSES))("%s without a signature", (route) => {
  const address = (key: string) => ADDRESSES[route]?.(key) ?? "";
  const scope = SCOPES[route] ?? "";

  it("answers who may read the image, and nobody else", async () => {
    for (const asker of who.askers)
      for (const key of [PUBLIC, READABLE, HIDDEN, MISSING]) {
        const { status, code } = await ask(address(key), asker);
        expect([asker.name, key, status, code]).toEqual([asker.name, key, ...expected(asker, scope, key)]);
      }
  });

  it("tells of a hidden image what it tells of none, to the byte", async () => {
    for (const asker of who.askers.filter(({ mayRead }) => !mayRead(HIDDEN))) {
      const [hidden, missing] = [await ask(address(HIDDEN), asker), await ask(address(MISSING), asker)];
      const plain = ({ status, headers, body }: Told) => {
        const { date, ...others } = Object.fromEntries(headers);
        return { status, body, others };
      };
      expect(plain(hidden)).toEqual(plain(missing));
      expect([asker.name, hidden.status < 300, hidden.headers.get("etag")]).toEqual([asker.name, false, null]);
      // Not by a tag that somebody else was given, either.
      const known = await ask(address(HIDDEN), who.of("keeper"));
      const tag = { "if-none-match": known.headers.get("etag") ?? "" };
      expect((await ask(address(HIDDEN), asker, tag)).status).toBe(hidden.status);
    }
  });

  it("may be kept by no cache but that of who is known", async () => {
    const { headers } = await ask(address(READABLE), who.of("keeper"));
    expect([headers.get("cache-control"), headers.get("vary")]).toEqual(["private, no-cache", "authorization"]);
    for (const name of ["anonymous", "withdrawn"])
      expect((await ask(address(HIDDEN), who.of(name))).headers.get("cache-control")).toBe("no-store");
  });

  it("takes another spelling of a key for another key", async () => {
    const spellings = [
      "plates/../secret/s1",
      "plates/%2e%2e/secret/s1",
      "plates//../secret/s1",
      "/secret/s1",
      "Secret/s1",
      "plates%2F..%2Fsecret%2Fs1",
    ];
    for (const key of spellings) {
      const { status } = await ask(address(key), who.of("archive"));
      expect([key, [400, 404].includes(status)]).toEqual([key, true]);
    }
  });
});

describe.each(Object.keys(ADDRESSES))("%s by a link", (route) => {
  const address = (key: string) => ADDRESSES[route]?.(key) ?? "";
  const link = (key: string, terms = FOREVER as Parameters<typeof signed>[1]) => signed(address(key), terms);
  const past = { grant: null, until: Math.floor(Date.now() / 1000) - 3_600 };

  it("answers whoever has it, whatever that one may read or sends", async () => {
    const good = { grant: who.grant("lab"), until: null };
    for (const asker of who.askers) {
      for (const key of [PUBLIC, READABLE, HIDDEN])
        expect([asker.name, (await ask(link(key, good), asker)).status]).toEqual([asker.name, 200]);
      expect((await ask(link(MISSING, good), asker)).code).toBe("NOT_FOUND");
    }
  });

  it("refuses one that is over or withdrawn, whoever has it", async () => {
    const withdrawn = { grant: who.grant("archive"), until: null };
    for (const asker of who.askers)
      for (const terms of [past, withdrawn])
        for (const key of [READABLE, HIDDEN, MISSING]) {
          const { status, code } = await ask(link(key, terms), asker);
          expect([asker.name, key, status, code]).toEqual([asker.name, key, 410, "LINK_EXPIRED"]);
        }
  });

  it("refuses one that was changed, whatever its bearer may read", async () => {
    const given = link(READABLE, { grant: who.grant("lab"), until: null });
    const other = who.grant("all");
    const changes = [
      given.replace(READABLE, HIDDEN),
      given.replace(READABLE, MISSING),
      given.replace(/sig=(.)/, (_, first: string) => `sig=${first === "A" ? "B" : "A"}`),
      given.replace(/exp=(\d+)/, (_, end: string) => `exp=${Number(end) + 3_600}`),
      given.replace(/exp=\d+&/, ""),
      given.replace(/for=[0-9a-f]+/, `for=${other}`),
      given.replace(/for=[0-9a-f]+&/, ""),
      given.replace(/(for=[0-9a-f]+)/, "$1&$1"),
      given.replace(/(exp=\d+)&(for=[0-9a-f]+)/, "$2&$1"),
      given.replace(
        /for=([0-9a-f]+)/,
        (_, grant: string) => `for=${grant.toUpperCase().replace(/^\d+$/, `${grant}a`)}`,
      ),
      given.replace(/(for=)/, `for=${other}&$1`),
      `${given}&for=${other}`,
      given.replace("kid=k1", "kid=k2"),
    ];
    for (const changed of new Set(changes))
      for (const name of ["anonymous", "keeper", "withdrawn"]) {
        const { status, code } = await ask(changed, who.of(name));
        expect([changed, status, code]).toEqual([changed, 403, "FORBIDDEN"]);
      }
  });
});

it("rows that ask for nothing tell everybody the same, and name no image", async () => {
  for (const [route, address] of Object.entries(OPEN)) {
    const answers = new Set<string>();
    for (const asker of who.askers.filter(({ good }) => good)) {
      const { status, body } = await ask(address, asker, { accept: "text/event-stream, application/json" });
      answers.add(`${status} ${body}`);
    }
    expect([route, answers.size]).toEqual([route, 1]);
    expect(answers.values().next().value).not.toMatch(/plates|secret/);
  }
});

describe("the list of files", () => {
  it("names the images alone that one may read", async () => {
    const keysFor = async (name: string) => {
      const { body } = await ask("/files/", who.of(name));
      return (JSON.parse(body) as { images: { key: string }[] }).images.map(({ key }) => key);
    };
    expect(await keysFor("archive")).toEqual([READABLE]);
    expect(await keysFor("keeper")).toEqual([READABLE, PUBLIC, HIDDEN]);
  });
});

describe("what memory holds", () => {
  const tile = ADDRESSES["/tiles/"]?.(READABLE) ?? "";

  it("is given to nobody who may not ask for it, by the short way either", async () => {
    for (let time = 0; time < 2; time++) expect((await ask(tile, who.of("lab"))).status).toBe(200);
    expect((await ask(tile, who.of("lab"))).headers.get("x-bandloom-cache")).toBe("MEMORY");
    expect((await ask(tile, who.of("anonymous"))).status).toBe(404);
    expect((await ask(tile, who.of("withdrawn"))).status).toBe(401);
  });

  it("is given by a link as long as that is good, and to the link alone", async () => {
    const link = signed(ADDRESSES["/tiles/"]?.(HIDDEN) ?? "", { grant: who.grant("all"), until: null });
    for (let time = 0; time < 2; time++) expect((await ask(link, who.of("anonymous"))).status).toBe(200);
    expect((await ask(link.replace(/[?&]exp=.*/, ""), who.of("anonymous"))).status).toBe(404);
    // What is asked by it is looked at anew each time, so that it tells when the server knows.
    const looked = signed(ADDRESSES["/probe/"]?.(HIDDEN) ?? "", { grant: who.grant("all"), until: null });
    await withdraw(who.grant("all"));
    await vi.waitUntil(async () => {
      expect((await ask(link, who.of("anonymous"))).status).toBeOneOf([200, 410]);
      return (await ask(looked, who.of("anonymous"))).status === 410;
    }, PATIENT);
    expect((await ask(link, who.of("anonymous"))).status).toBe(410);
  });
});
