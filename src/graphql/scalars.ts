import { GraphQLError, GraphQLScalarType, Kind } from "graphql";

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`Expected a string, got ${typeof value}.`);
  return value;
}

function outputOnly(): never {
  throw new GraphQLError("This scalar is only an output.");
}

/** A reference, not an absolute URL: relative answers stay right behind any proxy (RFC 3986 section 4.1). */
export const Url = new GraphQLScalarType({
  name: "Url",
  description:
    "A URL reference (RFC 3986): absolute when the server knows its public address, else beginning with `/`.",
  serialize: text,
  parseValue: outputOnly,
  parseLiteral: outputOnly,
});

export const Base64 = new GraphQLScalarType({
  name: "Base64",
  description: "Bytes as base64 with padding (RFC 4648 section 4).",
  serialize: text,
  parseValue: outputOnly,
  parseLiteral: outputOnly,
});

function parseHexColor(value: unknown): string {
  const match = typeof value === "string" ? /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(value) : null;
  if (!match?.[1]) throw new GraphQLError("A colour is written #rrggbb or #rgb in hexadecimal digits.");
  const digits = match[1].toLowerCase();
  return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`;
}

export const HexColor = new GraphQLScalarType({
  name: "HexColor",
  description: "An opaque sRGB colour, `#rrggbb`; `#rgb` is understood too.",
  serialize: text,
  parseValue: parseHexColor,
  parseLiteral: (node) => parseHexColor(node.kind === Kind.STRING ? node.value : null),
});
