import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { presetLibrary } from "../../src/formula/index.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff, type DirectorySpec } from "../fixtures/tiff-builder.ts";

const CATALOGUE = `
images:
  good:
    name: A fine image
    description: Of two channels
    formula: "window(@2, 0, 255)"
    presets:
      - { name: Ratio, formula: "ndi(@1, @2)", description: One against the other }
      - { name: Broken, formula: "nothing + 1" }
  inline:
    channels: { pattern: "bands/{channel}.tif", channels: [pan, { channel: red, name: crimson, wavelength: 665 }] }
  typo: { sorce: good.tif }
  gone: { source: gone.tif }
  far: { source: "http://127.0.0.1:9/image.tif" }
`;

const root = mkdtempSync(join(tmpdir(), "bandloom-catalogue-"));
let server: RunningServer;

function put(name: string, content: string | Uint8Array | DirectorySpec): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  const raw = typeof content === "string" || content instanceof Uint8Array;
  writeFileSync(path, raw ? content : buildTiff({ directories: [content] }));
}

beforeAll(async () => {
  put("good.tif", { width: 40, height: 30, samples: 2, seed: 1 });
  put("text.tif", "This is no image.");
  put("bands/pan.tif", { width: 64, height: 64, tile: [16, 16], seed: 2 });
  put("bands/red.tif", { width: 32, height: 32, tile: [16, 16], seed: 3 });
  put(
    "bands/scene.channels.yaml",
    "name: Scene\nfiles:\n- pan.tif\n- { file: red.tif, resampling: nearest, nodata: 0 }\n",
  );
  put("bands/wrong.channels.yaml", "files:\n- { file: pan.tif, wavelenght: 3 }\n");
  put("bands/self.channels.yaml", "files: [link.tif]\n");
  symlinkSync("self.channels.yaml", join(root, "bands/link.tif"));
  put("catalogue.yaml", CATALOGUE);
  server = await startServer({ data: root });
});

afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly data: Record<string, unknown>;
  readonly errors?: readonly {
    readonly message: string;
    readonly path: readonly unknown[];
    readonly extensions: { readonly code: string };
  }[];
}

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

describe("the list of images", () => {
  it("tells which images cannot be read and why, beside those that can", async () => {
    const { data, errors } = await ask("{ images { totalCount nodes { key } problems { key code message } } }");
    const { totalCount, nodes, problems } = data.images as {
      totalCount: number;
      nodes: { key: string }[];
      problems: { key: string; code: string; message: string }[];
    };
    const good = ["bands/pan", "bands/red", "bands/scene", "good", "inline"];
    expect(nodes.map(({ key }) => key)).toEqual(good);
    expect(problems.map(({ key, code }) => [key, code])).toEqual([
      ["bands/link", "SOURCE_UNREADABLE"],
      ["bands/self", "SOURCE_UNREADABLE"],
      ["bands/wrong", "SOURCE_UNREADABLE"],
      ["far", "FORBIDDEN"],
      ["gone", "SOURCE_UNREADABLE"],
      ["text", "SOURCE_UNREADABLE"],
      ["typo", "SOURCE_UNREADABLE"],
    ]);
    expect(totalCount).toBe(12);
    expect(errors).toBeUndefined();
    const reasons = Object.fromEntries(problems.map(({ key, message }) => [key, message]));
    expect(reasons["bands/self"]).toMatch(/a channel set itself/);
    expect(reasons["bands/wrong"]).toMatch(
      /its manifest, line 2, files\[1\]: has no key "wavelenght". Write wavelength/,
    );
    expect(reasons.typo).toMatch(/line 12, images.typo: has no key "sorce". Write source/);
    expect(JSON.stringify({ data, errors })).not.toContain(root);
    expect(JSON.stringify({ data, errors })).not.toContain("127.0.0.1");
  });

  it("nulls nothing and tells no error where only problems are asked for", async () => {
    const { data, errors } = await ask('{ images(first: 3, search: "bands/s") { problems { key } edges { cursor } } }');
    expect(data.images).toMatchObject({ problems: [{ key: "bands/self" }], edges: [{}, {}] });
    expect(errors).toBeUndefined();
  });

  it("is searched by names too", async () => {
    const { data } = await ask('{ images(search: "FINE") { nodes { key name description } } }');
    expect(data.images).toEqual({ nodes: [{ key: "good", name: "A fine image", description: "Of two channels" }] });
  });
});

describe("what the catalogue says of an image", () => {
  it("is its default formula and its presets, which can be rendered by id and asked for as nodes", async () => {
    const { data } = await ask(`{
      image(key: "good") { formula seriesCount presets { id name formula description imageKey } render { source canonical } }
    }`);
    const image = data.image as { presets: { id: string; name: string }[] };
    expect(image).toMatchObject({
      ...{ formula: "window(@2, 0, 255)", seriesCount: 1, render: { source: "window(@2, 0, 255)" } },
      presets: [
        { name: "Ratio", formula: "ndi(@1, @2)", description: "One against the other", imageKey: "good" },
        { name: "Broken", formula: "nothing + 1", description: null, imageKey: "good" },
      ],
    });
    const [ratio, broken] = image.presets;
    const rendered = await ask(
      `query ($ratio: ID!, $broken: ID!) {
        node(id: $ratio) { id ... on Preset { name } }
        image(key: "good") {
          ratio: render(preset: $ratio) { source valid }
          shown: render(preset: $ratio, display: { colormap: "viridis" }) { source valid }
          broken: render(preset: $broken) { valid diagnostics { code } }
        }
      }`,
      { ratio: ratio?.id, broken: broken?.id },
    );
    expect(rendered).toEqual({
      data: {
        node: { id: ratio?.id, name: "Ratio" },
        image: {
          ratio: { source: "ndi(@1, @2)", valid: true },
          shown: { source: 'colormap(ndi(@1, @2), "viridis")', valid: true },
          broken: { valid: false, diagnostics: [{ code: expect.any(String) }] },
        },
      },
    });
  });

  it("refuses a preset of another image, beside a formula, and one that is none", async () => {
    const { data } = await ask('{ presets(search: "ratio", imageKey: "good") { nodes { id } } }');
    const [{ id }] = (data.presets as { nodes: [{ id: string }] }).nodes;
    const codes = async (key: string, args: string) => {
      const { errors } = await ask(`query ($id: ID!) { image(key: "${key}") { render(${args}) { valid } } }`, { id });
      return errors?.map(({ extensions }) => extensions.code);
    };
    expect(await codes("bands/pan", "preset: $id")).toEqual(["BAD_REQUEST"]);
    expect(await codes("good", 'preset: $id, formula: "b1"')).toEqual(["BAD_REQUEST"]);
    const none = (name: string) => Buffer.from(name).toString("base64url");
    const gone = `{ image(key: "good") { a: render(preset: "${none("Preset:None:good")}") { valid } b: render(preset: "${none("Image:good")}") { valid } c: render(preset: "${none("Preset:%zz:good")}") { valid } } }`;
    expect((await ask(gone)).errors?.map(({ extensions }) => extensions.code)).toEqual([
      "NOT_FOUND",
      "NOT_FOUND",
      "NOT_FOUND",
    ]);
  });

  it("lists presets in pages, by image and by search", async () => {
    const list = async (args: string) => {
      const { data } = await ask(`{ presets${args} { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }`);
      return data.presets as {
        totalCount: number;
        nodes: { name: string }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    };
    const first = await list('(first: 1, imageKey: "good")');
    expect(first).toMatchObject({ totalCount: 2, nodes: [{ name: "Broken" }], pageInfo: { hasNextPage: true } });
    expect(await list(`(first: 1, imageKey: "good", after: "${first.pageInfo.endCursor}")`)).toMatchObject({
      nodes: [{ name: "Ratio" }],
      pageInfo: { hasNextPage: false },
    });
    expect((await list("")).totalCount).toBe(2 + presetLibrary.length);
    expect(await list('(search: "AGAINST")')).toMatchObject({ totalCount: 1, nodes: [{ name: "Ratio" }] });
    // Of the library what is made of any channel with a wavelength.
    expect(await list('(imageKey: "inline")')).toMatchObject({ totalCount: 1, nodes: [{ name: "emission" }] });
    expect((await ask("{ presets(first: 101) { totalCount } }")).errors?.[0]?.extensions.code).toBe("BAD_REQUEST");
  });

  it("is read again when it changes", async () => {
    put("catalogue.yaml", CATALOGUE.replace("A fine image", "A finer image"));
    const name = async () => (await ask('{ image(key: "good") { name } }')).data.image;
    await expect.poll(name).toEqual({ name: "A finer image" });
  });

  it("gives addresses without a formula another one when it does, all of them at once and none for ever", async () => {
    const { data } = await ask('{ image(key: "good") { render { urlTemplate } } }');
    const { image } = data as { image: { render: { urlTemplate: string } } };
    const [, v = ""] = /[?&]v=(\w+)/.exec(image.render.urlTemplate) ?? [];
    expect(v).not.toBe("");
    const paths = ["", `?v=${v}`].map((query) => `/tiles/good/0/0/0.png${query}`);
    const answers = () =>
      Promise.all(
        paths.map(async (path) => {
          const { status, headers } = await fetch(server.url + path);
          return [status, headers.get("cache-control"), headers.get("etag")];
        }),
      );
    const before = await answers();
    expect(before.map(([status, keep]) => [status, keep])).toEqual(paths.map(() => [200, "no-cache"]));
    put("catalogue.yaml", CATALOGUE.replace("window(@2, 0, 255)", "window(@1, 0, 254)").replace("A fine", "Another"));
    const name = async () => (await ask('{ image(key: "good") { name } }')).data.image;
    await expect.poll(name).toEqual({ name: "Another image" });
    const [etag] = (await answers()).map(([, , tag]) => tag);
    expect(etag).not.toBe(before[0]?.[2]);
    expect((await answers()).map(([, , tag]) => tag)).toEqual(paths.map(() => etag));
  });
});

describe("a channel set", () => {
  it("is an image: its channels on the grid of the finest file, by manifest and in the catalogue", async () => {
    const { data } = await ask(`{
      scene: image(key: "bands/scene") { ...Set }
      inline: image(key: "inline") { ...Set }
    } fragment Set on Image { name width height format channels { name wavelengthNm window { min max } active scale offset } }`);
    const plain = { window: null, active: null, scale: 1, offset: 0 };
    const set = { width: 64, height: 64, format: "channel set" };
    expect(data).toEqual({
      scene: {
        name: "Scene",
        ...set,
        channels: ["pan", "red"].map((name) => ({ name, wavelengthNm: null, ...plain })),
      },
      inline: {
        ...{ name: "inline", ...set },
        channels: [
          { name: "pan", wavelengthNm: null, ...plain },
          { name: "crimson", wavelengthNm: 665, ...plain },
        ],
      },
    });
  });

  it("shows the same pixels as its files", async () => {
    const picture = async (key: string, formula: string) => {
      const { data, errors } = await ask(
        `query ($f: String!) { image(key: "${key}") { render(formula: $f) { tile(level: 0, x: 0, y: 0, encoding: { format: PNG }) { base64 } } } }`,
        { f: formula },
      );
      expect(errors).toBeUndefined();
      return (data.image as { render: { tile: { base64: string } } }).render.tile.base64;
    };
    expect(await picture("inline", "window(pan, 0, 255)")).toBe(await picture("bands/pan", "window(b1, 0, 255)"));
    expect(await picture("inline", "window(crimson, 0, 255)")).not.toBe(await picture("inline", "window(pan, 0, 255)"));
  });
});
