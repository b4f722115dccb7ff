import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CountedAccess, createAccess } from "../../src/access/index.ts";
import { FakeClock } from "../access/support.ts";
import { type Running, runServer } from "./running.ts";

const SECRET = "the-secret-of-the-start";
const IMAGES = { "demo.tif": { width: 20, height: 10, seed: 1 } } as const;
const PURGE = "mutation { purge(input: { everything: true }) { userErrors { message } } }";

const cache = mkdtempSync(join(tmpdir(), "bandloom-access-secrets-"));
const clock = new FakeClock();
const lines: string[] = [];
let access: CountedAccess;
let server: Running;
beforeAll(async () => {
  access = createAccess({
    ...{ file: null, adminToken: null, startSecret: SECRET, clock },
    log: (line) => lines.push(line),
  });
  // A proxy on this machine that is trusted speaks for many clients.
  server = await runServer(IMAGES, { access, cacheFolder: cache, trustedProxies: ["127.0.0.1"] });
});
afterAll(async () => {
  await server?.close();
  rmSync(cache, { recursive: true, force: true });
});

interface Told {
  readonly status: number;
  readonly code: string | null;
}

async function purge(headers: Readonly<Record<string, string>> = {}, client = "198.51.100.1"): Promise<Told> {
  const answer = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": client, ...headers },
    body: JSON.stringify({ query: PURGE }),
  });
  const { errors } = (await answer.json()) as { errors?: readonly { extensions: { code: string } }[] };
  return { status: answer.status, code: errors?.[0]?.extensions.code ?? null };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe("a server without rules and without a token of its operator's", () => {
  it("takes the secret that it printed, and whoever has it may change everything", async () => {
    expect((await purge(bearer(SECRET))).code).toBeNull();
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["nothing", {}],
    ["the name of this machine", { host: "localhost" }],
    ["a name that leads to this machine", { host: "rebound.example:8080" }],
    ["the page's own origin", { origin: "http://127.0.0.1", host: "127.0.0.1", "sec-fetch-site": "same-origin" }],
    ["another page's origin", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["the origin of no page", { origin: "null" }],
    ["the word of a proxy", { "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1", "x-real-ip": "127.0.0.1" }],
    ["the name of a user", { "x-forwarded-user": "admin", "x-forwarded-groups": "admin", "remote-user": "admin" }],
    ["a token of somebody else's", bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")],
    ["the secret as a password", { authorization: `Basic ${Buffer.from(`admin:${SECRET}`).toString("base64")}` }],
    ["the secret as another header", { "x-admin-token": SECRET, cookie: `token=${SECRET}` }],
  ])("changes nothing for who sends %s", async (_, headers) => {
    expect((await purge(headers)).code).toBe("UNAUTHENTICATED");
  });

  it("changes nothing by GET, with the secret either", async () => {
    const headers = { ...bearer(SECRET), "content-type": "application/json" };
    const answer = await server.get(`/graphql?query=${encodeURIComponent(PURGE)}`, { headers });
    expect([answer.status, (await answer.text()).includes("userErrors")]).toEqual([405, false]);
  });

  it("shows everything to who sends what a proxy in front of it may have asked for", async () => {
    for (const authorization of ["Basic YTpi", "Bearer a.b.c", "Bearer something", "Digest x"])
      expect((await server.get("/tiles/demo/0/0/0.png", { headers: { authorization } })).status).toBe(200);
  });
});

describe("guesses", () => {
  const GUESSER = "203.0.113.77";

  it("are slowed more and more, then refused for a while, and are written down without what was guessed", async () => {
    clock.slept.length = 0;
    clock.pass(60_000);
    lines.length = 0;
    const told: Told[] = [];
    for (let n = 0; n < 101; n++) told.push(await purge(bearer(`guess-number-${n}`), GUESSER));
    expect(told.slice(0, 100).every(({ code }) => code === "UNAUTHENTICATED")).toBe(true);
    expect(told[100]?.code).toBe("QUOTA_EXCEEDED");
    expect(clock.slept.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(clock.slept).toHaveLength(90);
    expect(Math.max(...clock.slept)).toBe(5_000);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain(GUESSER);
    expect(lines.join("\n")).not.toContain("guess-number");
  });

  it("of one client keep no other waiting, nor who has the secret", async () => {
    clock.slept.length = 0;
    expect((await purge(bearer("once"), "203.0.113.78")).code).toBe("UNAUTHENTICATED");
    expect((await purge(bearer(SECRET), GUESSER)).code).toBeNull();
    expect(clock.slept).toEqual([]);
    expect(access.failures).toBeGreaterThanOrEqual(102);
  });
});
