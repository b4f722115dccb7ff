import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { BandloomError, type ErrorCode } from "../core/errors.ts";

/** What Apollo calls an exception that it does not know. */
const UNKNOWN = "INTERNAL_SERVER_ERROR";

/** Answers show at most this many errors: a damaged file must not be told about once a tile of a thousand. */
const MAX_ERRORS = 20;

/** A failure found before execution: the whole request is answered with `status`. */
export function requestError(error: BandloomError, status: number): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { ...error.details, code: error.code, http: { status } },
  });
}

/**
 * The error as the client sees it: our failures with code and details, Apollo's own with Apollo's codes, and of anything else only
 * that it happened (`report` gets the rest).
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  report: (error: unknown) => void,
): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const base = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  };
  const original = error instanceof GraphQLError ? (error.originalError ?? cause) : cause;
  if (original instanceof BandloomError) {
    return { ...base, message: original.message, extensions: { ...original.details, code: original.code } };
  }
  if (formatted.extensions?.code === UNKNOWN) {
    report(cause);
    const code: ErrorCode = "INTERNAL";
    return { ...base, message: "Something went wrong inside the server. It has been logged.", extensions: { code } };
  }
  const code = original instanceof GraphQLError ? original.extensions.code : undefined;
  return { ...base, message: formatted.message, extensions: { code: code ?? formatted.extensions?.code } };
}

/** The first errors, and how many more there are. */
export function capErrors(errors: readonly GraphQLFormattedError[]): readonly GraphQLFormattedError[] {
  if (errors.length <= MAX_ERRORS) return errors;
  const shown = errors.slice(0, MAX_ERRORS);
  const rest = errors.length - MAX_ERRORS;
  const code = shown[0]?.extensions?.code;
  return [...shown, { message: `${rest} more errors are not shown.`, extensions: { code, omitted: rest } }];
}
