import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type CountedAccess, createAccess } from "../../src/access/index.ts";
import type { Asked } from "../../src/access/types.ts";
import type { Reader } from "../../src/core/reader.ts";

/** A clock that moves when it is told to; who sleeps wakes at once. */
export class FakeClock {
  readonly slept: number[] = [];
  #now: number;

  /** Milliseconds since 1970. */
  constructor(start = Date.UTC(2026, 10, 30)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export interface Fixture {
  readonly access: CountedAccess;
  readonly clock: FakeClock;
  readonly lines: string[];
  readonly path: string;
  /** Writes other rules, and lets the time pass after which they are looked at. */
  write(yaml: string): void;
}

export const ADMIN_TOKEN = "the-token-of-the-admin";
export const START_SECRET = "the-secret-of-the-start";

/** Access by these rules, of which the last test is the end. */
export function accessOf(yaml: string, clock = new FakeClock()): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-access-"));
  const path = join(folder, "access.yaml");
  writeFileSync(path, yaml);
  const lines: string[] = [];
  const access = createAccess({
    ...{ file: path, adminToken: ADMIN_TOKEN, startSecret: START_SECRET, clock },
    log: (line) => lines.push(line),
  });
  onTestFinished(() => {
    access.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let written = 0;
  const write = (text: string) => {
    writeFileSync(path, text);
    // Two writes in one tick of the file system's clock are told apart, too.
    utimesSync(path, 1_000 + ++written, 1_000 + written);
    clock.pass(1_000);
  };
  return { access, clock, lines, path, write };
}

export function asked(headers: Asked["headers"] = {}, more: Partial<Asked> = {}): Asked {
  return { headers, client: "203.0.113.9", trusted: false, ...more };
}

export function bearer(secret: string, more: Partial<Asked> = {}): Asked {
  return asked({ authorization: `Bearer ${secret}` }, more);
}

export function basic(password: string, more: Asked["headers"] = {}): Asked["headers"] {
  return { authorization: `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}`, ...more };
}

/** Of these keys those that may be read. */
export async function readable(reader: Reader, ...keys: readonly string[]): Promise<readonly string[]> {
  const answers = await reader.mayRead(keys);
  return keys.filter((_, index) => answers[index]);
}

/** A server on the loopback for one test; its address, without a slash at the end. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const REFUSED = expect.objectContaining({
  code: "UNAUTHENTICATED",
  message: expect.stringContaining("is not good here"),
  details: undefined,
});
