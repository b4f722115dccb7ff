import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import { parseTileUrl } from "../../src/http/tile-address.ts";
import { LIMITS } from "../graphql/limits.ts";

const parse = (url: string) => parseTileUrl(url, LIMITS);

function refusal(url: string): string {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof BandloomError) return error.code;
    throw error;
  }
  return "none";
}

const EXTENSIONS = { jpg: "jpeg", png: "png", webp: "webp", avif: "avif", npy: "npy" } as const;

/** Any text without lone surrogates: what UTF-8 can say. */
const anyText = fc.string({ unit: "binary" });

const tiles = fc.record({
  image: anyText.filter((text) => text !== ""),
  z: fc.nat(),
  x: fc.nat(),
  y: fc.nat(),
  extension: fc.constantFrom("jpg", "png", "webp", "avif", "npy"),
  formula: fc.option(anyText),
  deflated: fc.boolean(),
  v: fc.option(fc.stringMatching(/^[0-9a-f]{16}$/)),
  s: fc.option(fc.constantFrom(...LIMITS.tileSizes)),
  q: fc.option(fc.integer({ min: 1, max: 100 })),
  pad: fc.option(fc.boolean()),
});

describe("the address of a tile", () => {
  it("says again what was put into it, whatever the key and the formula hold", () => {
    fc.assert(
      fc.property(tiles, (tile) => {
        const encode = (text: string) => encodeURIComponent(text).replaceAll("%2F", "/");
        const parameters = [
          tile.formula === null ? null : formulaParameter(tile.formula, tile.deflated),
          tile.v === null ? null : `v=${tile.v}`,
          tile.s === null ? null : `s=${tile.s}`,
          tile.q === null ? null : `q=${tile.q}`,
          tile.pad === null ? null : `pad=${Number(tile.pad)}`,
        ].filter((parameter) => parameter !== null);
        const query = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
        const url = `/tiles/${encode(tile.image)}/${tile.z}/${tile.x}/${tile.y}.${tile.extension}${query}`;
        expect(parse(url)).toEqual({
          image: tile.image,
          z: tile.z,
          x: tile.x,
          y: tile.y,
          formulas: tile.formula === null ? null : [tile.formula],
          preset: null,
          // Without a formula it is the image's own, which may change.
          v: tile.formula === null ? undefined : (tile.v ?? undefined),
          tileSize: tile.s ?? 256,
          pad: tile.pad ?? false,
          encoding: { format: EXTENSIONS[tile.extension], quality: tile.q ?? 80, lossless: false },
        });
      }),
      { numRuns: 500 },
    );
  });

  it("throws nothing but errors of the contract, whatever the bytes", () => {
    const pieces = fc.constantFrom(
      "/",
      "tiles",
      "%",
      "%2",
      "%2F",
      "%ff",
      "?",
      "&",
      "=",
      "f",
      "fz",
      "s",
      "0",
      "-1",
      ".png",
      "..",
      "+",
      "#",
    );
    const wild = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 24 }).map((parts) => `/tiles/${parts.join("")}`);
    const near = fc
      .array(fc.oneof(pieces, fc.string()), { maxLength: 8 })
      .map((parts) => `/tiles/a/0/0/0.png?${parts.join("")}`);
    fc.assert(
      fc.property(fc.oneof(wild, near), (url) => {
        try {
          parse(url);
        } catch (error) {
          expect(error).toBeInstanceOf(BandloomError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["-1", "-0", "+1", "01", "1.0", "1e3", "0x1", "", "%201", "1%20", "%D9%A1", "NaN", "%30"])(
    "refuses %j as z, x or y",
    (text) => {
      expect(refusal(`/tiles/a/${text}/0/0.png`)).toBe("BAD_REQUEST");
      expect(refusal(`/tiles/a/0/${text}/0.png`)).toBe("BAD_REQUEST");
      expect(refusal(`/tiles/a/0/0/${text}.png`)).toBe("BAD_REQUEST");
    },
  );

  it("takes numbers of any length without wrapping them", () => {
    expect(parse(`/tiles/a/${2 ** 31}/0/0.png`).z).toBe(2 ** 31);
    expect(parse(`/tiles/a/1${"0".repeat(400)}/0/0.png`).z).toBe(Number.POSITIVE_INFINITY);
  });

  it("knows its extensions in lower case only", () => {
    for (const extension of ["PNG", "exe", "jpeg", "tif", ""]) {
      expect(refusal(`/tiles/a/0/0/0.${extension}`)).toBe("NOT_FOUND");
    }
    expect(refusal("/tiles/a/0/0/0")).toBe("NOT_FOUND");
  });

  it("is not found without an image", () => {
    for (const url of ["/tiles/", "/tiles/0/0/0.png", "/tiles//0/0/0.png"]) expect(refusal(url)).toBe("NOT_FOUND");
  });

  it("reads keys from the left of the numbers, with their slashes plain or encoded, and decodes them once", () => {
    expect(parse("/tiles/plates/p1/0/0/0.png").image).toBe("plates/p1");
    expect(parse("/tiles/plates%2Fp1/0/0/0.png").image).toBe("plates/p1");
    expect(parse("/tiles/1/2/3/0/0/0.png").image).toBe("1/2/3");
    expect(parse("/tiles/a%252Fb/0/0/0.png").image).toBe("a%2Fb");
    expect(parse("/tiles/a+b/0/0/0.png").image).toBe("a+b");
  });

  it.each(["%", "%zz", "%ff", "%c0%ae", "%ed%a0%80", "%2"])("refuses the percent escape %j", (text) => {
    expect(refusal(`/tiles/${text}/0/0/0.png`)).toBe("BAD_REQUEST");
    expect(refusal(`/tiles/a/0/0/0.png?f=${text}`)).toBe("BAD_REQUEST");
  });

  it.each(["#", " ", '"', "<", ">", "é", "\u0001"])("refuses a raw %j", (text) => {
    expect(refusal(`/tiles/a/0/0/0.png?f=${text}`)).toBe("BAD_REQUEST");
  });

  it("refuses sizes, qualities and flags that are not served", () => {
    for (const s of ["0", "-1", "1", "255", "1000000", "1e6", "NaN", ""]) {
      expect(refusal(`/tiles/a/0/0/0.png?s=${s}`)).toBe("BAD_REQUEST");
    }
    for (const q of ["0", "101", "-1", "1.5", ""]) expect(refusal(`/tiles/a/0/0/0.jpg?q=${q}`)).toBe("BAD_REQUEST");
    for (const flag of ["2", "true", ""]) {
      expect(refusal(`/tiles/a/0/0/0.webp?lossless=${flag}`)).toBe("BAD_REQUEST");
      expect(refusal(`/tiles/a/0/0/0.webp?pad=${flag}`)).toBe("BAD_REQUEST");
    }
    expect(refusal("/tiles/a/0/0/0.jpg?lossless=1")).toBe("BAD_REQUEST");
  });

  it("refuses unknown and repeated parameters by name", () => {
    expect(() => parse("/tiles/a/0/0/0.png?formula=b1")).toThrow(/“formula”/);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&b2")).toThrow(/“b2”.*An & within a value is written %26\./);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&&b2")).toThrow(/%26/);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&b2=1")).toThrow(/“b2” here; there are [^&]*$/);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&f=b2")).toThrow(/f is given twice/);
    expect(() => parse("/tiles/a/0/0/0.png?F=b1")).toThrow(/“F”/);
    expect(() => parse("/tiles/a/0/0/0.png?%66=b1")).toThrow(/“%66”/);
    expect(() => parse("/tiles/a/0/0/0.png?f")).toThrow(/needs a value/);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&")).toThrow(BandloomError);
    expect(() => parse("/tiles/a/0/0/0.png?f=b1&fz=AA")).toThrow(/not as both/);
    expect(() => parse("/tiles/a/0/0/0.png?__proto__=1")).toThrow(BandloomError);
  });

  it("reads a raw plus as a space, and as a plus beside %20 and where no operator can stand", () => {
    expect(parse("/tiles/a/0/0/0.png?f=red+green").formulas).toEqual(["red green"]);
    expect(parse("/tiles/a/0/0/0.png?f=red%20+%20green").formulas).toEqual(["red + green"]);
    expect(parse("/tiles/a/0/0/0.png?f=1e+3*red+green").formulas).toEqual(["1e 3*red green", "1e+3*red green"]);
    expect(parse("/tiles/a/0/0/0.png?f=`a+b`+%22c+d%22").formulas).toEqual(['`a b` "c d"', '`a+b` "c+d"']);
    expect(parse("/tiles/a/0/0/0.png?f=red+%2B+green").formulas).toEqual(["red + green"]);
    expect(parse("/tiles/a/0/0/0.png?f=red+%2b+green").formulas).toEqual(["red + green"]);
    expect(parse("/tiles/a/0/0/0.png?f=red%20%2B%20green").formulas).toEqual(["red + green"]);
  });

  it("refuses a deflated formula that is damaged or too large", () => {
    const bomb = deflateRawSync(Buffer.alloc(10_000_000, "1")).toString("base64url");
    for (const fz of ["", "!!", "AAAA", bomb, deflateRawSync(Buffer.from([0xff])).toString("base64url")]) {
      expect(refusal(`/tiles/a/0/0/0.png?fz=${fz}`)).toBe("BAD_REQUEST");
    }
  });
});

function formulaParameter(text: string, deflated: boolean): string {
  return deflated ? `fz=${deflateRawSync(text).toString("base64url")}` : `f=${encodeURIComponent(text)}`;
}
