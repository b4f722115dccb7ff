import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Passage, Turnstile } from "../../src/http/turnstile.ts";

beforeEach(() => {
  // No time passes in a turn.
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A turnstile, and what became of the requests that came to it, each as its client and number. */
function standing(queueMs: number, passage: Partial<Passage> = {}) {
  const begun: string[] = [];
  const nameOf = (request: IncomingMessage) => request.url ?? "";
  const turnstile = new Turnstile(queueMs, {
    client: (request) => nameOf(request).split(" ")[0] ?? "",
    hit: () => false,
    begin: (request) => begun.push(nameOf(request)),
    early: () => false,
    refuse: () => false,
    ...passage,
  });
  const come = (client: string, count: number) => {
    for (let n = 0; n < count; n++) turnstile.pass({ url: `${client} ${n}` } as IncomingMessage, {} as ServerResponse);
  };
  return { begun, come };
}

/** How many of them are of this client. */
const of = (begun: readonly string[], client: string) => begun.filter((name) => name.startsWith(`${client} `)).length;

describe("the turnstile", () => {
  it("begins a few requests at once, and the others in the turns that follow, in order", async () => {
    const { begun, come } = standing(500);
    come("one", 10);
    expect(begun).toHaveLength(4);
    await nextTurn();
    expect(begun).toHaveLength(8);
    await nextTurn();
    expect(begun).toEqual(Array.from({ length: 10 }, (_, n) => `one ${n}`));
  });

  it("begins at once again in the next turn of a server that has little to do", () => {
    const { begun, come } = standing(500);
    come("one", 4);
    vi.advanceTimersByTime(3);
    come("one", 4);
    expect(begun).toHaveLength(8);
  });

  it("lets clients begin in turn, however many requests one of them has waiting", async () => {
    const { begun, come } = standing(10_000);
    come("greedy", 1_000);
    come("polite", 2);
    await nextTurn();
    expect([of(begun, "polite"), of(begun, "greedy")]).toEqual([2, 4 + 2]);
  });

  it("answers what memory holds before all that waits", () => {
    const hits: string[] = [];
    const hit: Passage["hit"] = ({ url = "" }) => url.startsWith("known ") && hits.push(url) > 0;
    const { begun, come } = standing(500, { hit });
    come("other", 100);
    come("known", 60);
    expect([hits.length, of(begun, "known")]).toEqual([60, 0]);
  });

  it("leaves hits to the next turn as well where one comes after the other without end", async () => {
    let hits = 0;
    const { begun, come } = standing(500, { hit: () => ++hits > 0 });
    come("known", 1_000);
    expect(hits).toBeLessThan(1_000);
    for (let n = 0; n < 1_000; n++) await nextTurn();
    expect(hits + begun.length).toBe(1_000);
  });

  it("refuses what would begin too late, and not what another client asks for", () => {
    const refused: string[] = [];
    const refuse: Passage["refuse"] = (_request, _response, client) => refused.push(client) > 0;
    // A fifth of the time that work may wait: 100 ms, which is 200 requests of half a millisecond.
    const { come } = standing(500, { refuse });
    come("greedy", 300);
    expect(refused).toEqual(Array.from({ length: 300 - 4 - 201 }, () => "greedy"));
    come("polite", 10);
    expect(refused).not.toContain("polite");
  });

  it("refuses at once what would be refused in its turn, a bounded number in a turn", async () => {
    const told: string[] = [];
    const early: Passage["early"] = ({ url = "" }) => url.startsWith("greedy ") && told.push(url) > 0;
    const { begun, come } = standing(10_000, { early });
    come("polite", 6);
    come("greedy", 100);
    expect([told.length, begun.length]).toEqual([64, 4]);
    await nextTurn();
    expect(of(begun, "polite")).toBe(6);
  });
});
