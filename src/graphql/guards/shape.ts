import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from "graphql";
import type { Limits } from "../../service/types/limits.ts";

/** How large an operation is once its fragments are written in. */
interface Shape {
  /** Nested fields; fragments add nothing, and below an introspection field nothing counts. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
}

/** More directives than any tool writes; each costs time wherever it stands. */
const MAX_DIRECTIVES = 50;

/**
 * Validation rule: refuses operations that nest deeper or alias more than the server's limits. It measures each
 * fragment once, so hostile fragments cost no more than their text, and it ends on circular ones.
 */
export function shapeRule(limits: Limits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const shapes = new Map<string, Shape>();
    const ofFragment = (name: string): Shape => {
      const known = shapes.get(name);
      if (known) return known;
      shapes.set(name, EMPTY);
      const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(name);
      const shape = fragment ? ofSelections(fragment.selectionSet, ofFragment) : EMPTY;
      shapes.set(name, shape);
      return shape;
    };
    return {
      OperationDefinition(operation) {
        const { depth, aliases, directives } = ofSelections(operation.selectionSet, ofFragment);
        const refuse = (found: number, limit: number, what: string, advice: string) => {
          if (found <= limit) return;
          const message = `The operation has ${found} ${what}; the limit is ${limit}. ${advice}`;
          context.reportError(new GraphQLError(message, { nodes: operation, extensions: { code: "LIMIT_EXCEEDED" } }));
        };
        refuse(depth, limits.queryDepth, "levels of nested fields", "Ask for less at once.");
        refuse(aliases, limits.queryAliases, "aliases", "Ask in several requests, or for a list.");
        refuse(directives, MAX_DIRECTIVES, "directives", "Leave out fields that are not wanted.");
      },
    };
  };
}

const EMPTY: Shape = { depth: 0, aliases: 0, directives: 0 };

function ofSelections(set: SelectionSetNode, ofFragment: (name: string) => Shape): Shape {
  let { depth, aliases, directives } = EMPTY;
  for (const selection of set.selections) {
    directives += selection.directives?.length ?? 0;
    const below =
      selection.kind === "FragmentSpread"
        ? ofFragment(selection.name.value)
        : selection.selectionSet
          ? ofSelections(selection.selectionSet, ofFragment)
          : EMPTY;
    aliases += below.aliases;
    directives += below.directives;
    if (selection.kind !== "Field") {
      depth = Math.max(depth, below.depth);
    } else if (!selection.name.value.startsWith("__")) {
      depth = Math.max(depth, below.depth + 1);
      if (selection.alias) aliases++;
    }
  }
  return { depth, aliases, directives };
}
