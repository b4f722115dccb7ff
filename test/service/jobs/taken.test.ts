import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freshPart, type JobRecord, type PartProgress, type PartWorker } from "../../../src/service/jobs/record.ts";
import { birthOf, isTaken } from "../../../src/service/jobs/worker.ts";

const NOW = 1_800_000_000_000;
const RECORD: JobRecord = {
  ...{ id: "0".repeat(32), run: 1, imageKey: "plate", formula: "b1", plane: { z: 0, t: 0 }, version: "0" },
  ...{ levels: null, region: null, tileSize: 64, pad: false, tiles: 64, steps: 1, createdAt: NOW, ended: null },
  encoding: { format: "jpeg", quality: 80, lossless: false },
};
const held = (worker: PartWorker | null, at = NOW): PartProgress => ({ ...freshPart(RECORD, 0), worker, at });

let other: ChildProcess;
beforeAll(async () => {
  other = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(other, "spawn");
});
afterAll(() => other.kill("SIGKILL"));

it("a part is taken while the process that took it is there, and free when it was killed", async () => {
  expect(isTaken(held(null), NOW)).toBe(false);
  const host = hostname();
  const pid = other.pid ?? 0;
  // However long it has said nothing: a step may take long.
  expect(isTaken(held({ host, pid }, NOW - 3_600_000), NOW)).toBe(true);
  const birth = birthOf(pid);
  expect(birth).toMatch(/^[0-9a-f-]{36}\/\d+$/);
  expect(isTaken(held({ host, pid, birth }), NOW)).toBe(true);
  // Of a process before that one, which had its pid.
  expect(isTaken(held({ host, pid, birth: birth?.replace(/\d+$/, "1") ?? null }), NOW)).toBe(false);
  // Of a process before this one that had its pid, as in a container.
  expect(isTaken(held({ host, pid: process.pid }), NOW)).toBe(false);
  const ended = once(other, "exit");
  other.kill("SIGKILL");
  await ended;
  expect(isTaken(held({ host, pid }), NOW)).toBe(false);
});

it("a part of another machine is taken for as long as something was heard of it within a minute", () => {
  const worker = { host: `not ${hostname()}`, pid: process.pid };
  expect(isTaken(held(worker, NOW - 59_000), NOW)).toBe(true);
  expect(isTaken(held(worker, NOW - 61_000), NOW)).toBe(false);
});
