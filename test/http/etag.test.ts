import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { etagOf, matchesEtag } from "../../src/http/etag.ts";

const HASH = "0123456789abcdef".repeat(4);
const ETAG = etagOf(HASH);

describe("an ETag", () => {
  it("is 32 digits of the key in quotes", () => {
    expect(ETAG).toBe('"0123456789abcdef0123456789abcdef"');
  });

  it.each([ETAG, `W/${ETAG}`, "*", ` * `, `"other", ${ETAG}`, `"a,b",W/"c" ,  W/${ETAG}`])(
    "is matched by %s",
    (header) => {
      expect(matchesEtag(header, ETAG)).toBe(true);
    },
  );

  it.each([undefined, "", '"other"', ETAG.slice(1, -1), `"*"`, `W/`, ETAG.toUpperCase()])(
    "is not matched by %s",
    (header) => {
      expect(matchesEtag(header, ETAG)).toBe(false);
    },
  );

  it("is found in a list of 8 kB", () => {
    const list = Array.from({ length: 230 }, (_, n) => etagOf(String(n).padStart(64, "f")));
    expect(matchesEtag([...list, ETAG].join(", "), ETAG)).toBe(true);
    expect(matchesEtag(list.join(", "), ETAG)).toBe(false);
  });

  it("survives any header", () => {
    fc.assert(fc.property(fc.string(), (header) => typeof matchesEtag(header, ETAG) === "boolean"));
  });
});
