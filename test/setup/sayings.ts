/** What programs say that tests have started and that still run. */
export const sayings = new Set<() => string>();
