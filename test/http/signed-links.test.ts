import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Running, runServer } from "./running.ts";

const IMAGES = {
  "deep/a b.tif": { width: 600, height: 600, tile: [256, 256], value: (x: number) => x % 200 },
} as const;
const [OLD, NEW] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const KEYS = [
  { id: "new", secret: NEW },
  { id: "old-1", secret: OLD },
];
const IMAGE = "deep/a%20b";

/** As documented: HMAC-SHA256 of the address up to `&sig=`, level and position of a tile left out, base64url. */
function sign(text: string, secret: Buffer): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** An address of a tile, signed by hand. */
function signedTile(place: string, query: string, secret = NEW): string {
  return `/tiles/${IMAGE}/${place}.jpg?${query}&sig=${sign(`/tiles/${IMAGE}.jpg?${query}`, secret)}`;
}

const httpDate = (time: number) => new Date(time * 1000).toUTCString();
/** Ten minutes before an hour, in seconds. */
const NOW = Date.parse("2026-03-01T11:50:00Z") / 1000;

interface Urls {
  readonly tile: string;
  readonly region: string;
  readonly template: string;
  readonly json: string;
}

async function urlsOf(server: Running): Promise<Urls> {
  const query = `{ image(key: "deep/a b") { render(formula: "b1 + 1") {
    tiles(level: 0, x: { from: 0, to: 0 }, y: { from: 0, to: 0 }) { nodes { url } }
    region(region: { x: 0, y: 0, width: 9, height: 9 }) { url }
    urlTemplate tileJsonUrl } } }`;
  const answer = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as {
    data: {
      image: {
        render: {
          tiles: { nodes: [{ url: string }] };
          region: { url: string };
          urlTemplate: string;
          tileJsonUrl: string;
        };
      };
    };
  };
  const { tiles, region, urlTemplate, tileJsonUrl } = data.image.render;
  return { tile: tiles.nodes[0].url, region: region.url, template: urlTemplate, json: tileJsonUrl };
}

let server: Running;
let brief: Running;
beforeAll(async () => {
  server = await runServer(IMAGES, { signing: { keys: KEYS, hours: null } });
  brief = await runServer(IMAGES, { signing: { keys: KEYS, hours: 2 } });
});
afterAll(async () => {
  await server.close();
  await brief.close();
});
afterEach(() => vi.useRealTimers());

/** Only the clock on the wall: timers go on. */
function itIs(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: seconds * 1000 });
}

const status = async (path: string, of = server) => (await of.get(path)).status;

describe("a server with keys", () => {
  it("gives signed addresses, and answers them, those of a template at every place", async () => {
    const { tile, region, template, json } = await urlsOf(server);
    const at = (place: string) => template.replace("{z}/{x}/{y}", place);
    for (const path of [tile, region, json, at("0/0/0"), at("2/1/1")]) expect(await status(path), path).toBe(200);
    const { tiles } = (await (await server.get(json)).json()) as { tiles: [string] };
    expect(await status(tiles[0].replace("{z}/{x}/{y}", "1/0/0"))).toBe(200);
    expect((await server.get(tile)).headers.get("cache-control")).toContain("immutable");
    // Once more, from memory.
    expect((await server.get(tile)).headers.get("x-bandloom-cache")).toBe("MEMORY");
  });

  it("refuses what is not signed, or signed otherwise, and says no more than that", async () => {
    const { tile, region, json } = await urlsOf(server);
    const unsigned = [
      ...[`/tiles/${IMAGE}/0/0/0.jpg`, "/tiles/none/0/0/0.jpg", `/channels/${IMAGE}/b1/0/0/0.raw`],
      ...[`/statistics/${IMAGE}.json?f=b1`, `/probe/${IMAGE}.json?f=b1&points=1,1`],
      ...[tile, region, json].map((path) => path.replace(/&kid=.*/, "")),
    ];
    const changed = [
      tile.replace("b1", "b2"),
      tile.replace(".jpg", ".png"),
      tile.replace("deep", "dee"),
      tile.replace("%20", "+"),
      tile.replace("kid=new", "kid=old-1"),
      tile.replace("kid=new", "kid=none"),
      `${tile}=`,
      tile.replace("&kid", "&q=50&kid"),
      tile.replace(/sig=(.)/, (_, first: string) => `sig=${first === "A" ? "B" : "A"}`),
      region.replace("0,0,9,9", "0,0,99,99"),
      json.replace("/tilejson/", "/tiles/"),
    ];
    for (const path of [...unsigned, ...changed]) {
      const answer = await server.get(path);
      expect([answer.status, answer.headers.get("cache-control")], path).toEqual([403, "no-store"]);
      expect(await answer.json(), path).toMatchObject({ code: "FORBIDDEN" });
    }
    expect(await status("/healthz")).toBe(200);
  });

  it("takes no word of whose a link is that it did not sign itself, in any place", async () => {
    const [mine, other] = ["0123456789abcdef", "fedcba9876543210"];
    const signed = signedTile("0/0/0", `f=b1&for=${mine}&kid=new`);
    expect(await status(signed)).toBe(200);
    const changed = [
      ...[signed.replace(mine, other), signed.replace(mine, mine.toUpperCase()), signed.replace(mine, "")],
      ...[signed.replace(`for=${mine}&`, ""), signed.replace("for=", "For="), signed.replace("for=", "f%6fr=")],
      ...[signed.replace("for=", `for=${other}&for=`), `${signed}&for=${mine}`],
      signed.replace(`f=b1&for=${mine}`, `for=${mine}&f=b1`),
      (await urlsOf(server)).tile.replace("&kid", `&for=${mine}&kid`),
    ];
    // Signed, but no place for it: what cannot be withdrawn must not look as if it could.
    const odd = [
      `for=${mine}&f=b1&kid=new`,
      `f=b1&for=${mine}0&kid=new`,
      "f=b1&for=&kid=new",
      `f=b1&for=${mine}&exp=9999999999&kid=new`,
    ];
    for (const path of [...changed, ...odd.map((query) => signedTile("0/0/0", query))])
      expect(await (await server.get(path)).json(), path).toMatchObject({ code: "FORBIDDEN" });
  });

  it("takes links of every key that it has, signed as documented, chunks among them", async () => {
    expect(await status(signedTile("1/1/0", "f=b1&kid=new"))).toBe(200);
    expect(await status(signedTile("1/1/0", "f=b1&kid=old-1", OLD))).toBe(200);
    expect(await status(signedTile("1/1/0", "f=b1&kid=old-1", NEW))).toBe(403);
    const chunk = `/channels/${IMAGE}/b1.raw?kid=new`;
    expect(await status(`/channels/${IMAGE}/b1/2/0/0.raw?kid=new&sig=${sign(chunk, NEW)}`)).toBe(200);
  });

  it("answers 410 when a link's time is over, from memory too, with half a minute of grace for clocks", async () => {
    itIs(NOW);
    const brink = signedTile("0/0/0", `f=b1&exp=${NOW - 20}&kid=new`);
    expect(await status(brink)).toBe(200);
    expect(await status(brink)).toBe(200);
    itIs(NOW + 12);
    const late = await server.get(brink);
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([410, "LINK_EXPIRED"]);
    const { v } = Object.fromEntries(new URLSearchParams((await urlsOf(server)).tile.split("?")[1])) as { v: string };
    const end = NOW + 24;
    const soon = signedTile("0/0/0", `f=window%28b1%20%2B%201%2C%200%2C%20255%29&v=${v}&exp=${end}&kid=new`);
    const { headers } = await server.get(soon);
    expect([headers.get("cache-control"), headers.get("expires")]).toEqual(["public", httpDate(end)]);
    expect((await server.get(soon)).headers.get("x-bandloom-cache")).toBe("MEMORY");
  });
});

describe("links with an end", () => {
  it("end on the hour, so that they stay the same for an hour, and are kept until then and no longer", async () => {
    itIs(NOW);
    const { tile, template } = await urlsOf(brief);
    const exp = Number(/&exp=(\d+)&kid=new&sig=[\w-]{43}$/.exec(tile)?.[1]);
    expect(exp % 3600).toBe(0);
    expect(exp - NOW).toBeGreaterThanOrEqual(2 * 3600);
    expect(exp - NOW).toBeLessThanOrEqual(3 * 3600);
    expect(template).toContain(`exp=${exp}`);
    itIs(exp - 3 * 3600 + 1);
    expect((await urlsOf(brief)).tile).toBe(tile);
    itIs(exp - 2 * 3600);
    expect((await urlsOf(brief)).tile).toBe(tile);
    itIs(NOW);
    for (let time = 0; time < 2; time++) {
      const { headers } = await brief.get(tile);
      expect([headers.get("cache-control"), headers.get("expires")]).toEqual(["public", httpDate(exp)]);
    }
  });
});

it("a server without keys takes signed links for what else they say", async () => {
  const open = await runServer(IMAGES);
  expect(await status((await urlsOf(server)).tile, open)).toBe(200);
  expect((await urlsOf(open)).tile).not.toContain("sig=");
  await open.close();
});
