import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../deploy/nginx-follow-dns.sh", import.meta.url));
/** It looks five times a second here; a hundred times that is a hang. */
const HANG_MS = 20_000;

const folder = mkdtempSync(join(tmpdir(), "bandloom-dns-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("nginx starts when every name has a server, is reloaded when one comes or goes, and ends as it is told", async () => {
  const names = join(folder, "names");
  // In one step: half a file would be servers that have gone.
  const addresses = (text: string) => {
    writeFileSync(`${names}.new`, text);
    renameSync(`${names}.new`, names);
  };
  const asked = join(folder, "asked");
  /** Until all that is to be done for what it sees now has been done. */
  const looked = () => {
    const looks = () => readFileSync(asked, "utf8").match(/^render$/gm)?.length ?? 0;
    const enough = looks() + 3;
    return until(() => looks() >= enough);
  };
  addresses("api 10.0.0.1\n");
  // The machine's DNS, which a test cannot change: lines of a file instead.
  const getent = join(folder, "getent");
  writeFileSync(getent, `#!/bin/sh\necho "$2" >> '${asked}'\ngrep "^$2 " '${names}' | awk '{ print $2 " STREAM" }'\n`);
  chmodSync(getent, 0o755);
  const configuration = join(folder, "nginx.conf");
  const log = join(folder, "error.log");
  writeFileSync(configuration, `pid ${folder}/nginx.pid; error_log ${log} notice; events {} http { access_log off; }`);
  const child = spawn("sh", [SCRIPT, "-p", folder, "-c", configuration, "-e", log], {
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      BANDLOOM_FRONT_NAMES: "api render",
      BANDLOOM_FRONT_SECONDS: "0.2",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const written = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
  const reloads = () => written().match(/SIGHUP/g)?.length ?? 0;

  await until(() => said.includes("waiting for the names"));
  expect(written()).toBe("");
  addresses("api 10.0.0.1\nrender 10.0.0.2\nrender 10.0.0.3\n");
  await until(() => written().includes("start worker processes"));
  // The same servers in another order are no change.
  addresses("render 10.0.0.3\nrender 10.0.0.2\napi 10.0.0.1\n");
  await looked();
  expect(reloads()).toBe(0);
  addresses("api 10.0.0.1\nrender 10.0.0.2\n");
  await until(() => reloads() === 1);
  // No server of a name at all: nginx keeps what it knows.
  addresses("api 10.0.0.1\n");
  await looked();
  expect(reloads()).toBe(1);

  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  expect(written()).toContain("gracefully shutting down");
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + HANG_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("What was waited for did not come.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
