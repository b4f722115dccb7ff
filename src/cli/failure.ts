import { getSystemErrorMap } from "node:util";
import { CommanderError } from "commander";
import { BandloomError, type ErrorCode, type ErrorDetails } from "../core/errors.ts";
import { EXIT } from "./exit-codes.ts";

/** A failure as the program reports it. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

/** One sentence for any error: expected ones as they are, the system's in words, bugs without their stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof BandloomError) return error.toMessage();
  if (error instanceof CommanderError) return { code: "BAD_REQUEST", message: error.message.replace(/^error: /, "") };
  if (isSystemError(error)) return { code: "SOURCE_FAILED", message: systemMessage(error) };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message: `This is a bug: ${message}` };
}

/** On stderr for people; with `json` on stdout as `{code, message}`. Gives the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const failure = failureOf(error);
  if (json) process.stdout.write(`${JSON.stringify(failure, null, 2)}\n`);
  else process.stderr.write(`bandloom: ${failure.message}\n`);
  return failure.code === "BAD_REQUEST" || failure.code === "FORMULA_INVALID" ? EXIT.usage : EXIT.failure;
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "code" in error;
}

function systemMessage(error: NodeJS.ErrnoException): string {
  const [, words] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  if (words === undefined) return error.message;
  return error.path === undefined ? `${words}.` : `${error.path}: ${words}.`;
}
