import { deflateRawSync } from "node:zlib";
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

/** The values themselves, black 0 to white 255. */
const PLAIN = `f=${encodeURIComponent("window(b1, 0, 255)")}`;

async function code(path: string): Promise<string> {
  const { status, body } = await server.raw(requestText(path));
  const answer = JSON.parse(body) as { code: string; message: string };
  expect(answer.message).not.toBe("");
  return `${status} ${answer.code}`;
}

async function png(path: string): Promise<PNG> {
  const answer = await server.get(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("image/png");
  return PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
}

describe("a tile over HTTP", () => {
  it("is not found one past the edge of the image, and found at it", async () => {
    expect(await code(`/tiles/odd/1/2/0.png?${PLAIN}`)).toBe("404 NOT_FOUND");
    expect(await code(`/tiles/odd/1/0/1.png?${PLAIN}`)).toBe("404 NOT_FOUND");
    expect((await png(`/tiles/odd/1/1/0.png?${PLAIN}`)).width).toBe(1);
  });

  it.each(["-1", "-0", "+1", "01", "1.0", "1e3", "0x1", "", "%20", "%201", "%D9%A1"])(
    "is a bad request with %j for z, x or y",
    async (text) => {
      expect(await code(`/tiles/odd/${text}/0/0.png`)).toBe("400 BAD_REQUEST");
      expect(await code(`/tiles/odd/0/${text}/0.png`)).toBe("400 BAD_REQUEST");
      expect(await code(`/tiles/odd/0/0/${text}.png`)).toBe("400 BAD_REQUEST");
    },
  );

  it.each([
    ["99", "99"],
    ["32", "32"],
    ["2^31", String(2 ** 31)],
    ["2^53 + 1", "9007199254740993"],
    ["10^400", `1${"0".repeat(400)}`],
  ])("is not found at zoom, column or row %s", async (_name, text) => {
    expect(await code(`/tiles/odd/${text}/0/0.png`)).toBe("404 NOT_FOUND");
    expect(await code(`/tiles/odd/0/${text}/0.png`)).toBe("404 NOT_FOUND");
    expect(await code(`/tiles/odd/0/0/${text}.png`)).toBe("404 NOT_FOUND");
  });

  it.each(["0", "-1", "1", "255", "1000000", "NaN"])("is a bad request with a tile size of %s", async (size) => {
    expect(await code(`/tiles/odd/0/0/0.png?s=${size}`)).toBe("400 BAD_REQUEST");
  });

  it("is a bad request with parameters that are unknown or repeated", async () => {
    expect(await code("/tiles/odd/0/0/0.png?f=b1&f=b1")).toBe("400 BAD_REQUEST");
    expect(await code("/tiles/odd/0/0/0.png?f=b1&utm_source=x")).toBe("400 BAD_REQUEST");
    expect(await code("/tiles/odd/0/0/0.png?f=b1&fz=q")).toBe("400 BAD_REQUEST");
  });

  it("has the same bytes and the same ETag whatever the order of its parameters", async () => {
    const [one, two] = await Promise.all([
      server.get(`/tiles/odd/1/0/0.jpg?${PLAIN}&s=128&q=70`),
      server.get(`/tiles/odd/1/0/0.jpg?q=70&s=128&${PLAIN}`),
    ]);
    expect(one.headers.get("etag")).toBe(two.headers.get("etag"));
    expect(Buffer.from(await one.arrayBuffer())).toEqual(Buffer.from(await two.arrayBuffer()));
  });

  it("has the same ETag for a formula written otherwise, and another for another formula", async () => {
    const etag = async (formula: string) =>
      (await server.get(`/tiles/odd/1/0/0.png?f=${encodeURIComponent(formula)}`)).headers.get("etag");
    expect(await etag("window(b1,0,255)")).toBe(await etag("window( @1 , 0, 2e2+55 )"));
    expect(await etag("window(b1,0,255)")).not.toBe(await etag("window(b1,0,254)"));
  });

  it("takes a formula deflated", async () => {
    const fz = deflateRawSync("window(b1, 0, 255)").toString("base64url");
    const [plain, deflated] = await Promise.all([
      server.get(`/tiles/odd/1/0/0.png?${PLAIN}`),
      server.get(`/tiles/odd/1/0/0.png?fz=${fz}`),
    ]);
    expect(deflated.status).toBe(200);
    expect(deflated.headers.get("etag")).toBe(plain.headers.get("etag"));
  });

  it("reads a raw plus as forms write it, as a space, and beside %20 as a plus", async () => {
    const etag = async (query: string) => {
      const answer = await server.raw(requestText(`/tiles/odd/1/0/0.png?f=${query}`));
      expect(answer.status).toBe(200);
      return answer.headers.get("etag");
    };
    expect(await etag("window(b1%20+b1,0,9)")).toBe(await etag("window(b1%2Bb1,0,9)"));
    expect(await etag("window(+b1+%2B+b1,+0,+9)")).toBe(await etag("window(b1%2Bb1,0,9)"));
    expect(await etag("let+a=b1;window(a,0,9)")).toBe(await etag("window(b1,0,9)"));
    expect(await etag("window(b1,+0,+1e+3)")).toBe(await etag("window(b1,0,1000)"));
  });

  it.each([
    "b1 b1",
    "2 b1",
    "b9 - b1",
    "b1 * (b1 2)",
    "rgb(b1 b1 b1)",
    "b1 & 8",
    "window(b1, 9, 3)",
    "b1 // a remark",
    "sqrt b1",
    "b1 = 3",
  ])("explains %s the same, whether its blanks are written + or %20", async (text) => {
    const ask = async (blank: string) => {
      const f = encodeURIComponent(text).replaceAll("%20", blank);
      const answer = await server.raw(requestText(`/tiles/odd/1/0/0.png?f=${f}`));
      return { status: answer.status, body: answer.body.toString() };
    };
    const form = await ask("+");
    expect(form.status).toBe(400);
    expect(form.body).toContain("FORMULA_INVALID");
    expect(form).toEqual(await ask("%20"));
  });

  it("is made of the image's own picture when no formula is given", async () => {
    expect((await png("/tiles/odd/1/0/0.png")).width).toBe(256);
  });

  it("tells what is wrong with a formula, and where", async () => {
    const answer = await server.get("/tiles/odd/1/0/0.png?f=b1%20*");
    expect(answer.status).toBe(400);
    const body = (await answer.json()) as { code: string; diagnostics: { line: number; column: number }[] };
    expect(body.code).toBe("FORMULA_INVALID");
    expect(body.diagnostics[0]).toMatchObject({ line: 1, severity: "error" });
  });

  it.each([
    "",
    "%20%20",
    "colormap(norm(b1),nope)",
    "colormap(b1,constructor)",
    "window(b1,0,nope)",
    "b99",
    "__proto__",
  ])("is a bad request with the formula %j", async (formula) => {
    expect(await code(`/tiles/odd/1/0/0.png?f=${formula}`)).toBe("400 FORMULA_INVALID");
  });

  it.each(["window(b1,5,5)", "window(b1,9,5)", "window(b1,0,1e999)", "window(b1,0/0,1)", "window(b1,-1/0,1)"])(
    "is a bad request with the empty or endless range of %s",
    async (formula) => {
      expect(await code(`/tiles/odd/1/0/0.png?f=${encodeURIComponent(formula)}`)).toBe("400 FORMULA_INVALID");
    },
  );

  it("is transparent where the formula has no value", async () => {
    const tile = await png(`/tiles/odd/1/0/0.png?f=${encodeURIComponent("window((b1-b1)/(b1-b1), 0, 1)")}`);
    expect(tile.data[3]).toBe(0);
  });

  it.each(["PNG", "exe", "tif", "jpeg", "png.exe"])("is not found as .%s", async (extension) => {
    expect(await code(`/tiles/odd/0/0/0.${extension}`)).toBe("404 NOT_FOUND");
  });

  it.each([
    ["jpg", "image/jpeg"],
    ["png", "image/png"],
    ["webp", "image/webp"],
    ["avif", "image/avif"],
    ["npy", "application/octet-stream"],
  ])("says what .%s is and forbids guessing", async (extension, type) => {
    const answer = await server.get(`/tiles/odd/1/0/0.${extension}?${PLAIN}&s=64`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Number(answer.headers.get("content-length"))).toBe((await answer.arrayBuffer()).byteLength);
  });

  it.each([
    ["jpg", "image/jpeg"],
    ["npy", "application/octet-stream"],
  ])("is .%s and belongs to no origin, whether it is rendered or lies in memory", async (extension, type) => {
    const path = `/tiles/odd/1/0/0.${extension}?${PLAIN}&s=128`;
    const answers = [await server.get(path), await server.get(path), await server.get(path, { method: "HEAD" })];
    expect(answers.map(({ headers }) => headers.get("x-bandloom-cache"))).toEqual(["RENDERED", "MEMORY", "MEMORY"]);
    for (const { headers } of answers)
      expect([headers.get("content-type"), headers.get("content-security-policy")]).toEqual([type, "sandbox"]);
  });

  it("shows an image of one pixel", async () => {
    const tile = await png(`/tiles/one/0/0/0.png?${PLAIN}`);
    expect([tile.width, tile.height]).toEqual([1, 1]);
    expect(tile.data[0]).toBe(pixel(IMAGES["one.tif"], 0, 0, 0));
  });

  it.each(["odd.tif", "square.tif"] as const)(
    "crops the tiles at the edges of %s, each pixel its own",
    async (name) => {
      const spec = IMAGES[name];
      const zoom = name === "odd.tif" ? 1 : 2;
      const key = name.replace(".tif", "");
      for (let y = 0; y * 256 < spec.height; y++) {
        for (let x = 0; x * 256 < spec.width; x++) {
          const tile = await png(`/tiles/${key}/${zoom}/${x}/${y}.png?${PLAIN}`);
          expect(tile.width).toBe(Math.min(256, spec.width - x * 256));
          expect(tile.height).toBe(Math.min(256, spec.height - y * 256));
          expect(wrongPixels(tile, spec, x * 256, y * 256)).toBe(0);
        }
      }
    },
  );

  it("is filled to full size with nothing when padding is asked for", async () => {
    const tile = await png(`/tiles/odd/1/1/0.png?${PLAIN}&pad=1`);
    expect([tile.width, tile.height]).toEqual([256, 256]);
    expect(tile.data[0]).toBe(pixel(IMAGES["odd.tif"], 256, 0, 0));
    expect(tile.data[3]).toBe(255);
    expect(tile.data[4 + 3]).toBe(0);
  });

  it("shows images of one row and of one column", async () => {
    const wide = await png(`/tiles/wide/8/255/0.png?${PLAIN}`);
    expect([wide.width, wide.height]).toEqual([256, 1]);
    expect(wrongPixels(wide, IMAGES["wide.tif"], 255 * 256, 0)).toBe(0);
    const tall = await png(`/tiles/tall/8/0/255.png?${PLAIN}`);
    expect([tall.width, tall.height]).toEqual([1, 256]);
    expect(wrongPixels(tall, IMAGES["tall.tif"], 0, 255 * 256)).toBe(0);
    expect((await png(`/tiles/wide/0/0/0.png?${PLAIN}`)).width).toBe(256);
    expect((await png(`/tiles/tall/0/0/0.png?${PLAIN}`)).height).toBe(256);
  });

  it("is unreadable where the file is, and the server goes on", async () => {
    expect(await code(`/tiles/broken/1/0/0.png?${PLAIN}`)).toBe("422 SOURCE_UNREADABLE");
    expect((await server.get(`/tiles/odd/1/0/0.png?${PLAIN}`)).status).toBe(200);
  });
});

describe("the key of an image in an address", () => {
  it.each([
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252fetc",
    "..%5Cetc",
    "%2Fetc%2Fpasswd",
    "/etc/passwd",
    "file:///etc/passwd",
    "C:%5Cwindows",
    "%5C%5Chost%5Cshare",
    "odd%00.tif",
    "odd.tif",
    "./odd",
    "plates/../odd",
    "plates//p1",
    ".hidden",
    "constructor",
  ])("finds for %s what it finds for a file that is missing", async (key) => {
    const missing = await server.raw(requestText("/tiles/missing/0/0/0.png"));
    const answer = await server.raw(requestText(`/tiles/${key}/0/0/0.png`));
    expect(answer.status).toBe(404);
    expect(answer.body).toBe(missing.body);
  });

  it.each(["%", "%zz", "%ff", "%c0%ae%c0%ae", "a%2"])("is a bad request when it is %s", async (key) => {
    expect(await code(`/tiles/${key}/0/0/0.png`)).toBe("400 BAD_REQUEST");
  });

  it("may hold slashes, and everything that a file name may, encoded", async () => {
    const odd = encodeURIComponent("100% a+b #1?");
    for (const path of ["plates/p1", "plates%2Fp1", `plates/${odd}`, `plates%2F${odd}`]) {
      expect((await server.raw(requestText(`/tiles/${path}/0/0/0.png?${PLAIN}`))).status).toBe(200);
    }
  });

  it("is not found, or too long, when it is very long", async () => {
    expect(await code(`/tiles/${"a".repeat(4096)}/0/0/0.png`)).toBe("404 NOT_FOUND");
    expect(await code(`/tiles/${"a".repeat(20_000)}/0/0/0.png`)).toBe("414 URI_TOO_LONG");
    expect(await code(`/tiles/${"a".repeat(65_536)}/0/0/0.png`)).toBe("414 URI_TOO_LONG");
  });

  it("never shares a tile with another that differs by where a separator stands", async () => {
    const etag = async (path: string) => (await server.raw(requestText(path))).headers.get("etag");
    const tags = await Promise.all([
      etag(`/tiles/plates/p1/0/0/0.png?${PLAIN}`),
      etag(`/tiles/odd/0/0/0.png?${PLAIN}`),
      etag(`/tiles/odd/1/0/0.png?${PLAIN}`),
      etag(`/tiles/odd/1/1/0.png?${PLAIN}`),
      etag(`/tiles/odd/1/0/0.png?${PLAIN}&s=64`),
      etag(`/tiles/odd/1/0/0.png?${PLAIN}&pad=1`),
      etag(`/tiles/odd/1/0/0.jpg?${PLAIN}&q=11`),
      etag(`/tiles/odd/1/0/0.jpg?${PLAIN}&q=1`),
      etag(`/tiles/odd/1/0/0.webp?${PLAIN}`),
      etag(`/tiles/odd/1/0/0.webp?${PLAIN}&lossless=1`),
    ]);
    expect(tags).not.toContain(undefined);
    expect(new Set(tags).size).toBe(tags.length);
  });
});

type Spec = (typeof IMAGES)[keyof typeof IMAGES];

function wrongPixels(tile: PNG, spec: Spec, left: number, top: number): number {
  let wrong = 0;
  for (let y = 0; y < tile.height; y++) {
    for (let x = 0; x < tile.width; x++) {
      if (tile.data[(y * tile.width + x) * 4] !== pixel(spec, left + x, top + y, 0)) wrong++;
    }
  }
  return wrong;
}
