/** What the program ends with; shown by every `--help`. A run that a signal ended gives 128 and the signal's number, as shells do. */
export const EXIT = {
  ok: 0,
  /** The work could not be done: a file that cannot be read, a port in use, a full disk. */
  failure: 1,
  /** What was asked is wrong: options, settings, a formula. */
  usage: 2,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failed: the file cannot be read, the port is in use, the disk is full …
  2  wrong usage: an unknown option or setting, an invalid formula
  128 + n  ended by signal n`;
