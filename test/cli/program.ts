import { spawn } from "node:child_process";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";

export const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what would be settings. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || name.startsWith("BANDLOOM_") || name === "REDIS_URL" ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(kept), ...more };
}

interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The built program, to its end. Its streams are pipes, as in scripts. */
export async function bandloom(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: cleanEnvironment(options.environment),
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/**
 * What the built program does with a command line, in this process: a start of Node and of the program costs more than most commands do.
 * It takes one thread for its work, as on a machine of one core. Not for `demo` and `serve`, which start files of what is built.
 */
export async function runHere(args: readonly string[], { cwd, environment }: RunOptions = {}): Promise<Ended> {
  const { env, exitCode } = process;
  const [folder, listeners] = [process.cwd(), process.stdout.listeners("error")];
  const written = { stdout: "", stderr: "" };
  const cores = vi.spyOn(os, "availableParallelism").mockReturnValue(1);
  syncBuiltinESMExports();
  const captured = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  process.env = cleanEnvironment(environment);
  process.exitCode = undefined;
  if (cwd !== undefined) process.chdir(cwd);
  try {
    return { code: await runProgram(args), ...written };
  } finally {
    for (const one of [cores, ...captured]) one.mockRestore();
    syncBuiltinESMExports();
    Object.assign(process, { env, exitCode });
    if (cwd !== undefined) process.chdir(folder);
    // Each run listens anew, for a process that it has for itself.
    for (const one of process.stdout.listeners("error"))
      if (!listeners.includes(one)) process.stdout.off("error", one as () => void);
  }
}
