import { describe, expect, it } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import { farPictures } from "../../src/service/far/fetched-batch.ts";
import type { FarPicture, RenderNode } from "../../src/service/far/render-node.ts";
import type { PictureMaker, WantedPicture } from "../../src/service/picture-batch.ts";

const BYTES = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const PICTURE: FarPicture = { bytes: BYTES, etag: "key", cache: "RENDERED" };
const BUSY = new BandloomError("OVERLOADED", "Busy.", { details: { retryAfter: 0.001 } });
/** Pictures are made there or not at all. */
const NOBODY: PictureMaker = {
  here: true,
  batch: () => ({ add: () => Promise.reject(new Error("It was made here.")), start: () => {} }),
};

const wanted = (n: number) =>
  ({
    key: "key",
    path: () => `/tiles/${n}`,
    task: { encoding: { format: "png" } },
  }) as Partial<WantedPicture> as WantedPicture;

/** A node that does this with each request, and how many it has been asked for, in all and at a time. */
function nodeThat(answer: (path: string) => Promise<FarPicture>) {
  const seen = { asked: 0, atOnce: 0, most: 0 };
  const node = {
    picture: async (path: string) => {
      seen.asked++;
      seen.most = Math.max(seen.most, ++seen.atOnce);
      try {
        return await answer(path);
      } finally {
        seen.atOnce--;
      }
    },
  } as Partial<RenderNode> as RenderNode;
  return { seen, maker: farPictures(node, NOBODY) };
}

describe("pictures of a list that another process makes", () => {
  const { signal } = new AbortController();

  it("are asked for again where it has too much to do", async () => {
    let refusals = 3;
    const { seen, maker } = nodeThat(() => (refusals-- > 0 ? Promise.reject(BUSY) : Promise.resolve(PICTURE)));
    await expect(maker.batch("bulk").add(wanted(0), signal)).resolves.toMatchObject({ kept: true });
    expect(seen.asked).toBe(4);
  });

  it("fail when it has too much to do all the time, and at once where somebody looks at one as it comes", async () => {
    const { seen, maker } = nodeThat(() => Promise.reject(BUSY));
    await expect(maker.batch("bulk").add(wanted(0), signal)).rejects.toBe(BUSY);
    expect(seen.asked).toBe(5);
    await expect(maker.batch("live").add(wanted(0), signal)).rejects.toBe(BUSY);
    expect(seen.asked).toBe(6);
  });

  it("end with the reason of whoever ends them, also while the other side is given time", async () => {
    const leave = new AbortController();
    const reason = new BandloomError("DEADLINE_EXCEEDED", "Too late.");
    const late = new BandloomError("OVERLOADED", "Busy.", { details: { retryAfter: 3_600 } });
    const { maker } = nodeThat(() => Promise.reject(late));
    const picture = maker.batch("bulk").add(wanted(0), leave.signal);
    setImmediate(() => leave.abort(reason));
    await expect(picture).rejects.toBe(reason);
  });

  it("fail at once for any other reason", async () => {
    const broken = new BandloomError("SOURCE_FAILED", "Broken.");
    const { seen, maker } = nodeThat(() => Promise.reject(broken));
    await expect(maker.batch("bulk").add(wanted(0), signal)).rejects.toBe(broken);
    expect(seen.asked).toBe(1);
  });

  it.each([
    ["a page", Buffer.from("<!doctype html>")],
    ["nothing", Buffer.alloc(0)],
    ["another format", Buffer.of(0xff, 0xd8, 0xff, 0xe0)],
  ])("are made here where %s comes in their place, whatever it is called", async (_, bytes) => {
    const { maker } = nodeThat(() => Promise.resolve({ ...PICTURE, bytes }));
    await expect(maker.batch("bulk").add(wanted(0), signal)).rejects.toThrow("It was made here.");
  });

  it("are asked for a few at a time", async () => {
    const { seen, maker } = nodeThat(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return PICTURE;
    });
    const batch = maker.batch("bulk");
    await Promise.all(Array.from({ length: 200 }, (_, n) => batch.add(wanted(n), signal)));
    expect([seen.asked, seen.most]).toEqual([200, 32]);
  });
});
