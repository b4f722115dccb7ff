import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servedRoutes } from "../../src/http/roles.ts";
import { bandloom } from "../cli/program.ts";
import { type Cluster, startCluster } from "../fixtures/cluster.ts";
import {
  ADDRESSES,
  ADMIN_TOKEN,
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
  type Tenants,
  tenants,
} from "../fixtures/tenants.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SCOPES = Object.fromEntries(servedRoutes("all", true).map(({ path, scope }) => [path, scope ?? ""]));

const data = mkdtempSync(join(tmpdir(), "bandloom-access-cluster-"));
let who: Tenants;
let cluster: Cluster;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  for (const [name, directory] of Object.entries(IMAGES)) {
    mkdirSync(dirname(join(data, name)), { recursive: true });
    writeFileSync(join(data, name), buildTiff({ directories: [directory] }));
  }
  who = await tenants();
  const keys = SIGNING.keys.map(({ id, secret }) => `${id}:${secret.toString("hex")}`).join(",");
  environment = {
    BANDLOOM_ACCESS: who.path,
    BANDLOOM_SIGNING_KEYS: keys,
    BANDLOOM_ADMIN_TOKEN: ADMIN_TOKEN,
    BANDLOOM_TRUSTED_PROXIES: "127.0.0.1",
  };
  cluster = await startCluster({ data, renderServers: 1, environment });
});
afterAll(async () => {
  await cluster?.stop();
  await who?.close();
  rmSync(data, { recursive: true, force: true });
});

interface Told {
  readonly status: number;
  readonly code: string | null;
  /** What nginx's cache says. */
  readonly front: string | null;
  readonly control: string | null;
  readonly body: string;
}

async function ask(address: string, asker: Asker, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
  const answer = await fetch(cluster.nginx.url + address, { headers: { ...headersOf(asker), ...headers } });
  const body = await answer.text();
  const { status } = answer;
  const told = { front: answer.headers.get("x-bandloom-front"), control: answer.headers.get("cache-control") };
  return { status, code: codeOf(status, body), body, ...told };
}

async function query(text: string, asker: Asker): Promise<string> {
  const answer = await fetch(`${cluster.nginx.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headersOf(asker) },
    body: JSON.stringify({ query: text }),
  });
  return answer.text();
}

async function linkOf(asker: Asker, formula = "b1"): Promise<string> {
  const text = await query(
    `{ image(key: "${READABLE}") { render(formula: "${formula}") { tile(level: 0, x: 0, y: 0) { url } } } }`,
    asker,
  );
  const [, link] = /"url":"([^"]+)"/.exec(text) ?? [];
  if (link === undefined) throw new Error(text);
  return link;
}

describe("roles behind nginx", () => {
  it("keep the same rules, each at its addresses", async () => {
    const names = ["anonymous", "lab", "other", "all", "archive", "blind", "keeper"];
    for (const asker of names.map((name) => who.of(name)))
      for (const [route, address] of Object.entries(ADDRESSES))
        for (const key of [PUBLIC, READABLE, HIDDEN, MISSING]) {
          const { status, code } = await ask(address(key), asker);
          const is = expected(asker, SCOPES[route] ?? "", key);
          expect([asker.name, route, key, status, code]).toEqual([asker.name, route, key, ...is]);
        }
    for (const address of Object.values(ADDRESSES))
      expect((await ask(address(READABLE), who.of("withdrawn"))).code).toBe("UNAUTHENTICATED");
    expect(await query("{ __typename }", who.of("withdrawn"))).toContain("UNAUTHENTICATED");
  });

  it("tell of a hidden image what they tell of none, to the byte", async () => {
    for (const address of Object.values(ADDRESSES)) {
      const [hidden, missing] = [
        await ask(address(HIDDEN), who.of("archive")),
        await ask(address(MISSING), who.of("archive")),
      ];
      expect(hidden).toEqual(missing);
    }
  });

  it("take nobody's word of a user but that of who stands before nginx", async () => {
    const forged = { "x-forwarded-user": "anna", "x-forwarded-groups": "staff", "x-forwarded-for": "127.0.0.1" };
    for (const address of [ADDRESSES["/tiles/"]?.(READABLE) ?? "", ADDRESSES["/tilejson/"]?.(READABLE) ?? ""])
      expect((await ask(address, who.of("anonymous"), forged)).status).toBe(404);
  });

  it("give pictures inside answers to who may read them", async () => {
    const text = (key: string) =>
      `{ image(key: "${key}") { render(formula: "b1+2") { tile(level: 0, x: 0, y: 0) { base64 } statistics { mean } } } }`;
    expect(await query(text(READABLE), who.of("lab"))).toContain('"base64":"');
    expect(await query(text(HIDDEN), who.of("lab"))).toContain("NOT_FOUND");
  });
});

describe("tenants that share Redis and nginx", () => {
  it("are given nothing of each other's from a cache, whoever asked first", async () => {
    const link = await linkOf(who.of("lab"), "b1+1");
    // With the version of the bytes, for which nginx looks into its cache.
    const address = link.replace(/&exp=.*/, "");
    expect(address).toMatch(/[?&]v=[0-9a-f]{16}$/);
    for (let time = 0; time < 2; time++)
      expect(await ask(address, who.of("lab"))).toMatchObject({
        status: 200,
        front: "MISS",
        control: "private, no-cache",
      });
    for (const name of ["anonymous", "other", "blind"]) {
      const { status, front } = await ask(address, who.of(name));
      expect([name, status === 200, front]).toEqual([name, false, null]);
    }
    expect((await ask(address, who.of("lab"), { "cache-control": "max-stale" })).front).toBe("MISS");
    // An end that is no link's leads to nginx's other cache.
    expect((await ask(`${address}&exp=9999999999`, who.of("lab"))).status).toBe(200);
    expect((await ask(`${address}&exp=9999999999`, who.of("other"))).status).toBe(404);
  });

  it("share a link where one of them passes it on, and nothing that is made of it", async () => {
    const link = await linkOf(who.of("lab"), "b1+3");
    expect((await ask(link, who.of("lab"))).front).toBe("MISS");
    expect(await ask(link, who.of("other"))).toMatchObject({ status: 200, front: "HIT", control: "public" });
    for (const changed of [
      link.replace(READABLE, HIDDEN),
      link.replace("for=", "for=0"),
      link.replace(/&for=[0-9a-f]+/, ""),
    ])
      expect((await ask(changed, who.of("other"))).status).toBe(403);
    expect((await ask(link.replace(/&exp=.*/, ""), who.of("other"))).status).toBe(404);
  });

  it("may keep what everybody may see", async () => {
    const text = await query(
      `{ image(key: "${PUBLIC}") { render(formula: "b1") { tile(level: 0, x: 0, y: 0) { url } } } }`,
      who.of("anonymous"),
    );
    const [, link = ""] = /"url":"([^"]+)"/.exec(text) ?? [];
    const address = link.replace(/&exp=.*/, "");
    expect((await ask(address, who.of("anonymous"))).control).toContain("immutable");
    expect((await ask(address, who.of("anonymous"))).front).toBe("HIT");
  });
});

describe("a key that is revoked with its links", () => {
  it("is refused by every role, and so are its links, but by caches in front for a minute", async () => {
    const lab = who.of("lab");
    const [kept, fresh] = [await linkOf(lab, "b1+4"), await linkOf(lab, "b1+5")];
    expect((await ask(kept, lab)).status).toBe(200);
    const { code, stdout, stderr } = await bandloom(["key", "revoke", "lab", "--links"], {
      environment: { ...environment, REDIS_URL: cluster.cache.url, BANDLOOM_STATE_REDIS_URL: cluster.state.url },
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Revoked: lab");
    const [render] = cluster.render;
    // Of the server itself: nginx would keep what came of the first look.
    await expect.poll(async () => (await fetch(`${render?.url}${fresh}`)).status).toBe(410);
    expect((await ask(fresh, who.of("anonymous"))).code).toBe("LINK_EXPIRED");
    for (const route of ["/tiles/", "/tilejson/", "/channels/"])
      await expect.poll(async () => (await ask(ADDRESSES[route]?.(READABLE) ?? "", lab)).status).toBe(401);
    // For a minute, as docs/security.md says: then it is asked for again.
    const { headers } = await fetch(cluster.nginx.url + kept);
    expect(Date.parse(headers.get("expires") ?? "") - Date.parse(headers.get("date") ?? "")).toBeLessThanOrEqual(
      60_000,
    );
    expect(await ask(kept, who.of("anonymous"))).toMatchObject({ status: 200, front: "HIT" });
    expect((await ask(await linkOf(who.of("all"), "b1+6"), who.of("anonymous"))).status).toBe(200);
  });
});

it.each(["api", "render", "files"])(
  "the role %s does not begin with rules and without the keys of links",
  async (role) => {
    const settings = {
      ...environment,
      BANDLOOM_SIGNING_KEYS: "",
      BANDLOOM_ROLE: role,
      BANDLOOM_DATA: data,
      BANDLOOM_PORT: "0",
    };
    const { code, stdout, stderr } = await bandloom(["serve"], { environment: settings });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bandloom: With BANDLOOM_ACCESS [^\n]*BANDLOOM_SIGNING_KEYS[^\n]*\n$/);
  },
);
