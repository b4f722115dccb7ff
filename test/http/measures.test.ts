import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pixel } from "../fixtures/tiff-pixels.ts";
import { IMAGES } from "./images.ts";
import { type Running, requestText, runServer } from "./running.ts";

let server: Running;
beforeAll(async () => {
  server = await runServer(IMAGES);
});
afterAll(() => server.close());

interface Answer {
  readonly data: {
    readonly image: { readonly render: { readonly statistics: { readonly percentiles: readonly number[] } } };
  };
}

const F = "f=b1%2B0";

describe("numbers over HTTP", () => {
  it("are the statistics that GraphQL gives, with a version and an ETag", async () => {
    const query =
      '{ image(key: "odd") { render(formula: "b1+0") { statistics(region: { x: 10, y: 20, width: 50, height: 40 }, bins: 8) { count mean min max percentiles(at: [10, 90]) histogram { counts } } } } }';
    const api = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { percentiles, ...expected } = ((await api.json()) as Answer).data.image.render.statistics;
    const answer = await server.get(`/statistics/odd.json?${F}&region=10,20,50,40&bins=8&at=10,90`);
    expect(answer.status).toBe(200);
    const found = (await answer.json()) as { version: string; percentiles: number[] };
    expect(found).toMatchObject(expected);
    expect(found.percentiles).toEqual(percentiles);
    const etag = answer.headers.get("etag") ?? "";
    const again = await server.get(`/statistics/odd.json?${F}&region=10,20,50,40&bins=8&at=10,90&v=${found.version}`, {
      headers: { "if-none-match": etag },
    });
    expect([again.status, again.headers.get("cache-control")]).toEqual([304, "public, max-age=31536000, immutable"]);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
  });

  it("are the values under points, inside and outside of the image", async () => {
    const answer = await server.get(`/probe/odd.json?${F}&points=3.5,4.5;-1,0;1e-7,0.25`);
    const { points } = (await answer.json()) as {
      points: { x: number; values: unknown[]; channels: { channel: number; value: unknown }[] }[];
    };
    const value = (x: number, y: number) => ({ number: pixel(IMAGES["odd.tif"], x, y, 0), state: "FINITE" });
    expect(points.map(({ values }) => values)).toEqual([
      [value(3, 4)],
      [{ number: null, state: "OUTSIDE" }],
      [value(0, 0)],
    ]);
    expect(points[0]?.channels).toEqual([{ channel: 0, value: value(3, 4) }]);
    expect(points[2]?.x).toBe(1e-7);
  });

  it.each([
    [`/statistics/odd.json?${F}&bins=0`, 400],
    [`/statistics/odd.json?${F}&bins=1000000`, 400],
    [`/statistics/odd.json?${F}&at=101`, 400],
    [`/statistics/odd.json?${F}&at=${"1,".repeat(32)}1`, 400],
    [`/statistics/odd.json?${F}&at=1,,2`, 400],
    [`/statistics/odd.json?${F}&at=0x10`, 400],
    [`/statistics/odd.json?${F}&region=0,0,0,1`, 400],
    [`/statistics/odd.json?${F}&level=9`, 404],
    [`/statistics/odd.json?${F}&level=-1`, 400],
    [`/statistics/odd.json?${F}&points=1,1`, 400],
    ["/statistics/odd.json?f=nope", 400],
    ["/statistics/odd.xml", 404],
    ["/statistics/nothing.json", 404],
    [`/probe/odd.json?${F}&points=1`, 400],
    [`/probe/odd.json?${F}&points=1,2,3`, 400],
    [`/probe/odd.json?${F}&points=1,2;`, 400],
    [`/probe/odd.json?${F}&points=NaN,2`, 400],
    [`/probe/odd.json?${F}&points=1e999,2`, 400],
    [`/probe/odd.json?${F}&points=${"1,1;".repeat(256)}1,1`, 422],
    [`/probe/odd.json?${F}&level=7&points=1,1`, 404],
  ])("are refused for %s", async (path, expected) => {
    const answer = await server.raw(requestText(path));
    expect(answer.status).toBe(expected);
    expect(JSON.parse(answer.body)).toHaveProperty("code");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});
