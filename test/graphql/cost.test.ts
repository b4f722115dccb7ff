import { type OperationDefinitionNode, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { operationCost } from "../../src/graphql/guards/cost.ts";
import { buildBandloomSchema } from "../../src/graphql/schema.ts";
import type { ServedImage } from "../../src/service/types/image.ts";

const schema = buildBandloomSchema();

const demo = {
  key: "demo",
  levels: 3,
  info: { width: 1000, height: 600, channels: Array.from({ length: 15 }) },
} as unknown as ServedImage;

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
  return operationCost(operation, { schema, reading: { fragments, variableValues }, images: opened }).cost;
}

const tiles = (fields: string, range = "x: {from: 0, to: 9}, y: {from: 0, to: 4}") =>
  `image(key: "demo") { render(formula: "red") { tiles(level: 0, ${range}) { nodes { ${fields} } } } }`;

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
    expect(
      cost(
        `{ server { version } image(key: "demo") { channels { name } levels { tiles { count } } } __schema { types { name } } }`,
      ),
    ).toBe(0);
  });
});
