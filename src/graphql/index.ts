export { isLoopback, type MutationPolicy } from "./mutation-policy.ts";
export { type GraphqlOptions, registerGraphql } from "./register.ts";
export { buildBandloomSchema, printBandloomSchema } from "./schema.ts";
