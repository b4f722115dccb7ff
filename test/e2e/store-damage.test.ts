import { ftruncateSync, writeSync } from "node:fs";
import { expect, it } from "vitest";
import { degraded, FIRST_PAGE, PlateStore, REPAIRED } from "../fixtures/plate-store.ts";

const plates = new PlateStore();

it("a store whose pages are emptied under load is made anew by the running server, which fails no tile", async () => {
  const server = await plates.start();
  await plates.goodRound(server);
  const load = plates.goodRound(server, 10);
  plates.empty("tiles-1");
  const pid = server.pid();
  await load;
  await plates.allKept(server);
  expect(await degraded(server)).toBeUndefined();
  expect(server.pid()).toBe(pid);
  expect(server.output()).toMatch(
    /Embedded cache: off \(MDB_.*\n(.*\n)*.*moved aside and begins anew\n.*working again/,
  );
  // With the spoiled store still in its memory.
  expect(await server.stop()).toBe(0);
}, 300_000);

it.each<[string, (descriptor: number, size: number) => void]>([
  [
    "are overwritten, each in four places,",
    (descriptor, size) => {
      for (let at = 24; at < size; at += 1024) writeSync(descriptor, Buffer.alloc(16, at), 0, 16, at);
    },
  ],
  ["are cut off", (descriptor) => ftruncateSync(descriptor, FIRST_PAGE)],
])(
  "a store whose pages %s under load makes no tile wrong, and is made anew without help",
  async (_, write) => {
    const server = await plates.start();
    await plates.goodRound(server);
    const load = plates.load(server, 10);
    plates.spoil("tiles-1", write);
    const { statuses, wrong } = await load;
    // LMDB may end the process where it meets such a page: connections are cut then, but no answer is an error.
    expect([...statuses.keys()].filter((status) => status !== 200 && status !== 0)).toEqual([]);
    expect(wrong).toEqual([]);
    const spoiled: string[] = [];
    await expect
      .poll(async () => {
        const round = await plates.load(server);
        spoiled.push(...round.wrong);
        return [round.statuses.get(200), round.outcomes.get("EMBEDDED")];
      }, REPAIRED)
      .toEqual([36, 36]);
    expect(spoiled).toEqual([]);
    expect(await degraded(server)).toBeUndefined();
    expect(await server.stop()).toBe(0);
  },
  300_000,
);
