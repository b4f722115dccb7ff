import { describe, expect, it } from "vitest";
import { type ArraySpec, buildImage, json } from "../../fixtures/zarr-builder.ts";
import { failureOf, openFiles } from "./support.ts";

const LEVEL: ArraySpec = { shape: [2, 20, 30], chunk: [1, 16, 16] };

type Document = Record<string, unknown>;
const changed = (values: Document) => (document: Document) => ({ ...document, ...values });
const without = (name: string) => (document: Document) => ({ ...document, [name]: undefined });

/** What opening an image is refused with whose one array says something else. */
async function refusal(version: 2 | 3, metadata: (document: Document) => unknown, spec: Partial<ArraySpec> = {}) {
  const files = await buildImage({ version, axes: "cyx", levels: [{ ...LEVEL, ...spec, metadata }] });
  return failureOf(openFiles(files));
}

describe("metadata of an array that break a rule", () => {
  it.each<[string, (document: Document) => unknown, RegExp]>([
    ["no zarr_format", without("zarr_format"), /zarr_format/],
    ["zarr_format 3", changed({ zarr_format: 3 }), /zarr_format/],
    ["no shape", without("shape"), /shape/],
    ["a shape of 0", changed({ shape: [2, 0, 30] }), /shape\.1/],
    ["a negative shape", changed({ shape: [2, -20, 30] }), /shape\.1/],
    ["a shape of 2⁵³", changed({ shape: [2, 2 ** 53, 30] }), /shape\.1/],
    ["a shape of half pixels", changed({ shape: [2, 20.5, 30] }), /shape\.1/],
    ["a shape that is a text", changed({ shape: "20" }), /shape/],
    ["one axis", changed({ shape: [30] }), /shape/],
    ["a hundred axes", changed({ shape: new Array(100).fill(1) }), /shape/],
    ["no chunks", without("chunks"), /chunks/],
    ["chunks of 0", changed({ chunks: [1, 0, 16] }), /chunks\.1/],
    ["chunks of 2⁵³", changed({ chunks: [1, 2 ** 53, 1] }), /chunks\.1/],
    ["chunks of other axes", changed({ chunks: [16, 16] }), /another number of axes/],
    ["chunks of gigabytes", changed({ chunks: [1, 2 ** 20, 2 ** 20] }), /./],
    ["no dtype", without("dtype"), /dtype/],
    ["complex samples", changed({ dtype: "<c8" }), /type "<c8"/],
    ["texts for samples", changed({ dtype: "|S8" }), /type "\|S8"/],
    ["dates for samples", changed({ dtype: "<M8[ns]" }), /type/],
    ["128-bit floats", changed({ dtype: "<f16" }), /type "<f16"/],
    ["64-bit integers with a fill value beyond 32", changed({ dtype: "<i8", fill_value: 2 ** 40 }), /beyond 32 bits/],
    ["structured samples", changed({ dtype: [["a", "<u1"]] }), /dtype/],
    ["no compressor", without("compressor"), /compressor/],
    ["an unknown compressor", changed({ compressor: { id: "lzma" } }), /"lzma", which is not supported/],
    ["a compressor without id", changed({ compressor: {} }), /compressor/],
    ["a filter", changed({ filters: [{ id: "delta", dtype: "<u2" }] }), /filter "delta"/],
    ["order K", changed({ order: "K" }), /order/],
    ["a separator of its own", changed({ dimension_separator: "-" }), /dimension_separator/],
    ["a fill value of words", changed({ fill_value: "many" }), /fill value "many"/],
    ["a fill value that is a list", changed({ fill_value: [1] }), /fill value/],
  ])("are refused with the rule, in Zarr 2: %s", async (_, metadata, message) => {
    const { code, message: told } = await refusal(2, metadata);
    expect([code, told]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  const regular = (configuration: unknown) => changed({ chunk_grid: { name: "regular", configuration } });
  const codecs = (...list: readonly unknown[]) => changed({ codecs: list });
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const sharding = (configuration: Document) =>
    codecs({
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [1, 8, 8],
        codecs: [bytes],
        index_codecs: [bytes, { name: "crc32c" }],
        ...configuration,
      },
    });

  it.each<[string, (document: Document) => unknown, RegExp]>([
    ["zarr_format 2", changed({ zarr_format: 2 }), /zarr_format/],
    ["a group in its place", changed({ node_type: "group" }), /node_type/],
    ["a shape of 0", changed({ shape: [2, 20, 0] }), /shape\.2/],
    ["no data type", without("data_type"), /type/],
    ["an extension type", changed({ data_type: { name: "numpy.datetime64" } }), /type/],
    ["complex samples", changed({ data_type: "complex64" }), /"complex64"/],
    ["no chunk grid", without("chunk_grid"), /chunk_grid/],
    ["a rectilinear grid", changed({ chunk_grid: { name: "rectilinear", configuration: {} } }), /chunk_grid/],
    ["a grid of other axes", regular({ chunk_shape: [16, 16] }), /axes/],
    ["chunks of 0", regular({ chunk_shape: [1, 0, 16] }), /chunk_shape/],
    ["chunks of gigabytes", regular({ chunk_shape: [1, 2 ** 20, 2 ** 20] }), /./],
    ["keys of its own", changed({ chunk_key_encoding: { name: "fanout" } }), /chunk_key_encoding/],
    ["no codecs", codecs(), /codecs/],
    ["seventeen codecs", codecs(...new Array(17).fill(bytes)), /codecs/],
    ["no bytes codec", codecs({ name: "zstd" }), /in a place/],
    ["an unknown codec", codecs(bytes, { name: "jpeg2k" }), /"jpeg2k", which is not supported/],
    ["bytes of no order", codecs({ name: "bytes" }), /which end/],
    ["bytes of a middle order", codecs({ name: "bytes", configuration: { endian: "middle" } }), /which end/],
    ["bytes twice", codecs(bytes, bytes), /"bytes"/],
    [
      "a transpose behind bytes",
      codecs(bytes, { name: "transpose", configuration: { order: [0, 1, 2] } }),
      /"transpose"/,
    ],
    ["a transpose of two axes", codecs({ name: "transpose", configuration: { order: [1, 0] } }, bytes), /permutation/],
    [
      "a transpose that names an axis twice",
      codecs({ name: "transpose", configuration: { order: [0, 1, 1] } }, bytes),
      /permutation/,
    ],
    ["a transpose without order", codecs({ name: "transpose" }, bytes), /permutation/],
    ["shards without chunks", sharding({ chunk_shape: undefined }), /how large/],
    ["shards of other axes", sharding({ chunk_shape: [8, 8] }), /how large/],
    ["shards of chunks of 0", sharding({ chunk_shape: [1, 0, 8] }), /how large/],
    ["shards that chunks do not fill", sharding({ chunk_shape: [1, 5, 8] }), /not filled/],
    ["shards with their index in the middle", sharding({ index_location: "middle" }), /index/],
    ["shards with a packed index", sharding({ index_codecs: [bytes, { name: "zstd" }] }), /index/],
    [
      "shards with a big-endian index",
      sharding({ index_codecs: [{ name: "bytes", configuration: { endian: "big" } }] }),
      /index/,
    ],
    ["shards in shards in shards", sharding({ codecs: [{ name: "sharding_indexed", configuration: {} }] }), /./],
    [
      "shards that are packed again",
      codecs(
        { name: "sharding_indexed", configuration: { chunk_shape: [1, 8, 8], codecs: [bytes], index_codecs: [bytes] } },
        { name: "gzip" },
      ),
      /in a place/,
    ],
    ["a fill value of words", changed({ fill_value: "many" }), /fill value/],
  ])("are refused with the rule, in Zarr 3: %s", async (_, metadata, message) => {
    const { code, message: told } = await refusal(3, metadata);
    expect([code, told]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it("are refused where a shard would have more chunks than an index is read for", async () => {
    const { message } = await refusal(
      3,
      changed({
        shape: [1, 2 ** 22, 2 ** 22],
        chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 2 ** 21, 2 ** 21] } },
      }),
      { shard: [1, 1, 1] },
    );
    expect(message).toMatch(/more than 1048576 chunks/);
  });
});

describe("metadata of an image that break a rule", () => {
  const axis = (name: string, type = "space") => ({ name, type });
  const axes = (...list: readonly unknown[]) => changed({ axes: list });
  const datasets = (...list: readonly unknown[]) => changed({ datasets: list });
  const scale = (...values: readonly unknown[]) => ({ type: "scale", scale: values });
  const dataset = (path: unknown, ...transformations: readonly unknown[]) =>
    datasets({ path, coordinateTransformations: transformations });

  it.each<[string, (document: Document) => unknown, RegExp]>([
    ["no axes, as before version 0.4", without("axes"), /from 0\.4 on/],
    ["axes that are texts", axes("c", "y", "x"), /axes/],
    ["four axes of space", axes(axis("a"), axis("z"), axis("y"), axis("x")), /more than three axes of space/],
    [
      "an axis of angles behind those of space",
      axes(axis("y"), axis("x"), axis("angle", "angle")),
      /axes y, x, "angle"/,
    ],
    ["two axes of their own", axes(axis("a", "angle"), axis("b", "bin"), axis("y"), axis("x")), /order/],
    ["an axis twice", axes(axis("y"), axis("y"), axis("x")), /order/],
    ["x before y", axes(axis("c", "channel"), axis("x"), axis("y")), /order/],
    ["channels before time", axes(axis("c", "channel"), axis("t", "time"), axis("x")), /order/],
    ["no x", axes(axis("c", "channel"), axis("z"), axis("y")), /no axis x/],
    ["a channel axis of time", axes(axis("c", "time"), axis("y"), axis("x")), /axis c has the type/],
    ["fewer axes than the array", axes(axis("y"), axis("x")), /./],
    ["no datasets", without("datasets"), /datasets/],
    ["an empty list of datasets", datasets(), /datasets/],
    [
      "a thousand datasets",
      datasets(...new Array(1000).fill({ path: "0", coordinateTransformations: [scale(1, 1, 1)] })),
      /datasets/,
    ],
    ["a path that leads out", dataset("../../etc", scale(1, 1, 1)), /leads out/],
    ["a path from the root", dataset("/etc", scale(1, 1, 1)), /leads out/],
    ["a path of control characters", dataset("0\n", scale(1, 1, 1)), /leads out/],
    ["a path of nothing", dataset("", scale(1, 1, 1)), /leads out/],
    ["a path that is a number", dataset(0, scale(1, 1, 1)), /path/],
    ["a path to nothing", dataset("7", scale(1, 1, 1)), /array "7" has no zarr\.json/],
  ])("are refused with the rule: %s", async (_, multiscale, message) => {
    const found = await failureOf(openFiles(await buildImage({ axes: "cyx", levels: [LEVEL], multiscale })));
    expect([found.code, found.message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it.each<[string, 2 | 3, (document: Document) => unknown, RegExp]>([
    ["0.3, where axes are names", 2, changed({ version: "0.3", axes: ["c", "y", "x"] }), /of version 0\.3 of OME-NGFF/],
    ["none that is said, where axes are names", 2, changed({ version: undefined, axes: ["c", "y", "x"] }), /0\.3/],
    ["0.1, which has no axes", 2, changed({ version: "0.1", axes: undefined }), /of version 0\.1 of OME-NGFF/],
    ["none that is said, without axes", 2, changed({ version: undefined, axes: undefined }), /from 0\.4 on/],
  ])("are refused by the version that they have: %s", async (_, version, multiscale, message) => {
    const found = await failureOf(openFiles(await buildImage({ version, axes: "cyx", levels: [LEVEL], multiscale })));
    expect([found.code, found.message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it("are refused by the version that the group says: 0.6 has coordinate systems", async () => {
    const multiscale = ({ axes: list, ...document }: Document) => ({
      ...document,
      coordinateSystems: [{ axes: list }],
    });
    const files = await buildImage({ axes: "cyx", levels: [LEVEL], multiscale });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    group.attributes.ome.version = "0.6";
    files.set("zarr.json", json(group));
    expect((await failureOf(openFiles(files))).message).toMatch(/of version 0\.6 of OME-NGFF, and only 0\.4 and 0\.5/);
  });

  it.each<[string, readonly ArraySpec[], RegExp]>([
    ["another type", [LEVEL, { ...LEVEL, shape: [2, 10, 15], type: "uint8" }], /different types/],
    ["other channels", [LEVEL, { ...LEVEL, shape: [3, 10, 15] }], /along c/],
    ["more pixels", [LEVEL, { ...LEVEL, shape: [2, 21, 15] }], /larger along y/],
    ["other channels in a chunk", [LEVEL, { shape: [2, 10, 15], chunk: [2, 16, 16] }], /channels in a chunk/],
  ])("are refused where a level has %s", async (_, levels, message) => {
    const found = await failureOf(openFiles(await buildImage({ axes: "cyx", levels })));
    expect([found.code, found.message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a bare array", { zarr_format: 3, node_type: "array" }, /bare array/],
    ["no multiscales", { zarr_format: 3, node_type: "group", attributes: {} }, /no multiscales/],
    [
      "multiscales of nothing",
      { zarr_format: 3, node_type: "group", attributes: { ome: { multiscales: [] } } },
      /no multiscales/,
    ],
    [
      "multiscales that are a text",
      { zarr_format: 3, node_type: "group", attributes: { ome: { multiscales: ["a"] } } },
      /no image number 0/,
    ],
    ["a plate", { zarr_format: 3, node_type: "group", attributes: { ome: { plate: {} } } }, /plate of many images/],
    ["a list", [], /no JSON object/],
    ["a number", 7, /no JSON object/],
  ])("are refused for a group that is %s", async (_, group, message) => {
    const found = await failureOf(openFiles(new Map([["zarr.json", json(group)]])));
    expect([found.code, found.message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /no JSON/],
    ["nested a thousand times", `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`, /nested too deeply/],
    ["nested a million times", "[".repeat(1_000_000), /nested too deeply/],
    ["longer than any is", " ".repeat(17 * 2 ** 20), /bytes, where/],
  ])("are refused for a document that is %s", async (_, text, message) => {
    const found = await failureOf(openFiles(new Map([["zarr.json", new TextEncoder().encode(text)]])));
    expect([found.code, found.message]).toEqual(["SOURCE_UNREADABLE", expect.stringMatching(message)]);
  });

  it("are refused for a folder that has none", async () => {
    expect((await failureOf(openFiles(new Map()))).message).toMatch(/no Zarr metadata/);
  });
});
