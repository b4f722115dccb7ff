import { type DocumentNode, type GraphQLSchema, getVariableValues, type OperationDefinitionNode } from "graphql";
import { BandloomError } from "../../core/errors.ts";
import type { ServedImage } from "../../service/types/image.ts";
import type { GraphqlContext } from "../context.ts";
import { requestError } from "../errors.ts";
import { operationCost } from "./cost.ts";

export interface ChosenOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * What every way to execute an operation asks first, when it is valid: its time begins, unless it is a subscription. Throws a GraphQLError with
 * status 400 for what costs too much.
 */
export async function admit(
  { schema, document, operation, variables: given }: ChosenOperation,
  context: GraphqlContext,
): Promise<void> {
  if (operation.operation !== "subscription") context.deadline.start();
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], given ?? {});
  // Execution answers variables that do not fit.
  if (variables.errors) return;
  const fragments = Object.fromEntries(
    document.definitions.flatMap((definition) =>
      definition.kind === "FragmentDefinition" ? [[definition.name.value, definition]] : [],
    ),
  );
  const reading = { fragments, variableValues: variables.coerced };
  const limit = context.services.limits.queryCost;
  const costWith = (images: ReadonlyMap<string, ServedImage>) =>
    operationCost(operation, { schema, reading, images, limit });
  try {
    await checkCost(costWith, context);
  } catch (error) {
    throw error instanceof BandloomError ? requestError(error, 400) : error;
  }
}

/**
 * Ranges are first taken as they are written. Only when that is too much are they cut to the images, which must then be opened:
 * "all tiles of a coarse level" may be written as a range without end.
 */
async function checkCost(
  costWith: (images: ReadonlyMap<string, ServedImage>) => ReturnType<typeof operationCost>,
  { services, signal, cost: budget }: GraphqlContext,
): Promise<void> {
  const limit = services.limits.queryCost;
  const written = costWith(new Map());
  if (written.cost <= limit) return budget.request(written.cost, written.printed);
  const opened = await Promise.all(
    [...written.keys].map((key) =>
      services.images.get(key, signal).then(
        (image) => [[key, image] as const],
        // Execution answers images that cannot be opened.
        () => [],
      ),
    ),
  );
  const { cost, printed } = costWith(new Map(opened.flat()));
  budget.request(cost, cost <= limit ? printed : 0);
  if (cost <= limit) return;
  const message =
    `The operation costs ${cost} or more; the limit is ${limit}. A tile as url costs 1; with base64, dataUri or byteLength, 20 for each 256². ` +
    "Ask for less in one operation, or use urlTemplate.";
  throw new BandloomError("LIMIT_EXCEEDED", message, { details: { cost, limit } });
}
