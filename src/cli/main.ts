#!/usr/bin/env node
import { EXIT } from "./exit-codes.ts";
import { runProgram } from "./program.ts";

// What never comes to an end is no success.
process.once("exit", () => {
  process.exitCode ??= EXIT.failure;
});
// Not awaited: parts of the bundled program that are loaded later may import this one, and would wait for its end.
void runProgram(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
