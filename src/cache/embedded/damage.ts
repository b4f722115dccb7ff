/** LMDB's own codes for a file that is not what it wrote, and for what follows of it (lmdb.h). */
const DAMAGE: ReadonlySet<unknown> = new Set([
  -30_797, // PAGE_NOTFOUND
  -30_796, // CORRUPTED
  -30_795, // PANIC
  -30_794, // VERSION_MISMATCH
  -30_793, // INVALID
  -30_787, // CURSOR_FULL: pages that name each other in a circle
  -30_786, // PAGE_FULL
  -30_784, // INCOMPATIBLE
  -30_782, // BAD_TXN: a transaction that met one of these before
  -30_781, // BAD_VALSIZE: tables of another kind, for ours take all that we write
  -30_779, // PROBLEM
]);

/** Whether an error says that pages of the store are spoiled; a full disk, or too many readers, says nothing of them. */
export function isDamage(error: unknown): boolean {
  return hasCode(error, DAMAGE);
}

/** Whether an error, or what caused it, has one of these codes. */
export function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if ("code" in at && codes.has(at.code)) return true;
  return false;
}
