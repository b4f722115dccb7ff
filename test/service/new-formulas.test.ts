import { setMaxListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { own } from "../../src/core/owner.ts";
import { BoundFormulas } from "../../src/service/formulas.ts";
import { Measurements } from "../../src/service/measurements.ts";
import { PictureKernels } from "../../src/service/picture-kernels.ts";
import { Turns } from "../../src/service/turns.ts";
import type { ServedImage } from "../../src/service/types/image.ts";
import { boundTo, openPipeline, type Pipeline } from "./support.ts";

let pipeline: Pipeline;
let image: ServedImage;
beforeAll(async () => {
  const plate = { width: 64, height: 64, tile: [64, 64] } as const;
  pipeline = await openPipeline({ "plate.tif": plate, "other.tif": plate });
  image = await pipeline.images.get("plate");
  await pipeline.images.get("other");
});
afterAll(() => pipeline.close());

/** Formulas of which each piece of work takes a turn of the event loop: the clock goes on by 5 ms whenever it is read. */
function slowFormulas() {
  let reads = 0;
  const turns = new Turns(() => reads++ * 5);
  const formulas = new BoundFormulas(pipeline.images, new Measurements(pipeline.renderer, turns), undefined, turns);
  return { formulas, turns, pieces: () => reads / 2 };
}

function client(name: string): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, own(controller.signal, name));
  return controller;
}

const textOf = (index: number) => `window(b1 * ${index + 2}, 0, 255)`;

describe("a new formula", () => {
  it("is not even parsed when its client has left before its turn", async () => {
    const { formulas, pieces } = slowFormulas();
    const clients = Array.from({ length: 300 }, (_, index) => client(`client ${index % 3}`));
    const bound = clients.map(({ signal }, index) => formulas.bind(image, textOf(index), {}, signal));
    const settled = Promise.allSettled(bound);
    await nextTurn();
    for (const one of clients) one.abort(new Error("left"));
    const atOnce = pieces();
    const outcomes = await settled;
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThan(10);
    expect(pieces()).toBe(atOnce);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeLessThan(10);
  });

  it("of one client is bound after few of another's, however many wait", async () => {
    const { formulas } = slowFormulas();
    const [greedy, polite] = [client("greedy"), client("polite")];
    let done = 0;
    const many = Array.from({ length: 100 }, (_, index) =>
      formulas.bind(image, textOf(index), {}, greedy.signal).then(() => done++),
    );
    await formulas.bind(image, textOf(1000), {}, polite.signal);
    expect(done).toBeLessThan(5);
    await Promise.all(many);
  });

  it("is checked once for all who ask for it together", async () => {
    const { formulas, pieces } = slowFormulas();
    const bound = await Promise.all(Array.from({ length: 20 }, () => formulas.bind(image, textOf(1))));
    expect(new Set(bound).size).toBe(1);
    // It is checked, and completed.
    expect(pieces()).toBe(2);
  });

  it.each(["window(b1 * 3, 0, 255)", "window(other.b1 * 3, 0, 255)", "nonsense("])(
    "%s costs no turn of the event loop when it is known",
    async (text) => {
      const { formulas, pieces } = slowFormulas();
      const first = await formulas.bind(image, text);
      const before = pieces();
      await nextTurn();
      let turned = false;
      const turn = nextTurn().then(() => {
        turned = true;
      });
      expect(await formulas.bind(await pipeline.images.get("plate"), text)).toBe(first);
      expect(turned).toBe(false);
      expect(pieces()).toBe(before);
      await turn;
    },
  );
});

describe("a kernel", () => {
  it("is compiled once for all who want it together, and is there at once when it is known", async () => {
    let reads = 0;
    const kernels = new PictureKernels(new Turns(() => reads++ * 5));
    const wanted = () => kernels.picture(boundTo(image, "window(b1 * 3, 0, 255)"), 0, "png", false);
    const made = await Promise.all(Array.from({ length: 20 }, () => kernels.get(wanted(), undefined)));
    expect(new Set(made).size).toBe(1);
    // It is planned, and emitted.
    expect(reads / 2).toBe(2);
    expect(kernels.get(wanted(), undefined)).toBe(made[0]);
  });

  it("is not emitted when all who wanted it have left", async () => {
    let reads = 0;
    const kernels = new PictureKernels(new Turns(() => reads++ * 5));
    const gone = client("gone");
    const kernel = kernels.get(kernels.values(boundTo(image, "b1 * 3"), 0), gone.signal);
    gone.abort();
    await expect(kernel).rejects.toThrow();
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(reads / 2).toBe(1);
  });

  it("of a colored picture is chosen without looking at the neighbors of a pixel", () => {
    // Nested neighborhoods of one pixel are hundreds of millions of pixels.
    const text = 'colormap(window(median(median(blur(b1, 8), 4), 4), 0, 200), "viridis")';
    const wanted = new PictureKernels(new Turns()).picture(boundTo(image, text), 0, "png", false);
    expect(wanted.request().output).toBe("rgb8");
  });
});
