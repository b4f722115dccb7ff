import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Shares } from "../../src/core/shares.ts";

describe("shares", () => {
  it("tell whose bound stands in the way, that of all first", () => {
    const shares = new Shares(3, 2);
    expect(shares.take("a", 2)).toBeTypeOf("function");
    expect(shares.take("a")).toBe("own");
    expect(shares.take("b")).toBeTypeOf("function");
    expect([shares.take("a"), shares.take("c"), shares.take(null)]).toEqual(["all", "all", "all"]);
  });

  it("of an owner without a bound of its own count among all alone", () => {
    const shares = new Shares(3, 1);
    for (let n = 0; n < 3; n++) expect(shares.take(null)).toBeTypeOf("function");
    expect(shares.take(null)).toBe("all");
  });

  it("are given back once, however often that is said", () => {
    const shares = new Shares(2, 1);
    const give = shares.take("a");
    expect(shares.take("b")).toBeTypeOf("function");
    for (let twice = 0; twice < 2; twice++) if (typeof give === "function") give();
    expect(shares.take("a")).toBeTypeOf("function");
    expect(shares.take("c")).toBe("all");
  });

  it("are never passed, and are all there again when everything was given back", () => {
    const step = fc.record({ owner: fc.constantFrom("a", "b", null), amount: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(step, fc.constant("give"))), (steps) => {
        const [most, share] = [12, 7];
        const shares = new Shares(most, share);
        const held: { readonly owner: string | null; readonly amount: number; readonly give: () => void }[] = [];
        const sum = (of?: string) =>
          held.filter(({ owner }) => of === undefined || owner === of).reduce((total, { amount }) => total + amount, 0);
        for (const one of steps) {
          if (typeof one === "string") {
            held.shift()?.give();
            continue;
          }
          const { owner, amount } = one;
          const taken = shares.take(owner, amount);
          const lacksOwn = owner !== null && sum(owner) + amount > share;
          const lack = sum() + amount > most ? "all" : lacksOwn ? "own" : null;
          if (typeof taken === "string") expect(taken).toBe(lack);
          else {
            expect(lack).toBeNull();
            held.push({ owner, amount, give: taken });
          }
        }
        for (const { give } of held) give();
        expect(shares.take("a", share)).toBeTypeOf("function");
        expect(shares.take(null, most - share)).toBeTypeOf("function");
      }),
    );
  });
});
