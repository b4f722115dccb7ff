import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freeAccess, guardedBy } from "../fixtures/access.ts";
import { startRedis } from "../fixtures/redis.ts";
import { type Running, runServer } from "../http/running.ts";

const TOKEN = "a-token-of-enough-letters";
/** Longer than the keys that LMDB takes. */
const LONG = `${"深".repeat(80)}/`.repeat(11);
const IMAGES = {
  "land.tif": {
    width: 8,
    height: 8,
    samples: 2,
    planar: true,
    value: (_x: number, _y: number, s: number) => 40 + 100 * s,
  },
  "scene.tif": {
    ...{ width: 8, height: 8, samples: 2, planar: true, value: (_x: number, _y: number, s: number) => 50 + 100 * s },
    gdalMetadata: `<GDALMetadata>${["red", "nir"].map((name, at) => `<Item name="DESCRIPTION" sample="${at}" role="description">${name}</Item>`).join("")}</GDALMetadata>`,
  },
  [`${LONG}deep.tif`]: { width: 8, height: 8, value: () => 9 },
  "other.tif": { width: 8, height: 8, value: () => 9 },
} as const;

interface Answer {
  readonly data?: Record<string, never>;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

async function ask(
  server: Running,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<{ data: Record<string, unknown>; code: string | null; message: string }> {
  const response = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as Answer;
  return { data: data ?? {}, code: errors?.[0]?.extensions.code ?? null, message: errors?.[0]?.message ?? "" };
}

const SAVE = `mutation ($input: SavePresetInput!) {
  savePreset(input: $input) { preset { id name formula description imageKey origin } diagnostics { code } userErrors { field message } }
}`;
const DELETE = "mutation ($id: ID!) { deletePreset(input: { id: $id }) { deletedId userErrors { message } } }";

interface Saved {
  readonly preset: { readonly id: string; readonly name: string } | null;
  readonly diagnostics: readonly { readonly code: string }[];
  readonly userErrors: readonly { readonly field: readonly string[]; readonly message: string }[];
}

async function save(server: Running, input: object): Promise<Saved> {
  const { data, message } = await ask(server, SAVE, { input });
  if (!data.savePreset) throw new Error(message);
  return data.savePreset as Saved;
}

const pixel = async (response: Response): Promise<number | undefined> =>
  PNG.sync.read(Buffer.from(await response.arrayBuffer())).data[0];

let server: Running;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-presets-"));
  server = await runServer(IMAGES, { cacheFolder: join(folder, "cache"), access: freeAccess() });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a preset", () => {
  it("is saved for an image, listed with it, rendered by name and by id, in URLs, and forgotten", async () => {
    const { preset } = await save(server, { name: " My Sum ", formula: "window(b1 + b2, 0, 255)", imageKey: "land" });
    expect(preset).toMatchObject({ name: "My Sum", description: null, imageKey: "land", origin: "SAVED" });
    const { data } = await ask(
      server,
      `query ($id: ID!) {
        node(id: $id) { ... on Preset { name formula } }
        image(key: "land") {
          presets { name }
          byId: render(preset: $id) { canonical }
          byName: render(preset: "my sum", display: { gamma: 2 }) { canonical }
        }
        other: presets(imageKey: "other", search: "my sum") { totalCount }
      }`,
      { id: preset?.id },
    );
    expect(data).toMatchObject({
      node: { name: "My Sum", formula: "window(b1 + b2, 0, 255)" },
      image: {
        presets: [{ name: "My Sum" }],
        byId: { canonical: "window(b1 + b2, 0, 255)" },
        byName: { canonical: "gamma(window(b1 + b2, 0, 255), 2)" },
      },
      other: { totalCount: 0 },
    });
    for (const path of ["/tiles/land/0/0/0.png?preset=My%20Sum", "/regions/land/0,0,8,8/8.png?preset=my%20sum"]) {
      const answer = await server.get(path);
      expect(answer.headers.get("cache-control"), path).toBe("no-cache");
      expect(await pixel(answer), path).toBe(180);
    }
    expect(await (await server.get("/tilejson/land.json?preset=My%20Sum")).json()).toMatchObject({
      tiles: [expect.stringContaining("window%28b1%20%2B%20b2")],
    });
    expect((await ask(server, DELETE, { id: preset?.id })).data.deletePreset).toEqual({
      ...{ deletedId: preset?.id, userErrors: [] },
    });
    expect((await server.get("/tiles/land/0/0/0.png?preset=My%20Sum")).status).toBe(404);
    const { data: again } = await ask(server, DELETE, { id: preset?.id });
    expect(again.deletePreset).toMatchObject({ deletedId: null, userErrors: [{ message: /no saved preset/ }] });
  });

  it("that is saved anew is what its URL shows from then on, however often it was asked before", async () => {
    const path = "/tiles/land/0/0/0.png?preset=moving";
    await save(server, { name: "moving", formula: "window(b1, 0, 255)" });
    const first = await server.get(path);
    await server.get(path);
    await save(server, { name: "MOVING", formula: "window(b2, 0, 255)" });
    const second = await server.get(path, { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
    expect([await pixel(first), second.status, await pixel(second)]).toEqual([40, 200, 140]);
  });

  it("of no image is for every image that can evaluate it, behind those of the image itself", async () => {
    await save(server, { name: "both", formula: "b1 - b2" });
    await save(server, { name: "Both", formula: "b2 - b1", imageKey: "land" });
    const { data } = await ask(
      server,
      '{ land: image(key: "land") { presets { name formula } } other: image(key: "other") { presets { name } } all: presets(search: "both") { totalCount } }',
    );
    const land = (data.land as { presets: { name: string; formula: string }[] }).presets;
    expect(land.filter(({ name }) => name.toLowerCase() === "both")).toEqual([{ name: "Both", formula: "b2 - b1" }]);
    expect((data.other as { presets: { name: string }[] }).presets.map(({ name }) => name)).not.toContain("both");
    expect(data.all).toEqual({ totalCount: 2 });
  });

  it.each([
    [{ name: "", formula: "b1" }, "name", /1 to 100/],
    [{ name: "x".repeat(101), formula: "b1" }, "name", /1 to 100/],
    [{ name: "bell\u0007", formula: "b1" }, "name", /control characters/],
    [{ name: "ndvi", formula: "b1" }, "name", /library has a preset of this name/],
    [{ name: "a", formula: "b1 +" }, "formula", /./],
    [{ name: "a", formula: "" }, "formula", /is empty/],
    [{ name: "a", formula: "b1", description: "x".repeat(2001) }, "description", /2000/],
    [{ name: "a", formula: "b3", imageKey: "land" }, "formula", /no channel b3/],
  ])("%j is not saved, and what to mend is told", async (input, field, message) => {
    const { preset, userErrors, diagnostics } = await save(server, input);
    expect(preset).toBeNull();
    expect(userErrors).toEqual([{ field: ["input", field], message: expect.stringMatching(message) }]);
    expect(diagnostics).toHaveLength(field === "formula" ? 1 : 0);
  });

  it("is found or not by a name of any length, and kept for an image whose key is as long as a path can be", async () => {
    expect((await server.get(`/tiles/land/0/0/0.png?preset=${"x".repeat(4000)}`)).status).toBe(404);
    const imageKey = `${LONG}deep`;
    expect((await save(server, { name: "far", formula: "window(b1, 0, 255)", imageKey })).userErrors).toEqual([]);
    const { data } = await ask(
      server,
      'query ($key: String!) { image(key: $key) { render(preset: "far") { source } } }',
      { key: imageKey },
    );
    expect(data.image).toEqual({ render: { source: "window(b1, 0, 255)" } });
  });

  it("for an image that there is not is refused, and so is the id of something else", async () => {
    expect((await ask(server, SAVE, { input: { name: "a", formula: "b1", imageKey: "none" } })).code).toBe("NOT_FOUND");
    const { data } = await ask(server, '{ image(key: "land") { id } }');
    expect((await ask(server, DELETE, { id: (data.image as { id: string }).id })).code).toBe("BAD_REQUEST");
  });
});

describe("the library", () => {
  it("is listed with sources, and beside an image with its channels", async () => {
    const { data } = await ask(
      server,
      '{ presets(search: "NDVI", first: 100) { nodes { id name title formula category reference origin imageKey } } }',
    );
    const [ndvi] = (data.presets as { nodes: { id: string; name: string }[] }).nodes.filter(
      ({ name }) => name === "NDVI",
    );
    expect(ndvi).toMatchObject({
      ...{ title: "Normalized difference vegetation index", formula: "(nir - red) / (nir + red)", imageKey: null },
      ...{ category: "VEGETATION", origin: "LIBRARY", reference: expect.stringContaining("Rouse") },
    });
    const { data: node } = await ask(server, "query ($id: ID!) { node(id: $id) { ... on Preset { name } } }", ndvi);
    expect(node).toEqual({ node: { name: "NDVI" } });
  });

  it("says which image lacks the channels that a preset needs", async () => {
    const { code, message } = await ask(server, '{ image(key: "land") { render(preset: "NDVI") { valid } } }');
    expect(code).toBe("NOT_FOUND");
    expect(message).toMatch(/lacks a channel/);
    const answer = await server.get("/tiles/land/0/0/0.png?preset=ndvi");
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, "NOT_FOUND"]);
    expect((await server.get("/tiles/land/0/0/0.png?preset=ndvi&f=b1")).status).toBe(400);
    expect((await server.get("/tiles/land/0/0/0.png?preset=%ff")).status).toBe(400);
  });
});

describe("who may save", () => {
  const input = { name: "mine", formula: "b1" };
  const attempt = async (running: Running, headers: Readonly<Record<string, string>> = {}) =>
    (await ask(running, SAVE, { input }, headers)).code;

  it("is nobody without a token, wherever the request says that it comes from", async () => {
    const shut = await runServer(IMAGES, { cacheFolder: join(folder, "local"), access: guardedBy(null) });
    for (const headers of [
      {},
      { origin: shut.url },
      { "x-forwarded-for": "127.0.0.1" },
      { authorization: "Basic eDp5" },
    ])
      expect(await attempt(shut, headers)).toBe("UNAUTHENTICATED");
    const body = JSON.stringify({ query: SAVE, variables: { input } });
    const local = await shut.raw(
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(local.body).toContain("UNAUTHENTICATED");
    await shut.close();
  });

  it("is who has the token, where there is one, and nobody where there is none on an open address", async () => {
    const guarded = await runServer(IMAGES, {
      cacheFolder: join(folder, "guarded"),
      access: guardedBy(TOKEN),
    });
    const shut = await runServer(IMAGES, {
      cacheFolder: join(folder, "shut"),
      access: guardedBy(null),
    });
    expect(await attempt(guarded)).toBe("UNAUTHENTICATED");
    expect(await attempt(guarded, { authorization: "Bearer wrong" })).toBe("UNAUTHENTICATED");
    expect(await attempt(guarded, { authorization: `Bearer ${TOKEN}`, origin: "https://viewer.example" })).toBeNull();
    expect(await attempt(shut)).toBe("UNAUTHENTICATED");
    await guarded.close();
    await shut.close();
  });
});

describe("what is saved", () => {
  const count = async (running: Running) =>
    ((await ask(running, '{ presets(search: "kept") { totalCount } }')).data.presets as { totalCount: number })
      .totalCount;

  it("is there when the server comes again", async () => {
    const cacheFolder = join(folder, "again");
    const first = await runServer(IMAGES, { cacheFolder, access: freeAccess() });
    await save(first, { name: "kept", formula: "b1" });
    await first.close();
    const second = await runServer(IMAGES, { cacheFolder, access: freeAccess() });
    expect(await count(second)).toBe(1);
    await second.close();
  });

  it("is shared by servers that name one Redis, and hidden, not fatal, while that does not answer", async () => {
    const redis = await startRedis();
    const options = { stateRedisUrl: redis.url, access: freeAccess() };
    const [one, two] = await Promise.all([runServer(IMAGES, options), runServer(IMAGES, options)]);
    await save(one, { name: "kept", formula: "window(b2, 0, 255)" });
    expect(await count(two)).toBe(1);
    expect(await pixel(await two.get("/tiles/land/0/0/0.png?preset=kept"))).toBe(140);
    await redis.stop();
    // All at once: each waits for a connection that is tried again.
    const [left, lost, library, kept, formula] = await Promise.all([
      count(two),
      ask(one, SAVE, { input: { name: "lost", formula: "b1" } }),
      one.get("/tiles/scene/0/0/0.png?preset=NDVI"),
      one.get("/tiles/land/0/0/0.png?preset=kept"),
      one.get("/tiles/land/0/0/0.png?f=b1"),
    ]);
    expect([left, lost.code]).toEqual([0, "SOURCE_FAILED"]);
    // (150 − 50) / (150 + 50), shown from −1 to 1.
    expect(await pixel(library)).toBe(191);
    expect([kept.status, formula.status]).toEqual([502, 200]);
    await Promise.all([one.close(), two.close()]);
  });

  it("is nothing where the server has no place for it, and saving says so", async () => {
    const homeless = await runServer(IMAGES, { access: freeAccess() });
    const { code, message } = await ask(homeless, SAVE, { input: { name: "a", formula: "b1" } });
    expect([code, message]).toEqual(["FORBIDDEN", expect.stringContaining("BANDLOOM_STATE_REDIS_URL")]);
    await homeless.close();
  });
});
