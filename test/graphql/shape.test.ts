import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { shapeRule } from "../../src/graphql/guards/shape.ts";
import { LIMITS } from "./limits.ts";

const schema = buildSchema("type Query { a: Query b: Int }");
const refusals = (query: string) =>
  validate(schema, parse(query), [shapeRule({ ...LIMITS, queryDepth: 4, queryAliases: 3 })]).map(
    ({ message }) => message,
  );

describe("the limits on an operation's shape", () => {
  it("let pass what is exactly at the limit, and refuse one more", () => {
    expect(refusals("{ a { a { a { b } } } }")).toEqual([]);
    expect(refusals("{ a { a { a { a { b } } } } }")).toEqual([expect.stringContaining("5 levels of nested fields")]);
    expect(refusals("{ x: b y: b z: b }")).toEqual([]);
    expect(refusals("{ w: b x: b y: b z: b }")).toEqual([expect.stringContaining("4 aliases")]);
  });

  it("count the depth through fragments, which add none of their own", () => {
    const deep = "{ a { ...F } } fragment F on Query { a { ... on Query { a { ...G } } } } fragment G on Query { b }";
    expect(refusals(deep)).toEqual([]);
    expect(refusals(deep.replace("{ b }", "{ a { b } }"))).toHaveLength(1);
  });

  it("count an alias as often as its fragment is spread, without writing the fragments out", () => {
    const chain = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`);
    const [message] = refusals(`{ ...F0 } ${chain.join(" ")} fragment F60 on Query { x: b }`);
    expect(message).toContain(`${2 ** 60} aliases`);
  });

  it("exempt introspection from the depth, in __schema and in __type", () => {
    const types = "ofType { ofType { ofType { ofType { ofType { name } } } } }";
    expect(refusals(`{ __schema { types { fields { type { ${types} } } } } }`)).toEqual([]);
    expect(refusals(`{ __type(name: "Query") { fields { type { ${types} } } } }`)).toEqual([]);
  });

  it("end on circular fragments", () => {
    expect(refusals("{ ...A } fragment A on Query { a { ...B } } fragment B on Query { a { ...A } }")).toEqual([]);
  });

  it("refuse more than fifty directives", () => {
    expect(refusals(`{ b ${"@skip(if: false) ".repeat(51)} }`)).toEqual([expect.stringContaining("51 directives")]);
  });
});
