import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLES } from "../../src/viewer/graphiql/examples.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Screenshots for people who look into a failed run. */
const SCREENSHOTS = fileURLToPath(new URL("../.output/", import.meta.url));
const WITHIN = { timeout: 20_000 };

describe("the page at /", () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-page-"));
  const complaints: string[] = [];
  const hosts = new Set<string>();
  let server: RunningServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    execFileSync(process.execPath, [PROGRAM, "demo", "--size", "1024", "-o", join(data, "demo.ome.tif")], {
      stdio: "ignore",
    });
    server = await startServer({ data });
    const executable = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
    browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http")) hosts.add(host);
    });
    await page.goto(`${server.url}/#token=${server.token()}`);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const example = (title: string) =>
    page.getByRole("navigation", { name: "Examples" }).getByRole("button", { name: title, exact: true });

  it.each(EXAMPLES.map(({ title }) => title))("runs the example “%s” at a click", async (title) => {
    const button = example(title);
    await page.waitForFunction(
      (name) =>
        [...document.querySelectorAll("nav button")].some((one) => one.matches(":enabled") && one.textContent === name),
      title,
      WITHIN,
    );
    const answered = page.waitForResponse(
      (response) =>
        /\/graphql(\/stream)?$/.test(response.url()) &&
        (response.request().postData() ?? "").includes(`"operationName":"${title}"`),
      WITHIN,
    );
    await button.click();
    const response = await answered;
    if (response.url().endsWith("/stream")) {
      expect(response.headers()["content-type"]).toContain("text/event-stream");
      // All tiles that came, each in an event of its own, are shown together.
      await page.waitForSelector('section[data-total="16"][data-loaded="16"]', WITHIN);
      return;
    }
    const answer = (await response.json()) as { readonly data?: unknown; readonly errors?: unknown };
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toBeTruthy();
  });

  it("shows the tiles of an answer beside it", async () => {
    await example("Tiles").click();
    const strip = page.getByRole("region", { name: "Pictures of the answer" });
    await page.waitForFunction(
      () => {
        const { loaded, total } =
          document.querySelector<HTMLElement>("section[data-total]")?.dataset ?? ({} as DOMStringMap);
        return total === "121" || (total !== undefined && Number(total) > 1) ? loaded === total : false;
      },
      undefined,
      WITHIN,
    );
    mkdirSync(SCREENSHOTS, { recursive: true });
    writeFileSync(join(SCREENSHOTS, "page.png"), await page.screenshot());
    const pictures = await strip.screenshot();
    const { channels } = await sharp(pictures).greyscale().stats();
    // A sky has dark and bright places; a blank or broken picture has one.
    expect(channels[0]?.stdev).toBeGreaterThan(15);
    expect(await strip.textContent()).not.toContain("failed");
  });

  it("asks nobody but this server, and breaks no rule of its own policy", () => {
    expect([...hosts]).toEqual([new URL(server.url).host]);
    expect(complaints).toEqual([]);
  });
});
