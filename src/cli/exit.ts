import { BandloomError } from "../core/errors.ts";
import { UsageError } from "./usage-error.ts";

/** What every command ends with; stated in --help. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

export const EXIT_HELP = `
Exit codes:
  0  done
  1  failed: a file cannot be read or written, the server cannot start
  2  wrong usage: a flag, a setting or a formula`;

/** Runs a command and ends the process with its code. Failures are one line on stderr, or with --json an object on stdout. */
export async function runCommand(work: () => Promise<number>, json: boolean): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const { code, message, exit } = describe(error);
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    else process.stderr.write(`bandloom: ${message}\n`);
    process.exitCode = exit;
  }
}

function describe(error: unknown): { readonly code: string; readonly message: string; readonly exit: number } {
  if (error instanceof UsageError) return { code: "BAD_USAGE", message: error.message, exit: EXIT.usage };
  if (error instanceof BandloomError) {
    const exit = error.code === "FORMULA_INVALID" || error.code === "BAD_REQUEST" ? EXIT.usage : EXIT.failed;
    return { code: error.code, message: error.message, exit };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined) return { code, message: message ?? code, exit: EXIT.failed };
  throw error;
}
