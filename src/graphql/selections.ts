import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** What is needed to read an operation besides its own text. */
export interface Reading {
  readonly fragments: { readonly [name: string]: FragmentDefinitionNode };
  readonly variableValues: { readonly [name: string]: unknown };
}

/** A selected field and the name of the type that it was selected on (null: the enclosing one). */
export interface SelectedField {
  readonly node: FieldNode;
  readonly onType: string | null;
}

/**
 * Fields of some selection sets by response key, as execution merges them (GraphQL specification, section 6.3.2):
 * fragments are opened once, `@skip` and `@include` are obeyed. Type conditions are not decided: all are kept.
 */
export function collectFields(
  sets: readonly SelectionSetNode[],
  reading: Reading,
): ReadonlyMap<string, readonly SelectedField[]> {
  const fields = new Map<string, SelectedField[]>();
  const opened = new Set<string>();
  const visit = (selections: readonly SelectionNode[], onType: string | null): void => {
    for (const selection of selections) {
      if (!isIncluded(selection, reading)) continue;
      if (selection.kind === "Field") {
        const key = selection.alias?.value ?? selection.name.value;
        const field = { node: selection, onType };
        const known = fields.get(key);
        if (known) known.push(field);
        else fields.set(key, [field]);
      } else if (selection.kind === "InlineFragment") {
        visit(selection.selectionSet.selections, selection.typeCondition?.name.value ?? onType);
      } else if (!opened.has(selection.name.value)) {
        opened.add(selection.name.value);
        const fragment = reading.fragments[selection.name.value];
        if (fragment) visit(fragment.selectionSet.selections, fragment.typeCondition.name.value);
      }
    }
  };
  for (const set of sets) visit(set.selections, null);
  return fields;
}

/** Selection sets below some fields that were merged into one. */
export function subselections(fields: readonly FieldNode[]): readonly SelectionSetNode[] {
  return fields.flatMap((field) => field.selectionSet ?? []);
}

/** Is a field of one of these names selected anywhere below? */
export function selectsBelow(fields: readonly FieldNode[], names: ReadonlySet<string>, reading: Reading): boolean {
  for (const selected of collectFields(subselections(fields), reading).values()) {
    const nodes = selected.map(({ node }) => node);
    if (nodes.some((node) => names.has(node.name.value)) || selectsBelow(nodes, names, reading)) return true;
  }
  return false;
}

/** Selecting one of these reads pixels; everything else of a picture costs nothing. */
export const INLINE_FIELDS: ReadonlySet<string> = new Set(["base64", "dataUri", "byteLength"]);

function isIncluded(selection: SelectionNode, { variableValues }: Reading): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return true;
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variableValues);
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variableValues);
  return skip?.if !== true && include?.if !== false;
}
