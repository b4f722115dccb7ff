import { createHash } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { IMAGES } from "./images.ts";
import { type Running, runServer } from "./running.ts";

/** Channels whose names are too long for an address, and do not deflate. */
const CHANNELS = Array.from({ length: 64 }, (_, index) =>
  [index, -index].map((n) => createHash("sha512").update(`${n}`).digest("base64url")).join(""),
);
const ENDLESS = {
  ...{ width: 8, height: 8, samples: CHANNELS.length, planar: true },
  gdalMetadata: `<GDALMetadata>${CHANNELS.map(
    (name, sample) => `<Item name="DESCRIPTION" sample="${sample}" role="description">${name}</Item>`,
  ).join("")}</GDALMetadata>`,
};
const SIGNING = { keys: [{ id: "a", secret: Buffer.alloc(32, 7) }], hours: 1 };

interface Answer {
  readonly data: {
    readonly image: { readonly revision: string; readonly render: Readonly<Record<string, unknown>> };
  } | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

async function ask(server: Running, key: string, fields: string, formula = "b1+0"): Promise<Answer> {
  const query = `{ image(key: ${JSON.stringify(key)}) { revision render(formula: ${JSON.stringify(formula)}) { ${fields} } } }`;
  const headers = { "content-type": "application/json" };
  const answer = await server.get("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
  return (await answer.json()) as Answer;
}

const ALL = `
  tiles(level: 0, x: { from: 0, to: 2 }, y: { from: 0, to: 2 }) { nodes { base64 width } }
  region(region: { x: 3, y: 5, width: 101, height: 77 }, maxSize: 64) { base64 }
  probe(points: [{ x: 1.5, y: 2.25 }, { x: -4, y: 0 }]) { x y color values { number state } channels { value { number state } } }
  statistics(bins: 16) { count validCount mean min max level exact percentiles(at: [1, 99]) histogram { counts } }`;

describe.each([
  ["without signatures", undefined],
  ["with signed addresses", SIGNING],
])("three processes that share the work, %s", (_, signing) => {
  let files: Running;
  let render: Running;
  let api: Running;
  beforeAll(async () => {
    const signs = signing ? { signing } : {};
    files = await runServer({ ...IMAGES, "endless.tif": ENDLESS }, { role: "files", ...signs });
    const far = { filesUrl: files.url, remoteCheckMs: 100, ...signs };
    render = await runServer({}, { role: "render", ...far });
    api = await runServer({}, { role: "api", renderUrl: render.url, ...far });
  });
  afterAll(async () => {
    await api.close();
    await render.close();
    await files.close();
  });

  it("give what one server gives, to the byte", async () => {
    const one = await runServer({}, { role: "all", filesUrl: files.url, ...(signing ? { signing } : {}) });
    try {
      for (const key of ["square", "odd", "plates/100% a+b #1?", "wide"]) {
        const fields = key === "square" || key === "odd" ? ALL : "tile(level: 0, x: 0, y: 0) { base64 }";
        const expected = await ask(one, key, fields);
        expect(expected.errors).toBeUndefined();
        expect(await ask(api, key, fields)).toEqual(expected);
      }
    } finally {
      await one.close();
    }
  });

  it("render where they are told to, and nowhere else", async () => {
    const before = [await count(api), await count(render)];
    await ask(api, "square", "tile(level: 0, x: 1, y: 1) { base64 }", "b1*2");
    await ask(api, "square", "tile(level: 0, x: 1, y: 1) { base64 }", "b1*2");
    expect([await count(api), await count(render)]).toEqual([before[0], (before[1] ?? 0) + 1]);
  });

  it("answer the addresses of their role alone", async () => {
    const { data } = await ask(api, "odd", "tile(level: 0, x: 0, y: 0) { url } tileJsonUrl");
    const { tile, tileJsonUrl } = (data?.image.render ?? {}) as { tile: { url: string }; tileJsonUrl: string };
    const statuses = async (path: string) =>
      Promise.all([api, render, files].map(async (server) => (await server.get(path)).status));
    expect(await statuses(tile.url)).toEqual([404, 200, 404]);
    expect(await statuses(tileJsonUrl)).toEqual([200, 404, 404]);
    expect(await statuses("/")).toEqual([200, 404, 404]);
    expect(await statuses("/healthz")).toEqual([200, 200, 200]);
    expect(await statuses("/files/")).toEqual([404, 404, signing ? 403 : 200]);
    expect(await statuses("/channels/odd/@1/1/0/0.raw")).toEqual([404, 404, signing ? 403 : 200]);
  });

  it("tell what is wrong as one server does", async () => {
    const codes = async (key: string, fields: string, formula?: string) =>
      (await ask(api, key, fields, formula)).errors?.map(({ extensions }) => extensions.code);
    expect(await codes("nothing", "id")).toEqual(["NOT_FOUND"]);
    expect(await codes("broken", "tile(level: 0, x: 0, y: 0) { base64 }")).toEqual(["SOURCE_UNREADABLE"]);
    expect(await codes("odd", "tile(level: 0, x: 0, y: 0) { base64 }", "b1 +")).toEqual(["FORMULA_INVALID"]);
  });

  it("see a file that was replaced, together", async () => {
    const before = await ask(api, "plates/p1", "tile(level: 0, x: 0, y: 0) { base64 }");
    const fresh = join(files.folder, ".fresh");
    await writeFile(fresh, buildTiff({ directories: [{ width: 20, height: 10, seed: 99 }] }));
    await rename(fresh, join(files.folder, "plates/p1.tif"));
    const now = async () => {
      const after = await ask(api, "plates/p1", "tile(level: 0, x: 0, y: 0) { base64 }");
      expect(after.errors).toBeUndefined();
      return after.data?.image;
    };
    await expect.poll(async () => (await now())?.revision).not.toBe(before.data?.image.revision);
    expect((await now())?.render).not.toEqual(before.data?.image.render);
  });

  it("render a formula that is too long for an address where it is asked for", async () => {
    const before = [(await count(api)) ?? 0, (await count(render)) ?? 0] as const;
    const sum = CHANNELS.map((_, index) => `@${index + 1}`).join(" + ");
    const { data, errors } = await ask(api, "endless", "tile(level: 0, x: 0, y: 0) { base64 }", `window(${sum}, 0, 9)`);
    expect(errors).toBeUndefined();
    expect(data?.image.render.tile).toHaveProperty("base64");
    expect([await count(api), await count(render)]).toEqual([before[0] + 1, before[1]]);
  });
});

it("an api whose render servers are gone says so, and goes on when they are back", async () => {
  const files = await runServer(IMAGES, { role: "files" });
  const render = await runServer({}, { role: "render", filesUrl: files.url, port: await freePort() });
  const api = await runServer({}, { role: "api", filesUrl: files.url, renderUrl: render.url });
  const answer = () => ask(api, "odd", "tile(level: 0, x: 0, y: 0) { base64 url }", "window(b1, 0, 255)");
  try {
    await render.close();
    const { errors } = await answer();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["SOURCE_FAILED"]);
    expect(JSON.stringify(errors)).not.toContain(String(render.port));
    const back = await runServer({}, { role: "render", filesUrl: files.url, port: render.port });
    try {
      expect((await answer()).errors).toBeUndefined();
      expect([await count(back), await count(api)]).toEqual([1, 0]);
    } finally {
      await back.close();
    }
  } finally {
    await api.close();
    await files.close();
  }
});

it("an api makes a picture itself of which the render servers know another version", async () => {
  const [own, other] = [1, 2].map((seed) => ({ "plate.tif": { width: 20, height: 10, seed } }));
  const render = await runServer(other ?? {}, { role: "render" });
  const api = await runServer(own ?? {}, { role: "api", renderUrl: render.url });
  const one = await runServer(own ?? {});
  try {
    const picture = async (of: Running) =>
      (await ask(of, "plate", "tile(level: 0, x: 0, y: 0) { base64 }", "window(b1, 0, 255)")).data?.image.render;
    const expected = await picture(one);
    expect(expected).toHaveProperty("tile.base64");
    expect(await picture(api)).toEqual(expected);
    expect([await count(render), await count(api)]).toEqual([1, 1]);
  } finally {
    for (const server of [one, api, render]) await server.close();
  }
});

describe("a server whose images another one holds", () => {
  const ready = async (server: Running) => {
    const answer = await server.get("/readyz");
    return { status: answer.status, body: await answer.text() };
  };

  it("is not ready before it knows them, says why in its log, and needs nobody to ask it", async () => {
    const port = await freePort();
    const render = await runServer({}, { role: "render", filesUrl: `http://127.0.0.1:${port}` });
    try {
      await expect.poll(() => render.events).toHaveLength(1);
      await expect.poll(async () => (await ready(render)).body).toContain("has not told");
      expect((await ready(render)).status).toBe(503);
      expect((await ready(render)).body).not.toContain(String(port));
      expect(await render.metrics.text()).toMatch(/^bandloom_ready 0$/m);
      expect(render.events).toEqual([expect.stringMatching(/^http:.*does not tell its images.*ECONNREFUSED/)]);
      const back = await runServer(IMAGES, { role: "files", port });
      try {
        await expect.poll(async () => (await ready(render)).status).toBe(200);
        expect(render.events.at(-1)).toMatch(/tells its images again/);
      } finally {
        await back.close();
      }
      // Kept tiles are still served.
      expect((await ready(render)).status).toBe(200);
    } finally {
      await render.close();
    }
  });

  it("names the keys in its log where they are what is missing", async () => {
    const files = await runServer(IMAGES, { role: "files", signing: SIGNING });
    const render = await runServer({}, { role: "render", filesUrl: files.url });
    try {
      await expect.poll(() => render.events.length).toBeGreaterThan(0);
      expect(render.events[0]).toMatch(/BANDLOOM_SIGNING_KEYS.*refuses access/);
      expect((await ready(render)).status).toBe(503);
    } finally {
      await render.close();
      await files.close();
    }
  });
});

async function count(server: Running): Promise<number> {
  const text = await server.metrics.text();
  return Number(/^bandloom_pictures_rendered_total (\d+)$/m.exec(text)?.[1]);
}
