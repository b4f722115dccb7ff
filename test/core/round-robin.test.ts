import fc from "fast-check";
import { expect, it } from "vitest";
import { RoundRobin } from "../../src/core/round-robin.ts";

it("owners take turns, what each has comes in order, and one foresees how many come before", () => {
  const owners = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 });
  fc.assert(
    fc.property(owners, fc.constantFrom("a", "b", "c", "new"), (names, owner) => {
      const waiting = new RoundRobin<readonly [string, number]>();
      for (const [n, name] of names.entries()) waiting.push(name, [name, n]);
      const foreseen = waiting.ahead(owner);
      waiting.push(owner, [owner, names.length]);
      const given: (readonly [string, number])[] = [];
      for (let next = waiting.next(); next; next = waiting.next()) given.push(next);
      expect(waiting.isEmpty).toBe(true);
      expect(given).toHaveLength(names.length + 1);
      for (const name of new Set(names)) {
        const own = given.filter(([one]) => one === name).map(([, n]) => n);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
      // Of each other owner one more may come after it, in its round.
      const before = given.findIndex(([, n]) => n === names.length);
      expect(foreseen - before).toBeGreaterThanOrEqual(0);
      expect(foreseen - before).toBeLessThanOrEqual(2);
    }),
  );
});
