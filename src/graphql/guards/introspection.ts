import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";
import { collectFields, type Reading, subselections } from "../selections.ts";

const ROOTS = new Map([SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]));

interface Introspection {
  readonly schema: GraphQLSchema;
  readonly reading: Reading;
}

/**
 * Values that a field prints which asks for the schema, names of lists and objects with them; 0 for any other field. It is counted as it would
 * be answered, until there are more than `most`, so that an operation takes no longer to be refused than `most` values.
 */
export function printedValues(nodes: readonly FieldNode[], { schema, reading }: Introspection, most: number): number {
  const root = ROOTS.get(nodes[0]?.name.value ?? "");
  if (!root) return 0;
  const info = { schema } as GraphQLResolveInfo;
  let printed = 0;

  const visit = (field: typeof root, fields: readonly FieldNode[], sources: readonly unknown[]): void => {
    printed += sources.length;
    const [first] = fields;
    const type = getNamedType(field.type);
    if (!first || printed > most || !isObjectType(type)) return;
    const args = getArgumentValues(field, first, reading.variableValues);
    visitBelow(
      type,
      fields,
      sources.flatMap((source) => listOf(field.resolve?.(source, args, undefined, info))),
    );
  };

  const visitBelow = (type: GraphQLObjectType, fields: readonly FieldNode[], sources: readonly unknown[]): void => {
    if (sources.length === 0) return;
    for (const selected of collectFields(subselections(fields), reading).values()) {
      const nodes = selected.map(({ node }) => node);
      const field = type.getFields()[nodes[0]?.name.value ?? ""];
      if (field) visit(field, nodes, sources);
      else printed += sources.length;
      if (printed > most) return;
    }
  };

  visit(root, nodes, [undefined]);
  return printed;
}

/** What is there, one or many. */
function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
