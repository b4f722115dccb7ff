/** A larger value would hold up the connection for longer than the timeout allows. */
export const MAX_VALUE_BYTES = 4 * 2 ** 20;
/** Bytes that may wait to be written; more is dropped, so that a slow Redis costs no memory. */
export const MAX_PENDING_BYTES = 32 * 2 ** 20;
