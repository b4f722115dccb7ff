/** The command line, a setting or a formula is wrong: the message says which, and what would be right. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
