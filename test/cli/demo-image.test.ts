import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startServer } from "../fixtures/server.ts";
import { cleanEnvironment, PROGRAM } from "./program.ts";
import { until } from "./serving.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-demo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("serve makes the demo image in an empty folder before it is ready", async () => {
  const empty = join(folder, "empty");
  const server = await startServer({ data: empty });
  expect(readdirSync(empty).sort()).toEqual([".bandloom", "demo.ome.tif"]);
  const { images } = await server.query<{ images: unknown }>("{ images { nodes { key } } }");
  expect(images).toEqual({ nodes: [{ key: "demo" }] });
  await server.stop();
}, 150_000);

it("serve leaves nothing behind when it is stopped while it makes the demo image", async () => {
  const empty = join(folder, "stopped");
  const child = spawn(process.execPath, [PROGRAM, "serve", "--data", empty, "--port", "0"], {
    env: cleanEnvironment(),
    stdio: "ignore",
  });
  await until(() => (existsSync(empty) && readdirSync(empty).length > 0 ? true : null));
  const exit = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exit;
  expect([code, readdirSync(empty)]).toEqual([0, []]);
});
