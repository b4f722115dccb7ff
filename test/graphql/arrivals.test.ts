import { describe, expect, it } from "vitest";
import { Arrivals, type Operation } from "../../src/graphql/streams/arrivals.ts";

interface Running extends Operation {
  readonly ended: () => void;
}

function running(id: string): Running {
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  return { id, stop: new AbortController(), end, ended };
}

/** A connection with operations, and the messages that were passed on. */
function connection(...operations: readonly Running[]) {
  const all = new Map<object, Running>(operations.map((operation) => [{}, operation]));
  const arrivals = new Arrivals(all);
  const passed: string[] = [];
  const tell = (type: string, id: string) =>
    arrivals.add(JSON.stringify({ type, id }), () => passed.push(`${type} ${id}`));
  const end = (operation: Running) => {
    for (const [payload, one] of all) if (one === operation) all.delete(payload);
    operation.ended();
  };
  return { arrivals, passed, tell, end };
}

/** All that is passed on without an operation that ends is passed on within a turn or two. */
const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("what a client says of its operations", () => {
  it("is passed on at once, and what it leaves is told to end", () => {
    const [one, two] = [running("1"), running("2")];
    const { passed, tell } = connection(one, two);
    expect([tell("complete", "1"), tell("subscribe", "3")]).toEqual([true, true]);
    expect(passed).toEqual(["complete 1", "subscribe 3"]);
    expect([one.stop.signal.aborted, two.stop.signal.aborted]).toEqual([true, false]);
    // Without leaving what has the id: the protocol refuses it.
    tell("subscribe", "2");
    expect(passed.at(-1)).toBe("subscribe 2");
  });

  it("waits in its order where an id is used again, until what was left has ended", async () => {
    const one = running("1");
    const { passed, tell, end } = connection(one);
    for (const type of ["complete", "subscribe", "complete", "subscribe"]) tell(type, "1");
    tell("subscribe", "2");
    await turns();
    expect(passed).toEqual(["complete 1", "subscribe 2"]);
    end(one);
    expect(passed).toHaveLength(2);
    await expect.poll(() => passed.slice(2)).toEqual(["subscribe 1", "complete 1", "subscribe 1"]);
    tell("complete", "1");
    expect(passed.at(-1)).toBe("complete 1");
  });

  it("is refused when too much of it waits, and heard again when nothing does", async () => {
    const [one, two] = [running("1"), running("2")];
    const { passed, tell, end } = connection(one, two);
    const asked = (id: string) => Array.from({ length: 100 }, () => tell("subscribe", id)).filter(Boolean).length;
    tell("complete", "1");
    tell("complete", "2");
    expect(asked("1")).toBe(64);
    expect(tell("subscribe", "3")).toBe(true);
    end(one);
    await expect.poll(() => passed).toHaveLength(3 + 64);
    expect(asked("2")).toBe(64);
  });

  it("is passed on as it is where it is no message of an operation", () => {
    const { arrivals } = connection();
    for (const text of ["", "{", "[]", "null", "7", '{"type":"ping"}', '{"type":1,"id":2}']) {
      let taken = 0;
      expect(arrivals.add(text, () => taken++)).toBe(true);
      expect(taken, text).toBe(1);
    }
  });
});
