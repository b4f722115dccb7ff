import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pixel } from "../fixtures/tiff-pixels.ts";
import { IMAGES } from "./images.ts";
import { type Running, requestText, runServer } from "./running.ts";

let server: Running;
beforeAll(async () => {
  server = await runServer(IMAGES);
});
afterAll(() => server.close());

const PLAIN = `f=${encodeURIComponent("window(b1, 0, 255)")}`;

async function status(path: string): Promise<number> {
  const answer = await server.raw(requestText(path));
  if (answer.status >= 400) expect(JSON.parse(answer.body)).toHaveProperty("code");
  return answer.status;
}

describe("a region over HTTP", () => {
  it("holds the pixels that were asked for", async () => {
    const answer = await server.get(`/regions/odd/60,50,30,20/100.png?${PLAIN}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(answer.headers.get("content-security-policy")).toBe("sandbox");
    const picture = PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
    expect([picture.width, picture.height]).toEqual([30, 20]);
    for (const [x, y] of [
      [0, 0],
      [29, 0],
      [4, 14],
      [29, 19],
    ] as const) {
      expect(picture.data[(y * 30 + x) * 4]).toBe(pixel(IMAGES["odd.tif"], 60 + x, 50 + y, 0));
    }
  });

  it("is scaled down to fit, never up", async () => {
    const sides = async (path: string) => {
      const { width, height } = PNG.sync.read(Buffer.from(await (await server.get(path)).arrayBuffer()));
      return [width, height];
    };
    expect(await sides(`/regions/square/0,0,687,687/100.png?${PLAIN}`)).toEqual([100, 100]);
    expect(await sides(`/regions/square/0,0,10,5/4096.png?${PLAIN}`)).toEqual([10, 5]);
  });

  it.each([
    ["0,0,0,0", 400],
    ["0,0,0,5", 400],
    ["-1,0,5,5", 400],
    ["0,0,258,255", 400],
    ["257,0,1,1", 400],
    ["0,0,1000000000,1", 400],
    ["9007199254740993,0,1,1", 400],
    ["NaN,0,1,1", 400],
  ])("is refused as %s", async (rectangle, expected) => {
    expect(await status(`/regions/odd/${rectangle}/64.png?${PLAIN}`)).toBe(expected);
  });

  it("is refused with a result that is larger than is served", async () => {
    expect(await status(`/regions/odd/0,0,1,1/4097.png?${PLAIN}`)).toBe(422);
  });

  it("has an ETag that spares its second transfer", async () => {
    const first = await server.get(`/regions/odd/0,0,9,9/9.png?${PLAIN}`);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const second = await server.get(`/regions/odd/0,0,9,9/9.png?${PLAIN}`, { headers: { "if-none-match": etag } });
    expect(second.status).toBe(304);
  });
});

describe("a stored chunk over HTTP", () => {
  it("holds the stored values and says how they lie", async () => {
    const answer = await server.get("/channels/odd/b1/1/1/0.raw");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    expect(answer.headers.get("content-security-policy")).toBe("sandbox");
    expect(answer.headers.get("x-bandloom-width")).toBe("64");
    expect(answer.headers.get("x-bandloom-height")).toBe("64");
    expect(answer.headers.get("x-bandloom-dtype")).toBe("uint8");
    const values = new Uint8Array(await answer.arrayBuffer());
    const expected = Uint8Array.from({ length: 64 * 64 }, (_, n) => pixel(IMAGES["odd.tif"], 64 + (n % 64), n >> 6, 0));
    expect(values).toEqual(expected);
  });

  it("is asked for by the number of its channel too", async () => {
    const [named, numbered] = await Promise.all([
      server.get("/channels/odd/b1/1/0/0.raw"),
      server.get("/channels/odd/@1/1/0/0.raw"),
    ]);
    expect(new Uint8Array(await numbered.arrayBuffer())).toEqual(new Uint8Array(await named.arrayBuffer()));
  });

  it("is cut at the edge of the image", async () => {
    const answer = await server.get("/channels/odd/b1/1/4/3.raw");
    expect(answer.headers.get("x-bandloom-width")).toBe("1");
    expect(answer.headers.get("x-bandloom-height")).toBe("63");
    expect((await answer.arrayBuffer()).byteLength).toBe(63);
  });

  it.each([
    "/channels/odd/b1/1/5/0.raw",
    "/channels/odd/b1/1/0/4.raw",
    "/channels/odd/b1/2/0/0.raw",
    "/channels/odd/b2/1/0/0.raw",
    "/channels/odd/B1/1/0/0.raw",
    "/channels/odd/@0/1/0/0.raw",
    "/channels/odd/@2/1/0/0.raw",
    "/channels/odd/constructor/1/0/0.raw",
    "/channels/nope/b1/1/0/0.raw",
    "/channels/odd/b1/1/0/0.png",
    "/channels/b1/1/0/0.raw",
  ])("is not found at %s", async (path) => {
    expect(await status(path)).toBe(404);
  });

  it("says so where the level is computed and not stored", async () => {
    const answer = await server.raw(requestText("/channels/odd/b1/0/0/0.raw"));
    expect(answer.status).toBe(404);
    expect(answer.body).toContain("computed");
  });

  it("is a bad request with other parameters or other numbers", async () => {
    expect(await status("/channels/odd/b1/1/0/0.raw?f=b1")).toBe(400);
    expect(await status("/channels/odd/b1/1/0/-1.raw")).toBe(400);
  });
});
