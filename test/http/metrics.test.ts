import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { createMetricsServer } from "../../src/http/index.ts";
import { startRedis } from "../fixtures/redis.ts";
import { IMAGES } from "./images.ts";
import { runServer } from "./running.ts";

afterEach(() => vi.useRealTimers());

it("metrics count requests, pictures by where they came from, and what the caches and the workers do", async () => {
  const server = await runServer({ "odd.tif": IMAGES["odd.tif"] });
  const metrics = createMetricsServer(server.metrics).listen(0, "127.0.0.1");
  await once(metrics, "listening");
  const url = `http://127.0.0.1:${(metrics.address() as AddressInfo).port}`;
  try {
    // Within one second: a tile that memory holds is answered around the routes until its image is to be looked at again.
    vi.useFakeTimers({ toFake: ["performance"] });
    const { headers } = await server.get("/tiles/odd/0/0/0.png?f=b1");
    for (let again = 0; again < 3; again++) await server.get("/tiles/odd/0/0/0.png?f=b1");
    await server.get("/tiles/odd/0/0/0.png?f=b1", { headers: { "if-none-match": headers.get("etag") ?? "" } });
    await server.get("/tiles/odd/0/9/0.png?f=b1");
    await server.get("/nothing/of/that/name");
    for (let scrape = 0; scrape < 2; scrape++) {
      const answer = await fetch(`${url}/metrics`);
      expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
      const lines = (await answer.text()).split("\n");
      for (const line of [
        'bandloom_http_requests_total{route="tiles",status="200"} 4',
        'bandloom_http_requests_total{route="tiles",status="304"} 1',
        'bandloom_http_requests_total{route="tiles",status="404"} 1',
        'bandloom_http_requests_total{route="other",status="404"} 1',
        "bandloom_pictures_rendered_total 1",
        'bandloom_pictures_total{cache="rendered"} 1',
        'bandloom_pictures_total{cache="memory"} 3',
        'bandloom_http_request_seconds_count{route="tiles"} 2',
        'bandloom_cache_hits_total{tier="memory"} 3',
        'bandloom_cache_misses_total{tier="memory"} 1',
        'bandloom_cache_entries{tier="memory"} 1',
        "bandloom_render_queue 0",
        "bandloom_render_workers 1",
        "bandloom_ready 1",
      ])
        expect(lines).toContain(line);
    }
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await server.get("/metrics")).status).toBe(404);
  } finally {
    metrics.close();
    await server.close();
  }
});

it.runIf(process.platform === "linux")("metrics tell the process's own memory apart from mapped files", async () => {
  const server = await runServer({});
  try {
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await server.metrics.text())?.[1]);
    const own = await value("bandloom_memory_anonymous_bytes");
    // Node's own code is mapped: resident, and none of it.
    expect(own).toBeGreaterThan(10 * 2 ** 20);
    expect(own + 10 * 2 ** 20).toBeLessThan(await value("process_resident_memory_bytes"));
    const held = Buffer.alloc(64 * 2 ** 20, 1);
    expect(await value("bandloom_memory_anonymous_bytes")).toBeGreaterThan(own + held.length / 2);
  } finally {
    await server.close();
  }
});

it("metrics are told while what holds the jobs does not answer, without those", async () => {
  const redis = await startRedis();
  const server = await runServer({}, { stateRedisUrl: redis.url, stateRedisTimeoutMs: 200 });
  try {
    await expect.poll(() => server.metrics.text()).toMatch(/^bandloom_jobs\{state="running"\} 0$/m);
    redis.freeze();
    const text = await server.metrics.text();
    expect(text).toMatch(/^bandloom_ready [01]$/m);
    expect(text).not.toMatch(/^bandloom_jobs\{/m);
  } finally {
    redis.thaw();
    await server.close();
    await redis.stop();
  }
});
