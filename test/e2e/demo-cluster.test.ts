import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type S3Server, startS3 } from "../fixtures/s3-server.ts";
import { startServer } from "../fixtures/server.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));
const ADDRESS = "s3://images/demo.ome.tif";

/** Two small programs and a server, one after the other: ten times what they take. */
const HANG_MS = 150_000;

let store: S3Server;
const data = mkdtempSync(join(tmpdir(), "bandloom-demo-"));
beforeAll(async () => {
  store = await startS3("images");
  // A folder that is empty would be given a demo image of its own.
  writeFileSync(join(data, "readme.txt"), "");
});
afterAll(async () => {
  await store?.close();
  rmSync(data, { recursive: true, force: true });
});

it(
  "the demo image is made and put into the store once, and a server with the cluster's catalogue shows it",
  async () => {
    const environment = { ...store.environment, BANDLOOM_S3_ENDPOINT: store.endpoint };
    const put = async () => {
      const words = [`${DEPLOY}put-demo.mjs`, ADDRESS, "--size", "256"];
      const { stdout } = await promisify(execFile)(process.execPath, words, {
        env: { ...process.env, ...environment },
      });
      return stdout;
    };
    expect(await put()).toContain("is written");
    expect(await put()).toContain("is there already");
    const server = await startServer({
      data,
      environment: {
        ...environment,
        BANDLOOM_CATALOGUE: `${DEPLOY}catalogue.yaml`,
        BANDLOOM_ALLOWED_SOURCES: "s3://images",
        BANDLOOM_S3_PATH_STYLE: "true",
      },
    });
    onTestFinished(() => server.kill());
    const tile = await fetch(`${server.url}/tiles/demo/0/0/0.jpg?f=${encodeURIComponent("red + 2*(uv1 - green)")}`);
    expect([tile.status, tile.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
  },
  HANG_MS,
);
