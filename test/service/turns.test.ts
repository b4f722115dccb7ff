import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { own } from "../../src/core/owner.ts";
import { Turns } from "../../src/service/turns.ts";

/** Each piece takes so many milliseconds, by a clock that moves when work is done. */
function turnsOf(pieceMs: number) {
  let now = 0;
  const turns = new Turns(() => now);
  const order: string[] = [];
  const run = (name: string, signal?: AbortSignal) =>
    turns.run(() => {
      now += pieceMs;
      order.push(name);
      return name;
    }, signal);
  return { run, order };
}

function client(name: string): AbortController {
  const controller = new AbortController();
  own(controller.signal, name);
  return controller;
}

const codeOf = (settled: PromiseSettledResult<unknown>) => settled.status === "rejected" && settled.reason.code;

describe("work that is done in turns", () => {
  it("is begun at once where there is time left in the turn", async () => {
    const { run, order } = turnsOf(1);
    const done = [run("a"), run("b"), run("c")];
    expect(order).toEqual(["a", "b", "c"]);
    await expect(Promise.all(done)).resolves.toEqual(["a", "b", "c"]);
  });

  it("leaves the rest of a turn to others when a few milliseconds are used", async () => {
    const { run, order } = turnsOf(5);
    const seen: number[] = [];
    const done = [0, 1, 2, 3].map((index) => run(String(index)));
    while (order.length < 4) {
      seen.push(order.length);
      await nextTurn();
    }
    expect(seen).toEqual([1, 2, 3]);
    await Promise.all(done);
  });

  it("has time again in the next turn, whoever used this one", async () => {
    const { run, order } = turnsOf(5);
    await run("a");
    await nextTurn();
    void run("b");
    expect(order).toEqual(["a", "b"]);
  });

  it("takes its owners in turn, and the work of each in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { maxLength: 20 }), async (owners) => {
        const { run, order } = turnsOf(5);
        const signals = [0, 1, 2, 3].map((name) => client(String(name)).signal);
        // The turn is used up, so that all that follows waits.
        const all = [run("first"), ...owners.map((owner, index) => run(`${owner} ${index}`, signals[owner]))];
        await Promise.all(all);
        const left = new Map<number, string[]>();
        for (const [index, owner] of owners.entries())
          left.set(owner, [...(left.get(owner) ?? []), `${owner} ${index}`]);
        const expected = ["first"];
        while (left.size > 0)
          for (const [owner, pieces] of left) {
            const piece = pieces.shift();
            if (piece) expected.push(piece);
            else left.delete(owner);
          }
        expect(order).toEqual(expected);
      }),
    );
  });

  it("is never begun for those who have left meanwhile", async () => {
    const { run, order } = turnsOf(5);
    const [gone, here] = [client("gone"), client("here")];
    const settled = Promise.allSettled([
      run("first"),
      ...Array.from({ length: 500 }, (_, index) => run(`gone ${index}`, gone.signal)),
      run("here", here.signal),
    ]);
    gone.abort(new Error("left"));
    const results = await settled;
    expect(order).toEqual(["first", "here"]);
    expect(results[1]).toMatchObject({ status: "rejected", reason: { message: "left" } });
    await expect(run("late", gone.signal)).rejects.toThrow("left");
  });

  it("is refused to a client that has too much of it waiting, and to no other", async () => {
    const { run } = turnsOf(5);
    const [greedy, polite] = [client("greedy"), client("polite")];
    const first = run("first");
    const waiting = Promise.allSettled(Array.from({ length: 8200 }, () => run("greedy", greedy.signal)));
    const other = run("polite", polite.signal);
    const own = Array.from({ length: 8200 }, () => run("the server's"));
    await expect(first).resolves.toBe("first");
    await expect(other).resolves.toBe("polite");
    greedy.abort();
    expect((await waiting).filter((one) => codeOf(one) === "OVERLOADED")).toHaveLength(8);
    await Promise.all(own);
  });

  it("passes on what it throws, and goes on", async () => {
    const turns = new Turns(() => 0);
    const bad = turns.run(() => {
      throw new TypeError("a bug");
    });
    await expect(bad).rejects.toThrow("a bug");
    await expect(turns.run(() => 1)).resolves.toBe(1);
  });
});
