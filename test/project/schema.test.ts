import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { printBandloomSchema } from "../../src/graphql/index.ts";

test("schema.graphql is what the code serves: after a change, run npm run schema", () => {
  expect(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8")).toBe(printBandloomSchema());
});
