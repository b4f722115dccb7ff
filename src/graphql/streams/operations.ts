import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from "graphql";
import { BandloomError, type ErrorCode } from "../../core/errors.ts";
import type { Limits } from "../../service/types/limits.ts";
import type { GraphqlContext } from "../context.ts";
import { capErrors, formatError, requestError } from "../errors.ts";
import { admit } from "../guards/admit.ts";
import { shapeRule } from "../guards/shape.ts";

interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
  readonly introspection: boolean;
  /** Told of exceptions that are no BandloomError. */
  readonly onInternalError: (error: unknown) => void;
}

/** An operation as a client sends it. */
export interface SentOperation {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

interface Executed {
  readonly data?: ExecutionResult["data"];
  readonly errors?: readonly GraphQLError[] | undefined;
  readonly extensions?: ExecutionResult["extensions"];
}

export interface PreparedOperation extends ExecutionArgs {
  readonly contextValue: GraphqlContext;
}

/** What Apollo does for queries, for operations whose answers are streams: the same limits before, the same errors after. */
export class StreamedOperations {
  readonly #options: OperationsOptions;
  readonly #rules: readonly ValidationRule[];

  constructor(options: OperationsOptions) {
    this.#options = options;
    const hidden = options.introspection ? [] : [NoSchemaIntrospectionCustomRule];
    this.#rules = [...specifiedRules, shapeRule(options.limits), ...hidden];
  }

  /** The operation, ready to be executed; else why it is refused. `mutable`: mutations may come this way. */
  async prepare(
    { query, operationName, variables }: SentOperation,
    context: GraphqlContext,
    mutable: boolean,
  ): Promise<PreparedOperation | readonly GraphQLError[]> {
    const { schema, limits, introspection } = this.#options;
    try {
      const document = parse(query, { maxTokens: limits.queryTokens });
      const errors = validate(schema, document, this.#rules);
      if (errors.length > 0) return errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED", introspection));
      const operation = getOperationAST(document, operationName);
      if (!operation)
        return this.refused("BAD_REQUEST", "Name one of the operations of the document as operationName.");
      if (operation.operation === "mutation" && !mutable)
        return this.refused("BAD_REQUEST", "Mutations are sent by POST.");
      await admit({ schema, document, operation, variables }, context);
      const names = operationName == null ? {} : { operationName };
      return { schema, document, variableValues: variables ?? {}, contextValue: context, ...names };
    } catch (error) {
      context.deadline.end();
      if (!(error instanceof GraphQLError)) throw error;
      return [error.extensions.code === undefined ? coded(error, "GRAPHQL_PARSE_FAILED", introspection) : error];
    }
  }

  /** graphql's own for a query or mutation that was prepared here, within its time, and what it costs beside the answer. */
  readonly execute = async (args: ExecutionArgs): Promise<ExecutionResult> => {
    const { deadline, cost } = args.contextValue as GraphqlContext;
    try {
      const result = await execute(args);
      const told = cost.told();
      return told ? { ...result, extensions: { ...result.extensions, cost: told } } : result;
    } finally {
      deadline.end();
    }
  };

  refused(code: ErrorCode, message: string): readonly GraphQLError[] {
    return [requestError(new BandloomError(code, message), 400)];
  }

  format({ data, errors, extensions }: Executed): FormattedExecutionResult {
    return {
      ...(data === undefined ? {} : { data }),
      ...(errors ? { errors: this.formatErrors(errors) } : {}),
      ...(extensions ? { extensions } : {}),
    };
  }

  formatErrors(errors: readonly GraphQLError[]): readonly GraphQLFormattedError[] {
    const { onInternalError } = this.#options;
    return capErrors(
      errors.map((error) => {
        const formatted = error.toJSON();
        const unknown = error.originalError && !(error.originalError instanceof GraphQLError);
        const code = error.extensions.code ?? (unknown ? "INTERNAL_SERVER_ERROR" : "BAD_USER_INPUT");
        return formatError({ ...formatted, extensions: { ...formatted.extensions, code } }, error, onInternalError);
      }),
    );
  }
}

/** `open`: what the schema holds may be told of. */
function coded(error: GraphQLError, code: string, open: boolean): GraphQLError {
  const message = open ? error.message : error.message.replace(/ ?Did you mean(.+?)\?$/, "");
  const { nodes, source, positions } = error;
  const extensions = { ...error.extensions, code: error.extensions.code ?? code };
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions,
  });
}
