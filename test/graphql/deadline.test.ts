import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { own, ownerOf } from "../../src/core/owner.ts";
import { createContext } from "../../src/graphql/context.ts";
import { Deadline } from "../../src/graphql/deadline.ts";
import { StreamedOperations } from "../../src/graphql/streams/operations.ts";
import { ANYBODY, inProcess, STUCK } from "./in-process.ts";

const TIME = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Turns of the event loop, until it is so. The clock stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

/** Work that hears of no end. */
const hanging = () => new Promise<never>(() => {});

describe("an operation that takes too long", () => {
  const query = `{
    server { version }
    stuck: image(key: "${STUCK}") { key }
    image(key: "demo") {
      key
      done: render(formula: "window(red, 0, 9)") { hash tile(level: 0, x: 0, y: 0) { base64 } }
      hangs: render(formula: "red") { hash }
      channels { statistics { mean } }
    }
  }`;

  it("is answered at once with what is done, though the rest hangs, and what is done for it is ended", async () => {
    const { ask, close, measured, signals, rendered } = await inProcess({ hold: hanging });
    const answer = ask(query);
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await until(() => measured.length > 0 && rendered.length > 0);
    await vi.advanceTimersByTimeAsync(TIME - 1);
    expect([answered, signals[0]?.aborted]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    const { status, data, errors } = await answer;
    expect(status ?? 200).toBe(200);
    const done = { hash: expect.any(String), tile: { base64: "AAAA" } };
    expect(data).toMatchObject({ stuck: null, server: { version: "0" }, image: { key: "demo", done, hangs: null } });
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(["DEADLINE_EXCEEDED"]));
    expect(errors).toContainEqual(
      expect.objectContaining({
        path: ["image", "hangs"],
        message: expect.stringMatching(/ended after 60000 ms\. Ask for less at once/),
        extensions: { code: "DEADLINE_EXCEEDED", limit: TIME },
      }),
    );
    expect(signals.map((signal) => [signal?.aborted, ownerOf(signal)])).toEqual(signals.map(() => [true, "somebody"]));
    await close();
  });

  it("has as long as the server grants, and leaves no clock running when it is answered", async () => {
    const { ask, close, measured } = await inProcess({ hold: hanging, limits: { operationMs: 700 } });
    expect((await ask("{ colormaps { name } }")).errors).toEqual([]);
    expect((await ask("{ nope }")).status).toBe(400);
    expect((await ask("{ images(first: 1000) { totalCount } }")).status).toBe(400);
    expect(vi.getTimerCount()).toBe(0);
    const answer = ask(`{ image(key: "demo") { render(formula: "red") { hash } } }`);
    await until(() => measured.length > 0);
    await vi.advanceTimersByTimeAsync(700);
    expect((await answer).errors).toMatchObject([{ extensions: { code: "DEADLINE_EXCEEDED", limit: 700 } }]);
    await close();
  });
});

describe("an operation over a stream", () => {
  it("has the same time and price where it is a query, and no end where it is a subscription", async () => {
    const { services, schema, close, measured } = await inProcess({ hold: hanging });
    const { limits } = services;
    const operations = new StreamedOperations({ schema, limits, introspection: true, onInternalError: () => {} });
    const prepared = async (text: string) => {
      const context = createContext(services, new AbortController().signal, ANYBODY);
      const one = await operations.prepare({ query: text }, context, true);
      return { context, one };
    };
    const stream = `subscription { tiles(input: {imageKey: "demo", level: 0, x: {from: 0, to: 1}, y: {from: 0, to: 1}}) { url } }`;
    expect("schema" in (await prepared(stream)).one).toBe(true);
    const dear = stream.replaceAll("to: 1", "to: 99").replace("level: 0", "level: 0, tileSize: 1024");
    expect((await prepared(dear)).one).toMatchObject({ schema: expect.anything() });
    expect((await prepared("{ images(first: 1000) { totalCount } }")).one).toMatchObject([{ message: /0 to 100/ }]);
    expect(vi.getTimerCount()).toBe(0);
    const { one } = await prepared(`{ colormaps { name } image(key: "demo") { render(formula: "red") { hash } } }`);
    if (!("schema" in one)) throw new Error("The query is refused.");
    const result = operations.execute(one);
    await until(() => measured.length > 0);
    await vi.advanceTimersByTimeAsync(TIME);
    expect(operations.format(await result)).toMatchObject({
      data: { image: { render: null } },
      errors: [{ path: ["image", "render"], extensions: { code: "DEADLINE_EXCEEDED" } }],
      extensions: { cost: { requestedQueryCost: expect.any(Number), actualQueryCost: expect.any(Number) } },
    });
    expect(vi.getTimerCount()).toBe(0);
    await close();
  });
});

describe("a deadline", () => {
  it("passes on that the client has left, with its reason and for the same owner", () => {
    const client = new AbortController();
    const deadline = new Deadline(own(client.signal, "somebody"), TIME);
    expect(ownerOf(deadline.signal)).toBe("somebody");
    const reason = new Error("It left.");
    client.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
    expect(new Deadline(client.signal, TIME).signal.reason).toBe(reason);
  });

  it("gives what is there in time, failures too, and nothing after", async () => {
    const deadline = new Deadline(new AbortController().signal, TIME);
    const value = Promise.resolve(7);
    // Before it begins there is no end.
    expect(deadline.within(value)).toBe(value);
    deadline.start();
    expect(await deadline.within(value)).toBe(7);
    await expect(deadline.within(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    const late = deadline.within(hanging());
    vi.advanceTimersByTime(TIME);
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", status: 504 });
    expect(deadline.signal.reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});
