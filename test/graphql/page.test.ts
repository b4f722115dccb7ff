import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCursor } from "../../src/graphql/ids.ts";
import { pageRequest, slicePage } from "../../src/graphql/page.ts";

const page = (keys: readonly string[], args: Parameters<typeof pageRequest>[0]) => slicePage(keys, pageRequest(args));
const sortedKeys = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 }).map((keys) => keys.sort());

describe("pages of the catalogue", () => {
  it("visit every key once, in order, from the front", () => {
    fc.assert(
      fc.property(sortedKeys, fc.integer({ min: 1, max: 7 }), (keys, first) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (;;) {
          const { keys: found, hasNextPage, hasPreviousPage } = page(keys, { first, after });
          expect(hasPreviousPage).toBe(seen.length > 0);
          seen.push(...found);
          if (!hasNextPage) break;
          after = encodeCursor(found.at(-1) ?? "");
        }
        expect(seen).toEqual(keys);
      }),
    );
  });

  it("visit every key once, in order, from the back", () => {
    fc.assert(
      fc.property(sortedKeys, fc.integer({ min: 1, max: 7 }), (keys, last) => {
        const seen: string[] = [];
        let before: string | null = null;
        for (;;) {
          const { keys: found, hasPreviousPage } = page(keys, { last, before });
          seen.unshift(...found);
          if (!hasPreviousPage) break;
          before = encodeCursor(found[0] ?? "");
        }
        expect(seen).toEqual(keys);
      }),
    );
  });

  it("go on at the right place when the key of the cursor has vanished and others have come", () => {
    const after = encodeCursor("b");
    expect(page(["a", "c", "d"], { first: 1, after }).keys).toEqual(["c"]);
    expect(page(["a", "aa", "ba", "c"], { first: 1, after }).keys).toEqual(["ba"]);
  });

  it("are empty, not wrong, between cursors that cross", () => {
    const crossed = { after: encodeCursor("c"), before: encodeCursor("b") };
    expect(page(["a", "b", "c", "d"], { first: 5, ...crossed }).keys).toEqual([]);
    expect(page(["a", "b", "c", "d"], { last: 5, ...crossed }).keys).toEqual([]);
  });

  it.each([
    { first: -1 },
    { first: 1_000_000_000 },
    { last: 101 },
    { first: 1, last: 1 },
    { after: "no cursor" },
    { before: "" },
    { after: `${encodeCursor("a")}=` },
  ])("are refused with BAD_REQUEST for %o", (args) => {
    expect(() => pageRequest(args)).toThrowError(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
});
