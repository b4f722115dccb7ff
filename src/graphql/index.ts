export { type GraphqlOptions, registerGraphql } from "./register.ts";
export { buildBandloomSchema, printBandloomSchema } from "./schema.ts";
