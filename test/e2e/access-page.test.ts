import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bandloom } from "../cli/program.ts";
import { until } from "../cli/serving.ts";
import { type Front, startRecipe } from "../fixtures/recipes.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { headersOf, IMAGES, READABLE, SIGNING, type Tenants, tenants } from "../fixtures/tenants.ts";
import { type Running, runServer } from "../http/running.ts";

const WITHIN = { timeout: 20_000 };
const SAVE = (name: string) =>
  `mutation Save { savePreset(input: { name: "${name}", formula: "red" }) { preset { name } } }`;

const data = mkdtempSync(join(tmpdir(), "bandloom-access-page-"));
let browser: Browser;
beforeAll(async () => {
  await bandloom(["demo", "--size", "256", "-o", join(data, "sky.ome.tif")]);
  const executable = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
  browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  rmSync(data, { recursive: true, force: true });
});

describe("the program without a token", () => {
  let server: RunningServer;
  let front: Front;
  let address: string;
  let secret: string;

  beforeAll(async () => {
    server = await startServer({ data });
    // A proxy as people write it by themselves: the server is asked under its own name, from its own machine.
    front = await startRecipe("plain.conf", { "127.0.0.1:8080": `127.0.0.1:${server.port}` });
    [, address = "", secret = ""] = await until(() => /(http:\S+\/#token=([\w-]+))/.exec(server.output()));
  });
  afterAll(async () => {
    await front?.stop();
    await server?.stop();
  });

  async function save(url: string, name: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query: SAVE(name) }),
    });
    return answer.text();
  }
  const withSecret = () => ({ authorization: `Bearer ${secret}` });

  it("prints a secret in an address, once and nowhere else, and takes it", async () => {
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(server.output().split(secret)).toHaveLength(2);
    expect(await save(server.url, "by-secret", withSecret())).toContain('"name":"by-secret"');
    expect(await save(front.url, "by-proxy", withSecret())).toContain('"name":"by-proxy"');
  });

  it("changes nothing for who lacks it, by itself or behind a proxy", async () => {
    const own = { origin: server.url, "sec-fetch-site": "same-origin" };
    for (const url of [server.url, front.url])
      for (const headers of [{}, own, { "x-forwarded-for": "127.0.0.1" }, { host: "localhost" }])
        expect(await save(url, "by-nobody", headers)).toContain("UNAUTHENTICATED");
  });

  it("takes the same after the serving process has crashed, and prints it no second time", async () => {
    const before = server.pid();
    process.kill(before, "SIGKILL");
    await until(async () => {
      try {
        return server.pid() !== before && (await fetch(`${server.url}/readyz`)).ok ? true : null;
      } catch {
        return null;
      }
    });
    expect(await save(server.url, "after-crash", withSecret())).toContain('"name":"after-crash"');
    expect(server.output().split(secret)).toHaveLength(2);
  });

  it("has a page that takes it out of its address, and then may save", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(address);
    // It knows the schema then, and takes what is written.
    await page.waitForSelector("nav button:enabled", WITHIN);
    expect([page.url(), asked.some((url) => url.includes(secret))]).toEqual([`${server.url}/`, false]);
    await page.locator(".graphiql-query-editor .monaco-editor").first().click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(SAVE("by-page"));
    await page.waitForFunction(
      () => document.querySelector(".view-lines")?.textContent?.includes("by-page"),
      null,
      WITHIN,
    );
    const run = async () => {
      const answered = page.waitForResponse(
        (response) => (response.request().postData() ?? "").includes("by-page"),
        WITHIN,
      );
      await page.locator("button.graphiql-execute-button").click();
      return await (await answered).text();
    };
    // For a moment after it is written the editor asks for the operation that stood there before.
    await expect.poll(run, { timeout: 60_000 }).toContain('"name":"by-page"');
    await page.close();
  });
});

describe("a browser that two people use, one after the other", () => {
  let who: Tenants;
  let server: Running;
  beforeAll(async () => {
    who = await tenants();
    server = await runServer(IMAGES, { access: who.access, signing: SIGNING });
  });
  afterAll(async () => {
    await server?.close();
    await who?.close();
  });

  it("keeps nothing of the first for the second", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/healthz`);
    const status = (headers: Readonly<Record<string, string>>) =>
      page.evaluate(async ([url, headers]) => (await fetch(url, { headers })).status, [
        `/tiles/${READABLE}/0/0/0.png?f=b1`,
        { ...headers },
      ] as const);
    const asked: number[] = [];
    for (const name of ["lab", "lab", "anonymous", "other", "withdrawn", "lab"])
      asked.push(await status(headersOf(who.of(name))));
    expect(asked).toEqual([200, 200, 404, 404, 401, 200]);
    await page.close();
  });
});
