import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  introspectionFromSchema,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort, type RunningServer, startServer } from "../fixtures/server.ts";
import { bandloom, cleanEnvironment, PROGRAM } from "./program.ts";
import { servedFolder, until } from "./serving.ts";

const { folder, data } = servedFolder();

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop("SIGKILL");
  server = undefined;
});

describe("serve", () => {
  /** Of three tests that only look. */
  let plain: RunningServer;
  beforeAll(async () => {
    plain = await startServer({ data });
  });
  afterAll(() => plain?.stop());

  it("prints the page and a curl line that works, and nothing on stderr", async () => {
    const { url } = plain;
    const text = await until(() => (plain.output().includes("curl") ? plain.output() : null));
    expect(text).toContain(`API page   ${url}/#token=${plain.token()}\n`);
    const [, tile = ""] = /curl -o tile\.jpg '([^']+)'/.exec(text) ?? [];
    const answer = await fetch(tile);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(text).not.toMatch(/warn|error/);
    expect(existsSync(join(data, ".bandloom"))).toBe(true);
  });

  it("has the schema of schema.graphql: bundling has renamed none of the classes that types are called after", async () => {
    const wanted = { specifiedByUrl: true, oneOf: true } as const;
    const asked = await plain.query<IntrospectionQuery>(getIntrospectionQuery(wanted));
    const text = readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8");
    const printed = (told: IntrospectionQuery) => printSchema(lexicographicSortSchema(buildClientSchema(told)));
    expect(printed(asked)).toBe(printed(introspectionFromSchema(buildSchema(text), wanted)));
  });

  it("signs its addresses with the keys of its settings, that of its curl line too, and opens no other", async () => {
    server = await startServer({ data, environment: { BANDLOOM_SIGNING_KEYS: `a:${"5d".repeat(32)}` } });
    const { url } = server;
    const query = '{ image(key: "sky") { render(formula: "red") { tile(level: 0, x: 0, y: 0) { url base64 } } } }';
    const { image } = await server.query<{ image: { render: { tile: { url: string } } } }>(query);
    const signed = image.render.tile.url;
    const text = await until(() => (server?.output().includes("curl") ? server.output() : null));
    const [, line = ""] = /curl -o tile\.jpg '([^']+)'/.exec(text) ?? [];
    const statuses = [url + signed, url + signed.replace(/&kid=.*/, ""), line].map(
      async (u) => (await fetch(u)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 200]);
  });

  it("takes its settings from a YAML file, .env and flags in the working folder", async () => {
    const work = mkdtempSync(join(folder, "work-"));
    const port = await freePort();
    writeFileSync(join(work, "bandloom.yaml"), `data: ${data}\nport: 1\npublic-url: https://tiles.example.org/\n`);
    writeFileSync(join(work, ".env"), "BANDLOOM_PORT=2\n");
    const child = spawn(process.execPath, [PROGRAM, "serve", "--port", String(port)], {
      cwd: work,
      env: cleanEnvironment(),
      stdio: "ignore",
    });
    try {
      await until(() =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok || null,
          () => null,
        ),
      );
      const query = '{ image(key: "sky") { render(formula: "red") { tile(level: 0, x: 0, y: 0) { url } } } }';
      const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      expect(await answer.text()).toContain("https://tiles.example.org/tiles/sky/");
    } finally {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });

  it("makes none beside other images", () => {
    expect(readdirSync(data).filter((name) => !name.startsWith("."))).toEqual(["sky.ome.tif"]);
  });
});

describe("serve that cannot begin", () => {
  it.each([
    ["hours of links without keys", ["--link-hours", "3"], "BANDLOOM_SIGNING_KEYS"],
    ["one port for two servers", ["--port", "8123", "--metrics-port", "8123"], "--metrics-port"],
    ["more memory than there is", ["--memory-bytes", "60TiB"], "BANDLOOM_MEMORY_BYTES"],
    ["pictures from elsewhere for a server that renders", ["--render-url", "http://127.0.0.1:8081"], "role api"],
  ])("refuses %s", async (_what, flags, names) => {
    const { code, stdout, stderr } = await bandloom(["serve", "--data", data, ...flags]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bandloom: [^\n]*\n$/);
    expect(stderr).toContain(names);
  });

  it("says in one sentence that the port is in use, and ends with 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, stdout, stderr } = await bandloom(["serve", "--data", data, "--port", String(port)]);
    other.close();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(new RegExp(`^bandloom: Port ${port} of 127\\.0\\.0\\.1 is in use[^\n]*\n$`));
  });

  it.each([
    ["a folder far from any other", () => join(folder, "no", "such", "folder"), "does not exist"],
    ["a file", () => join(data, "sky.ome.tif"), "is no folder"],
  ])("names the data folder when it is %s", async (_kind, path, reason) => {
    const { code, stderr } = await bandloom(["serve", "--data", path(), "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: The data folder [^\n]*--data\.\n$/);
    expect(stderr).toContain(reason);
  });

  it("names an address that this machine does not have", async () => {
    const { code, stderr } = await bandloom(["serve", "--data", data, "--host", "192.0.2.1", "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: This machine has no address 192\.0\.2\.1/);
  });
});
