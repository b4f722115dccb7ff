import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { PROGRAM } from "./program.ts";

/** What a package reads beside its own code: there is none beside the program. */
const OWN_FILE = /["'`]([^"'`\s]{0,80}\.(?:wasm|node))["'`]/g;
/** What is named with its package is found there. */
const packages = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).dependencies);
const isNamed = (file: string) => packages.some((name) => file.startsWith(`${name}/`));

it("the program holds no package that brings a file: such a package is left outside of the bundle", () => {
  const folder = dirname(PROGRAM);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  expect(files).toEqual(expect.arrayContaining(["main.js", "child.js", "check.js", join("worker", "main.js")]));
  const found = files.flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(OWN_FILE)].flatMap(([text, file = ""]) =>
      isNamed(file) ? [] : [`${name}: ${text}`],
    ),
  );
  expect(found).toEqual([]);
});
