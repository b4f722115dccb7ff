import { fileURLToPath } from "node:url";

/** The path of check.ts, a program of its own: the source itself where that is what runs (development). */
export function checkProgram(): string {
  const isSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(isSource ? "./check.ts" : "./check.js", import.meta.url));
}
