import { describe, expect, it } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import { parseRegionUrl } from "../../src/http/region-address.ts";
import { LIMITS } from "../graphql/limits.ts";

const parse = (url: string) => parseRegionUrl(url, LIMITS);

function refusal(url: string): string {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof BandloomError) return error.code;
    throw error;
  }
  return "none";
}

describe("the address of a region", () => {
  it("is read from the right, because keys hold slashes", () => {
    expect(parse("/regions/plates/p1/10,20,300,400/512.webp?f=b1&v=0123&lossless=1")).toEqual({
      image: "plates/p1",
      region: { x: 10, y: 20, width: 300, height: 400 },
      maxSize: 512,
      formulas: ["b1"],
      preset: null,
      v: "0123",
      encoding: { format: "webp", quality: 80, lossless: true },
    });
    expect(parse("/regions/a/10%2C20%2C300%2C400/512.png").region).toEqual({ x: 10, y: 20, width: 300, height: 400 });
  });

  it.each(["-1,0,1,1", "0,0,1", "0,0,1,1,1", "a,b,c,d", "0,0,1.5,1", "0,0,1e9,1", "0,0,01,1", "", ",,,"])(
    "refuses the rectangle %j",
    (rectangle) => {
      expect(refusal(`/regions/a/${rectangle}/64.png`)).toBe("BAD_REQUEST");
    },
  );

  it("refuses results larger than are served, and of no size", () => {
    expect(refusal(`/regions/a/0,0,1,1/${LIMITS.regionSide + 1}.png`)).toBe("LIMIT_EXCEEDED");
    expect(refusal("/regions/a/0,0,1,1/1000000000.png")).toBe("LIMIT_EXCEEDED");
    expect(refusal("/regions/a/0,0,1,1/0.png")).toBe("BAD_REQUEST");
    expect(refusal("/regions/a/0,0,1,1/-1.png")).toBe("BAD_REQUEST");
  });

  it("has no tile size and no padding", () => {
    expect(refusal("/regions/a/0,0,1,1/64.png?s=256")).toBe("BAD_REQUEST");
    expect(refusal("/regions/a/0,0,1,1/64.png?pad=1")).toBe("BAD_REQUEST");
  });

  it("is not found without an image or with an unknown extension", () => {
    expect(refusal("/regions/0,0,1,1/64.png")).toBe("NOT_FOUND");
    expect(refusal("/regions/a/0,0,1,1/64.PNG")).toBe("NOT_FOUND");
  });
});
