import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Loss } from "../../src/render/pool/lane.ts";
import type { Task } from "../../src/render/protocol.ts";
import { Quarantine } from "../../src/render/quarantine.ts";
import { Work } from "../../src/render/work.ts";
import { localPath } from "../../src/source/location.ts";

const MINUTE = 60_000;
const FAILED = new BandloomError("LIMIT_EXCEEDED", "The work was stopped.");

function kernelOf(shape: string, stages: Kernel["stages"] = [], constants: readonly number[] = []): Kernel {
  const [bytes, values] = [new Uint8Array(3), Float32Array.from(constants)];
  return { shape, bytes, output: "gray8", planes: 1, inputs: [], stages, tables: [], constants: values };
}

const blurred = (taps: number) =>
  ({
    kind: "neighbourhood",
    kernel: kernelOf("channel"),
    passes: [{ kind: "weigh", per: null, taps: Array.from({ length: taps }, (_, dx) => ({ dx, dy: 0, weight: 1 })) }],
  }) as const;

interface Asked {
  readonly kernel?: Kernel;
  readonly key?: string;
  readonly revision?: string;
  readonly others?: readonly string[];
  readonly level?: number;
  readonly x?: number;
  readonly side?: number;
  readonly format?: "jpeg" | "png";
}

const sourceOf = (key: string, revision = "1") => ({ key, revision, location: localPath(`/${key}`), remote: false });

function picture(asked: Asked = {}): Work {
  const { kernel = kernelOf("sin"), key = "plate", revision, others = [], level = 0, x = 0, side = 256 } = asked;
  const encoding = { format: asked.format ?? "jpeg", quality: 80, lossless: false } as const;
  const region = { x, y: 0, width: side, height: side };
  const task: Task = {
    kind: "pictures",
    ...{ kernel, source: sourceOf(key, revision), others: others.map((other) => sourceOf(other)) },
    pictures: [{ level, region, pad: null, resize: null, encoding }],
  };
  return new Work(task);
}

const chunk = (x = 0, revision = "1") =>
  new Work({ kind: "chunk", source: sourceOf("plate", revision), channel: 0, level: 0, z: 0, t: 0, x, y: 0 });

/** A quarantine, a clock that is set by hand, and what it says. */
function quarantined(work: Work | null, loss: Loss = "deadline", times = 3) {
  const clock = { now: 1_000_000 };
  const begun: string[] = [];
  const quarantine = new Quarantine({ now: () => clock.now, onBegin: (message) => begun.push(message) });
  if (work) for (let time = 0; time < times; time++) quarantine.blame(work, loss, FAILED);
  // What failed is not remembered as such any more.
  clock.now += 1000;
  return { quarantine, clock, begun };
}

describe("work that has cost three workers", () => {
  it("is refused for a minute, with what to do and when to come back", () => {
    const { quarantine, clock } = quarantined(picture());
    clock.now += 4000;
    expect(quarantine.refusal(picture())).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/refused for 55 s.*simpler formula/),
      details: { retryAfter: 55 },
    });
    clock.now += 54_999;
    expect(quarantine.refusal(picture())).not.toBeNull();
    clock.now += 1;
    expect(quarantine.refusal(picture())).toBeNull();
  });

  it("is refused again for the next worker that it costs, until the others are ten minutes old", () => {
    const { quarantine, clock } = quarantined(picture());
    clock.now += MINUTE;
    expect(quarantine.blame(picture(), "deadline", FAILED)).toBe(true);
    clock.now += 10 * MINUTE;
    expect(quarantine.blame(picture(), "deadline", FAILED)).toBe(false);
    expect(quarantine.begun).toBe(2);
  });

  it("is told to the log once, with its image, however many were under way", () => {
    const { quarantine, begun } = quarantined(picture(), "memory", 9);
    expect(begun).toHaveLength(1);
    expect(begun[0]).toMatch(/“plate”.*memory.*60 s/);
    expect(quarantine.begun).toBe(1);
  });

  it.each<[string, Asked]>([
    ["at another place", { x: 4096 }],
    ["with other constants", { kernel: kernelOf("sin", [], [1, 2]) }],
    ["a little smaller", { side: 250 }],
  ])("is the same work %s", (_, asked) => {
    expect(quarantined(picture()).quarantine.refusal(picture(asked))).not.toBeNull();
  });

  it.each<[string, Asked]>([
    ["another formula", { kernel: kernelOf("cos") }],
    ["a smaller region", { side: 64 }],
    ["another level", { level: 1 }],
    ["another format", { format: "png" }],
    ["another image", { key: "other" }],
    ["the file as it is now", { revision: "2" }],
    ["the image with another one over it", { others: ["other"] }],
  ])("says nothing of %s", (_, asked) => {
    for (const loss of ["deadline", "memory", "garbage", "poisoned"] as const)
      expect(quarantined(picture(), loss).quarantine.refusal(picture(asked))).toBeNull();
  });

  it("says nothing of a neighborhood that is smaller", () => {
    const [large, small] = [kernelOf("input", [blurred(4000)]), kernelOf("input", [blurred(9)])];
    const { quarantine } = quarantined(picture({ kernel: large }));
    expect(quarantine.refusal(picture({ kernel: large }))).not.toBeNull();
    expect(quarantine.refusal(picture({ kernel: small }))).toBeNull();
  });

  it("is forgotten where there is too much of it", () => {
    const { quarantine } = quarantined(picture());
    for (let index = 0; index < 5000; index++) quarantine.blame(picture({ key: `image ${index}` }), "deadline", FAILED);
    expect(quarantine.refusal(picture())).toBeNull();
  });

  it("is what it is after any losses and waits: the third within ten minutes, and a minute from the last on", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1001, max: 8 * MINUTE })), (waits) => {
        const { quarantine, clock } = quarantined(null);
        const losses: number[] = [];
        let until = 0;
        for (const wait of waits) {
          clock.now += wait;
          expect(quarantine.refusal(picture()) !== null).toBe(until > clock.now);
          quarantine.blame(picture(), "deadline", FAILED);
          losses.push(clock.now);
          until = losses.filter((at) => clock.now - at < 10 * MINUTE).length >= 3 ? clock.now + MINUTE : 0;
        }
      }),
    );
  });
});

describe("a file", () => {
  it.each(["exit", "exception"] as const)("that ended three workers by %s is refused to every formula", (loss) => {
    const { quarantine } = quarantined(null);
    for (const shape of ["a", "b", "c"]) quarantine.blame(picture({ kernel: kernelOf(shape) }), loss, FAILED);
    expect(quarantine.refusal(picture({ kernel: kernelOf("d"), side: 64 }))).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining("Check the file"),
      details: { retryAfter: 60 },
    });
    expect(quarantine.refusal(picture({ key: "other", others: ["plate"] }))).not.toBeNull();
    expect(quarantine.refusal(chunk())).not.toBeNull();
    expect(quarantine.refusal(picture({ revision: "2" }))).toBeNull();
    expect(quarantine.refusal(picture({ key: "other" }))).toBeNull();
  });

  it.each(["deadline", "memory", "garbage", "poisoned"] as const)(
    "is not blamed for %s: three heavy formulas would close it to all",
    (loss) => {
      const { quarantine } = quarantined(null);
      for (const shape of ["a", "b", "c"]) quarantine.blame(picture({ kernel: kernelOf(shape) }), loss, FAILED);
      expect(quarantine.refusal(picture({ kernel: kernelOf("d") }))).toBeNull();
    },
  );

  it("is not blamed for what was read together with another one", () => {
    const { quarantine } = quarantined(picture({ others: ["other"] }), "exit");
    expect(quarantine.refusal(picture({ others: ["other"] }))).not.toBeNull();
    expect(quarantine.refusal(picture())).toBeNull();
  });

  it("whose reading takes too long, without any formula, is refused by that", () => {
    const { quarantine } = quarantined(chunk());
    expect(quarantine.refusal(chunk(7))).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(quarantine.refusal(chunk(7, "2"))).toBeNull();
    expect(quarantine.refusal(picture())).toBeNull();
  });
});

describe("a failure that cost a worker", () => {
  it("is remembered for a second, for the very same work", () => {
    const { quarantine, clock } = quarantined(null);
    quarantine.blame(picture(), "deadline", FAILED);
    clock.now += 999;
    expect(quarantine.refusal(picture())).toBe(FAILED);
    expect(quarantine.refusal(picture({ x: 256 }))).toBeNull();
    expect(quarantine.refusal(picture({ kernel: kernelOf("sin", [], [1]) }))).toBeNull();
    clock.now += 1;
    expect(quarantine.refusal(picture())).toBeNull();
  });
});
