/** Who asks, and what that one may. */

export { type AccessOptions, type CountedAccess, createAccess, openAccess } from "./access.ts";
export { grantOf, keyHash, newKey } from "./keys.ts";
export { isOwnPage } from "./own-page.ts";
export { patternProblem } from "./patterns.ts";
export { Revocations, revoke } from "./revocations.ts";
export { parseRules, RulesProblem } from "./rules-file.ts";
export { type AccessRules, KEY_NAME, SCOPES } from "./schema.ts";
export type { Access, Asked, Principal, Scope, Share } from "./types.ts";
