import fc from "fast-check";
import { getIntrospectionQuery, graphqlSync, type OperationDefinitionNode, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { callName, colormapNames, functionTable } from "../../src/formula/index.ts";
import { operationCost } from "../../src/graphql/guards/cost.ts";
import { buildBandloomSchema } from "../../src/graphql/schema.ts";
import type { ServedImage } from "../../src/service/types/image.ts";

const schema = buildBandloomSchema();

const demo = {
  key: "demo",
  levels: 3,
  info: { width: 1000, height: 600, channels: Array.from({ length: 15 }) },
} as unknown as ServedImage;

/** By the text, and by images that are open; of what is far beyond 8,000 a part. */
function cost(
  query: string,
  variableValues: Record<string, unknown> = {},
  images: readonly ServedImage[] = [],
): number {
  const { definitions } = parse(query);
  const operation = definitions.find((node): node is OperationDefinitionNode => node.kind === "OperationDefinition");
  if (!operation) throw new Error("No operation.");
  const fragments = Object.fromEntries(
    definitions.flatMap((node) => (node.kind === "FragmentDefinition" ? [[node.name.value, node]] : [])),
  );
  const opened = new Map(images.map((image) => [image.key, image]));
  return operationCost(operation, { schema, reading: { fragments, variableValues }, images: opened, limit: 8000 }).cost;
}

const tiles = (fields: string, range = "x: {from: 0, to: 9}, y: {from: 0, to: 4}") =>
  `image(key: "demo") { render(formula: "red") { tiles(level: 0, ${range}) { nodes { ${fields} } } } }`;

/** Fields of an answer, each as often as it is there. */
function valuesOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + valuesOf(one), 0);
  if (value === null || typeof value !== "object") return 0;
  return Object.values(value).reduce((sum: number, one) => sum + 1 + valuesOf(one), 0);
}

describe("the cost of an operation", () => {
  it("is one for each tile as URL and twenty for each that is rendered", () => {
    expect(cost(`{ ${tiles("x y url")} }`)).toBe(50);
    for (const field of ["base64", "dataUri", "byteLength"]) expect(cost(`{ ${tiles(`url ${field}`)} }`)).toBe(1000);
  });

  it("finds rendered fields through fragments and aliases, and obeys @skip and @include", () => {
    expect(cost(`{ ${tiles("... on Tile { ...F }")} } fragment F on Encoded { bytes: base64 }`)).toBe(1000);
    expect(cost(`query ($on: Boolean!) { ${tiles("base64 @include(if: $on)")} }`, { on: false })).toBe(50);
    expect(cost(`query ($on: Boolean!) { ${tiles("base64 @skip(if: $on)")} }`, { on: true })).toBe(50);
  });

  it("counts a field once that is written twice, as it is executed once, and each alias for itself", () => {
    expect(cost(`{ ${tiles("x")} ${tiles("y")} }`)).toBe(50);
    expect(cost(`{ a: ${tiles("x")} b: ${tiles("x")} }`)).toBe(100);
  });

  it("counts ranges as they are written, or cut to an image that is open", () => {
    const wide = `{ ${tiles("url", "x: {from: -5, to: 2147483647}, y: {from: 0, to: 2147483647}")} }`;
    expect(cost(wide)).toBeGreaterThan(1e18);
    expect(cost(wide, {}, [demo])).toBe(4 * 3);
    expect(cost(wide.replace("level: 0", "level: 0, tileSize: 64"), {}, [demo])).toBe(16 * 10);
    expect(cost(wide.replace("level: 0", "zoom: 0"), {}, [demo])).toBe(1);
  });

  it("reads ranges from variables", () => {
    const query = `query ($x: RangeInput!) { ${tiles("url", "x: $x, y: {from: 0, to: 0}")} }`;
    expect(cost(query, { x: { from: 0, to: 41 } })).toBe(42);
  });

  it("multiplies by the lists above: pages of images, channels of an image", () => {
    const list = (args: string) =>
      `{ images${args} { nodes { thumbnail { url } } edges { node { thumbnail { url } } } } }`;
    expect(cost(list("(first: 7)"))).toBe(14);
    expect(cost(list(""))).toBe(40);
    const channels = `{ image(key: "demo") { channels { statistics { mean } } } }`;
    expect(cost(channels, {}, [demo])).toBe(15 * 20);
    expect(cost(channels)).toBe(64 * 20);
  });

  it("refuses impossible pages, which would make it meaningless", () => {
    expect(() => cost("{ images(first: 1000000000) { totalCount } }")).toThrowError(/0 to 100/);
  });

  it("is nothing for what reads no pixels", () => {
    const query = `{ __typename server { version } image(key: "demo") { channels { name } levels { tiles { count } } } }`;
    expect(cost(query)).toBe(0);
  });

  it("is by pixels for tiles: one of 1024² is sixteen of 256², one of 64² as much as one of 256²", () => {
    const tile = (size: number) =>
      `{ image(key: "demo") { render { tile(level: 0, x: 0, y: 0, tileSize: ${size}) { base64 } } } }`;
    expect([64, 256, 512, 1024].map((size) => cost(tile(size)))).toEqual([20, 20, 80, 320]);
    expect(cost(`{ ${tiles("base64").replace("level: 0", "level: 0, tileSize: 512")} }`)).toBe(50 * 80);
    const stream = `subscription { tiles(input: {imageKey: "demo", tileSize: 512, level: 0, x: {from: 0, to: 1}, y: {from: 0, to: 1}}) { url } }`;
    expect(cost(stream)).toBe(4 * 80);
  });

  it("is by pixels for regions and thumbnails, as they are scaled to fit", () => {
    const region = (size: string, fields: string) =>
      `{ image(key: "demo") { render { region(region: {x: 0, y: 0, ${size}) { ${fields} } } } }`;
    expect(cost(region("width: 4096, height: 4096}, maxSize: 4096", "base64"))).toBe(256 * 20);
    expect(cost(region("width: 4096, height: 2048}, maxSize: 1024", "dataUri"))).toBe(8 * 20);
    expect(cost(region("width: 2048, height: 2048}", "byteLength"))).toBe(16 * 20);
    expect(cost(region("width: 4096, height: 4096}, maxSize: 4096", "url"))).toBe(1);
    expect(cost(region("width: -5, height: 2}, maxSize: -7", "base64"))).toBe(20);
    const thumbnail = `{ image(key: "demo") { thumbnail(maxSize: 1024) { base64 } } }`;
    expect(cost(thumbnail)).toBe(16 * 20);
    expect(cost(thumbnail, {}, [demo])).toBe(Math.ceil((20 * 1000 * 600) / 65_536));
  });

  it("is by megapixels for statistics where the text tells them, and by points for probes", () => {
    const statistics = (args: string, below = "mean") =>
      `{ image(key: "demo") { render { statistics${args} { ${below} } } } }`;
    const region = "region: {x: 0, y: 0, width: 4096, height: 4096}";
    expect(cost(statistics(`(level: 0, ${region})`))).toBe(16 * 20);
    expect(cost(statistics(`(level: 1, ${region})`))).toBe(4 * 20);
    expect(cost(statistics(`(level: 0, ${region})`), {}, [demo])).toBe(20);
    expect(cost(statistics(""))).toBe(20);
    expect(cost(statistics("(bins: 4096)"))).toBe(20);
    expect(cost(statistics("(bins: 4096)", "histogram { counts }"))).toBe(20 + 512);
    const probe = (count: number) =>
      `{ image(key: "demo") { render { probe(points: [${"{x: 1, y: 1} ".repeat(count)}]) { x } } } }`;
    expect([1, 20, 256].map((count) => cost(probe(count)))).toEqual([20, 20, 256]);
  });

  it("is an eighth for each value that a list of the server prints", () => {
    const names = cost("{ colormaps { name } }");
    expect(names).toBe(Math.ceil(colormapNames.length / 8));
    expect(cost("{ colormaps { colors(count: 256) } }")).toBe(32 * colormapNames.length);
    expect(cost("{ colormaps { colors(count: -9) } }")).toBe(names);
    const functions = functionTable.filter((row) => callName(row) !== null);
    expect(cost("{ formulaLanguage { functions { name help: description example } } }")).toBe(
      Math.ceil((3 * functions.length) / 8),
    );
  });

  it("lets the standard query for the schema pass, and not ten of it, however they are written", () => {
    const standard = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, oneOf: true });
    const whole = cost(standard);
    expect(whole).toBeLessThan(1000);
    const [query = "", fragments = ""] = standard.split(/(?=fragment FullType)/);
    const fields = query.slice(query.indexOf("{", query.indexOf("__schema")), query.lastIndexOf("}"));
    const ten = Array.from({ length: 10 }, (_, n) => `a${n}: __schema ${fields}`);
    const many = `{ ${ten.join(" ")} } ${fragments}`;
    expect(validate(schema, parse(many))).toEqual([]);
    expect(cost(many)).toBeGreaterThan(8000);
    expect(
      cost(
        `{ ...A ...B ...A } fragment A on Query { __schema { types { name } } } fragment B on Query { __schema { types { name } } }`,
      ),
    ).toBe(cost("{ __schema { types { name } } }"));
  });

  it("counts what introspection prints as graphql answers it", () => {
    const queries = [
      "{ __schema { types { name kind fields { name args { name type { name ofType { name } } } } } directives { name locations } } }",
      `{ __type(name: "Image") { description fields { name type { __typename name } } interfaces { name } } none: __type(name: "X") { name } }`,
      "query ($with: Boolean!) { __schema { queryType { name fields @include(if: $with) { name } } } }",
    ];
    for (const source of queries) {
      const { data } = graphqlSync({ schema, source, variableValues: { with: false } });
      expect(cost(source, { with: false })).toBe(Math.ceil(valuesOf(data) / 8));
    }
  });

  it("ends soon for introspection that nests without end", () => {
    const levels = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on __Type { a: ofType { ...F${n + 1} } b: ofType { ...F${n + 1} } }`,
    );
    expect(
      cost(`{ __schema { types { ...F0 } } } ${levels.join(" ")} fragment F40 on __Type { name }`),
    ).toBeGreaterThan(0);
    const wide = Array.from({ length: 8 }, (_, n) => {
      const below = `{ ...W${n + 1} }`;
      return `fragment W${n} on __Type { ${Array.from({ length: 9 }, (_, i) => `a${i}: fields { type ${below} }`).join(" ")} }`;
    });
    expect(cost(`{ __schema { types { ...W0 } } } ${wide.join(" ")} fragment W8 on __Type { name }`)).toBeGreaterThan(
      8000,
    );
  });

  it("never falls when more is asked for, and is never negative", () => {
    const side = fc.integer({ min: -10, max: 5000 });
    const query = (x: number, y: number, size: number, level: number) =>
      `{ image(key: "demo") { render {
        tiles(level: ${level}, x: {from: 0, to: ${x}}, y: {from: 0, to: ${y}}, tileSize: ${size}) { nodes { base64 } }
        region(region: {x: 0, y: 0, width: ${x}, height: ${y}}, maxSize: 9999) { base64 }
        small: region(region: {x: 0, y: 0, width: 3000, height: 2000}, maxSize: ${x}) { base64 }
        statistics(level: ${level}, region: {x: 0, y: 0, width: ${x}, height: ${y}}) { mean } } } }`;
    const property = fc.property(
      side,
      side,
      side,
      fc.integer({ min: 0, max: 2 }),
      fc.boolean(),
      (x, y, size, level, open) => {
        const of = (...args: Parameters<typeof query>) => cost(query(...args), {}, open ? [demo] : []);
        const base = of(x, y, size, level);
        expect(base).toBeGreaterThanOrEqual(0);
        expect(of(x + 1, y, size, level)).toBeGreaterThanOrEqual(base);
        expect(of(x, y + 7, size, level)).toBeGreaterThanOrEqual(base);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});
