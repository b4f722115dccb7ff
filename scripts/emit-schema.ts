// Writes schema.graphql from the code; a test holds the two equal.
import { writeFileSync } from "node:fs";
import { printBandloomSchema } from "../src/graphql/index.ts";

writeFileSync(new URL("../schema.graphql", import.meta.url), printBandloomSchema());
