import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { damaged } from "../fixtures/damage.ts";
import { effort } from "../fixtures/effort.ts";
import { anonymousMemory, type RunningServer, startServer } from "../fixtures/server.ts";
import { type Files, soundImages } from "../fixtures/sound-images.ts";

const DAMAGED_EACH = effort(8, 14);
const AT_ONCE = 8;
/** Ten times the longest that an answer may take. */
const HANG_MS = 50_000;
/** What the answer is where a worker hung. */
const HUNG = /The work was stopped after/;
/** Files are looked at again after a second. */
const CHECK_INTERVAL_MS = 1100;
/** What caches that are not full yet took, and what the heap has not given back. */
const MEMORY_RISE = 48 * 2 ** 20;

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

describe("damaged files of every format", () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-damaged-"));
  const sound = new Map<string, string>();
  const keys: string[] = [];
  const written: string[] = [];
  let server: RunningServer;

  beforeAll(async () => {
    const formats = await soundImages();
    for (const [number, [format, files]] of [...formats].entries()) {
      sound.set(format, put(files, `sound/${number}`));
      for (let run = 0; run < DAMAGED_EACH; run++)
        keys.push(put(damaged(files, number * 1000 + run), `damaged/${number}-${run}`));
    }
    server = await startServer({ data, environment: { BANDLOOM_MEMORY_BYTES: "1MiB", BANDLOOM_WORKERS: "2" } });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** Gives the key of the image. */
  function put(files: Files, folder: string): string {
    for (const [path, bytes] of files) {
      const full = join(data, folder, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, bytes);
      written.push(full);
    }
    return `${folder}/image`;
  }

  async function ask(path: string, init?: RequestInit): Promise<Answer> {
    const begun = performance.now();
    const answer = await fetch(server.url + path, init);
    const body = Buffer.from(await answer.arrayBuffer()).toString("latin1");
    return { path, status: answer.status, body, ms: performance.now() - begun };
  }

  const describeImage = (key: string) =>
    ask("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: `{ image(key: ${JSON.stringify(key)}) { width height depth times format channels { name nodata } levels { width }
          georeference { crs geographicBounds { west } } render { valid tile(level: 0, x: 0, y: 0) { byteLength } } } }`,
      }),
    });

  /** Everything about an image that a client may ask for first. */
  async function visit(key: string): Promise<readonly Answer[]> {
    return [
      await describeImage(key),
      await ask(`/tiles/${key}/0/0/0.png`),
      await ask(`/tiles/${key}/0/0/0.jpg?f=b1&s=64`),
    ];
  }

  /** All images, several at a time. */
  async function sweep(): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    const queue = keys.values();
    const walk = async () => {
      for (const key of queue) answers.push(...(await visit(key)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
    return answers;
  }

  /** Files of another time are other files: all are opened, read and refused again. */
  async function sweepOfOtherFiles(): Promise<readonly Answer[]> {
    const now = new Date();
    for (const path of written) utimesSync(path, now, now);
    await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
    return sweep();
  }

  async function pictures(): Promise<readonly (readonly [string, number, string])[]> {
    const found: (readonly [string, number, string])[] = [];
    for (const [format, key] of sound) {
      const { status, body } = await ask(`/tiles/${key}/0/0/0.png?f=window(b1,0,255)`);
      found.push([format, status, body]);
    }
    return found;
  }

  it("are answered in time, with reasons that tell no path, by a server that goes on and keeps no memory of them", async () => {
    expect(keys.length).toBeGreaterThanOrEqual(effort(170, 300));
    const before = await pictures();
    expect(before.filter(([, status]) => status !== 200).map(([format]) => format)).toEqual([]);
    const pid = server.pid();

    const sweeps = [await sweep()];
    sweeps.push(await sweepOfOtherFiles());
    const memory = anonymousMemory(pid);
    sweeps.push(await sweepOfOtherFiles());

    for (const answers of sweeps) {
      expect(answers.filter(({ ms, body }) => ms > HANG_MS || HUNG.test(body))).toEqual([]);
      const isRefusal = ({ status, body }: Answer) =>
        [200, 400, 404, 422].includes(status) && !/INTERNAL|at file:|node:/.test(body);
      expect(
        answers
          .filter((answer) => !isRefusal(answer))
          .map(({ path, status, body }) => [path, status, body.slice(0, 300)]),
      ).toEqual([]);
      expect(answers.filter(({ body }) => body.includes(data) || /\/(tmp|home|root)\//.test(body))).toEqual([]);
      // Damage that nobody notices proves nothing.
      expect(answers.filter(({ status }) => status === 422).length).toBeGreaterThan(keys.length / 4);
    }
    expect(server.pid()).toBe(pid);
    await expect.poll(() => anonymousMemory(pid) - memory).toBeLessThan(MEMORY_RISE);
    expect(await pictures()).toEqual(before);
  }, 300_000);
});
