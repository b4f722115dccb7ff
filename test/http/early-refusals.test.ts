import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import { EarlyRefusals } from "../../src/http/early-refusals.ts";
import type { Services } from "../../src/service/types/services.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const BUSY = new BandloomError("OVERLOADED", "Busy.", { details: { retryAfter: 2 } });

/** Refusals by a queue that refuses these clients, and what was answered. */
function door(refused: readonly string[]) {
  const services = { refusal: (client: () => string) => (refused.includes(client()) ? BUSY : null) } as Services;
  const counted: string[] = [];
  const answers: { status: number; headers: readonly string[]; body: string }[] = [];
  const early = new EarlyRefusals(services, (route) => counted.push(route));
  const response = (destroyed = false) => {
    const answer = { status: 0, headers: [] as readonly string[], body: "" };
    return {
      destroyed,
      writeHead(status: number, headers: readonly string[]) {
        Object.assign(answer, { status, headers });
        return this;
      },
      end(body: string) {
        answers.push({ ...answer, body });
      },
    } as unknown as ServerResponse;
  };
  const ask = (url: string, client: string) => early.answer(url, response(), () => client);
  return { early, ask, answers, counted, response };
}

describe("refusals before any work", () => {
  it("are for work alone, and for those whose work would be refused", () => {
    const { ask, answers, counted } = door(["greedy"]);
    const urls = ["/tiles/demo/1/0/0.jpg", "/regions/demo/0,0,1,1/1.png", "/statistics/demo.json", "/probe/demo.json"];
    expect(urls.map((url) => ask(url, "greedy"))).toEqual([true, true, true, true]);
    expect(urls.map((url) => ask(url, "polite"))).toEqual([false, false, false, false]);
    expect(["/graphql", "/healthz", "/tilejson/demo.json", "/"].map((url) => ask(url, "greedy"))).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    expect(counted).toEqual(["tiles", "regions", "statistics", "probe"]);
    const [{ status, headers, body } = { status: 0, headers: [], body: "" }] = answers;
    expect([status, JSON.parse(body)]).toEqual([503, { code: "OVERLOADED", message: "Busy.", retryAfter: 2 }]);
    expect(headers[headers.indexOf("retry-after") + 1]).toBe("2");
  });

  it("are told at once up to a number, then at an even pace, to each client by itself", () => {
    const { ask, answers } = door(["greedy", "other"]);
    for (let n = 0; n < 1_000; n++) ask("/tiles/demo/1/0/0.jpg", "greedy");
    expect(answers).toHaveLength(64);
    ask("/tiles/demo/1/0/0.jpg", "other");
    expect(answers).toHaveLength(65);
    vi.advanceTimersByTime(100);
    expect(answers.length).toBeGreaterThan(150);
    expect(answers.length).toBeLessThan(180);
    vi.advanceTimersByTime(1_000);
    expect(answers).toHaveLength(1_001);
  });

  it("say nothing to those who have left meanwhile", () => {
    const { early, answers, response } = door(["greedy"]);
    early.answer("/tiles/demo/1/0/0.jpg", response(true), () => "greedy");
    expect(answers).toEqual([]);
  });

  it("are told where too many requests wait, but for what is no work", () => {
    const { early, answers, response } = door([]);
    expect(early.tooLate("/graphql", response(), "greedy")).toBe(false);
    expect(early.tooLate("/tiles/demo/1/0/0.jpg", response(), "greedy")).toBe(true);
    expect(answers.map(({ status }) => status)).toEqual([503]);
  });
});
