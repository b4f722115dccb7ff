import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TAG } from "../../src/source/tiff/tags.ts";
import { buildTiff, type DirectorySpec, long, short } from "../fixtures/tiff-builder.ts";
import { buildImage, valueAt } from "../fixtures/zarr-builder.ts";
import { type Running, requestText, runServer } from "./running.ts";

/** Each half float, by its bits: zeros, numbers below 2⁻¹⁴, infinities and every NaN among them. */
const HALVES = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const SIDE = 16;
const opaque = (x: number, y: number) => (x + y) % 3 > 0;
const color = (x: number, y: number, sample: number) => (x * 7 + y * 13 + sample * 50) % 256;

/** Colors with a transparency, an image with a mask, and one of which a tile was never written. */
const RGBA: DirectorySpec = {
  ...{ width: 40, height: 20, samples: 4, tile: [SIDE, SIDE], codec: "deflate" },
  value: (x, y, sample) => (sample === 3 ? (opaque(x, y) ? 255 : 0) : color(x, y, sample)),
  tags: { [TAG.photometric]: short(2), [TAG.extraSamples]: short(2) },
};
const SPARSE: DirectorySpec = {
  width: 40,
  height: 20,
  tile: [SIDE, SIDE],
  value: color,
  sparse: (chunk) => chunk === 1,
};
const MASKED: DirectorySpec = { width: 40, height: 20, tile: [SIDE, SIDE], value: color };
const MASK: DirectorySpec = {
  ...{ width: 40, height: 20, tile: [SIDE, SIDE], type: "uint8" },
  value: (x, y) => (opaque(x, y) ? 1 : 0),
  tags: { [TAG.newSubfileType]: long(4), [TAG.photometric]: short(4) },
};

let server: Running;
beforeAll(async () => {
  server = await runServer({ "rgba.tif": RGBA, "sparse.tif": SPARSE });
  await writeFile(join(server.folder, "masked.tif"), buildTiff({ directories: [MASKED, MASK] }));
  const stack = await buildImage({ axes: "tczyx", levels: [{ shape: [2, 2, 3, 20, 20], chunk: [1, 1, 2, 16, 16] }] });
  const halves = await buildImage({ axes: "yx", levels: [{ shape: [256, 256], chunk: [256, 256], type: "float16" }] });
  halves.set("0/c/0/0", new Uint8Array(HALVES.buffer));
  for (const [name, files] of Object.entries({ stack, halves }))
    for (const [path, bytes] of files) {
      const file = join(server.folder, `${name}.zarr`, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
});
afterAll(() => server.close());

async function raw(path: string) {
  const answer = await server.get(`/channels/${path}`);
  expect(answer.status).toBe(200);
  return { type: answer.headers.get("x-bandloom-dtype"), bytes: await answer.arrayBuffer() };
}

/** The numbers of the first chunk of a side. */
const first = (value: (x: number, y: number) => number) =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, at) => value(at % SIDE, Math.floor(at / SIDE)));

describe("raw samples", () => {
  it("of half floats are the halves that are stored, every bit of them", async () => {
    const { type, bytes } = await raw("halves/b1/0/0/0.raw");
    expect(type).toBe("float16");
    expect(new Uint16Array(bytes)).toEqual(HALVES);
  });

  it.each([0, 1, 2, 3])("of colors with a transparency are those that are stored: sample %i", async (sample) => {
    const { type, bytes } = await raw(`rgba/@${sample + 1}/0/0/0.raw`);
    expect(type).toBe("uint8");
    expect(new Uint8Array(bytes)).toEqual(
      first((x, y) => (sample === 3 ? (opaque(x, y) ? 255 : 0) : color(x, y, sample))),
    );
  });

  it("under a mask are those that are stored, masked or not", async () => {
    const { type, bytes } = await raw("masked/b1/0/0/0.raw");
    expect(type).toBe("uint8");
    expect(new Uint8Array(bytes)).toEqual(first((x, y) => color(x, y, 0)));
  });

  it("of an image with tiles that were never written are whole numbers, 0 in those", async () => {
    const written = await raw("sparse/b1/0/0/0.raw");
    expect(written.type).toBe("uint8");
    expect(new Uint8Array(written.bytes)).toEqual(first((x, y) => color(x, y, 0)));
    expect(new Uint8Array((await raw("sparse/b1/0/1/0.raw")).bytes)).toEqual(first(() => 0));
  });

  it.each(["rgba", "masked"])("leave pictures what is transparent, before and after: %s", async (name) => {
    for (const _ of [0, 1]) {
      await raw(`${name}/@1/0/0/0.raw`);
      const answer = await server.get(`/probe/${name}.json?f=@1&points=0,0;1,0`);
      const { points } = (await answer.json()) as { points: { values: { number: number | null }[] }[] };
      expect(points.map(({ values }) => values[0]?.number)).toEqual([null, color(1, 0, 0)]);
    }
  });
});

describe("raw samples of a stack", () => {
  const plane = (t: number, c: number, z: number) =>
    Uint16Array.from({ length: SIDE * SIDE }, (_, at) => valueAt([t, c, z, Math.floor(at / SIDE), at % SIDE]));

  it.each([
    ["", 0, 0],
    ["?z=0&t=0", 0, 0],
    ["?z=2", 2, 0],
    ["?t=1", 0, 1],
    ["?z=1&t=1", 1, 1],
  ])("are of the plane that is named, else of the first: %s", async (query, z, t) => {
    const { bytes } = await raw(`stack/b2/0/0/0.raw${query}`);
    expect(new Uint16Array(bytes)).toEqual(plane(t, 1, z));
  });

  it.each([
    ["?z=3", 404, "z is 0 to 2, t is 0 to 1"],
    ["?t=2", 404, "z is 0 to 2, t is 0 to 1"],
    ["?z=99999999999999999999", 404, "z is 0 to 2"],
    ["?z=-1", 400, "z is a whole number"],
    ["?z=01", 400, "z is a whole number"],
    ["?t=", 400, "t is a whole number"],
    ["?z=1&z=1", 400, "given twice"],
    ["?c=1", 400, "There is no parameter"],
  ])("are refused with what to ask instead: %s", async (query, status, message) => {
    const answer = await server.raw(requestText(`/channels/stack/b2/0/0/0.raw${query}`));
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(message)]);
  });
});
