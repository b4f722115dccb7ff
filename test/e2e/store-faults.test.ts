import { renameSync, rmSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { degraded, PlateStore, REPAIRED } from "../fixtures/plate-store.ts";

const plates = new PlateStore();

it("two servers on one cache folder find each other's tiles, and both write", async () => {
  const [one, two] = [await plates.start(), await plates.start()];
  await Promise.all([plates.goodRound(one, 2), plates.goodRound(two, 2)]);
  for (const server of [one, two]) await plates.allKept(server);
  expect([await degraded(one), await degraded(two)]).toEqual([undefined, undefined]);
}, 300_000);

/** Puts a file in its place, so that it is missed until that is gone. */
function takeAway(): void {
  for (let tries = 1; ; tries++) {
    renameSync(plates.cache, `${plates.cache}-gone-${tries}`);
    try {
      writeFileSync(plates.cache, "", { flag: "wx" });
      return;
    } catch {
      // The server was faster, and has made a new one.
    }
  }
}

it("a cache folder that is taken away under load fails no tile, is named while it is missed, and made anew", async () => {
  const server = await plates.start();
  await plates.goodRound(server);
  // All is written: nothing but what is asked for below makes it write again.
  await plates.allKept(server);
  const load = plates.goodRound(server, 5);
  takeAway();
  await load;
  // A tile that it does not have yet is what makes it write.
  await fetch(`${server.url}/tiles/plate/2/0/0.png?f=b1%2B1`);
  await expect.poll(() => degraded(server), { interval: 5 }).toEqual(["embedded"]);
  rmSync(plates.cache);
  await expect.poll(() => degraded(server), REPAIRED).toBeUndefined();
  await plates.allKept(server);
  expect(server.output()).not.toMatch(/is started again|unhandled/);
}, 300_000);

it("the store of presets, jobs and purges begins anew while the server runs when its pages are spoiled, and brings back nothing that was purged", async () => {
  const server = await plates.start();
  const version = async (from = server) => {
    const { image } = await from.query<{ image: { render: { urlTemplate: string } } }>(
      `{ image(key: "plate") { render(formula: "b1") { urlTemplate } } }`,
    );
    return image.render.urlTemplate;
  };
  const save = (name: string) =>
    server
      .query(`mutation { savePreset(input: { name: "${name}", formula: "b1" }) { preset { name } } }`)
      .then(() => "saved", String);
  const names = async (from = server) => {
    const { presets } = await from.query<{ presets: { nodes: { name: string }[] } }>(
      `{ presets(search: "-mark-") { nodes { name } } }`,
    );
    return presets.nodes.map(({ name }) => name);
  };
  const fresh = await version();
  await server.query(`mutation { purge(input: { imageKey: "plate" }) { purged } }`);
  const purged = await version();
  for (let n = 0; n < 9; n++) expect(await save(`before-mark-${n}`)).toBe("saved");
  await plates.goodRound(server);
  const pid = server.pid();
  plates.empty("state-1");
  // Refused, or saved in the new store if the server itself has met the damage by now: it looks twice a second.
  expect(await save("meanwhile")).toMatch(/SOURCE_FAILED|cannot be reached|saved/);
  await expect.poll(() => server.output(), REPAIRED).toMatch(/Saved presets: off \(/);
  await plates.goodRound(server);
  await expect.poll(() => save("after-mark-"), REPAIRED).toBe("saved");
  expect(await names()).toEqual(["after-mark-"]);
  await expect.poll(async () => [fresh, purged].includes(await version())).toBe(false);
  const second = await version();
  expect([server.pid(), await server.stop()]).toEqual([pid, 0]);
  expect(server.output()).toMatch(
    /Saved presets: off \(.*\); what is saved cannot be reached\n(.*\n)*.*moved aside and begins anew\n.*working again/,
  );
  // Spoiled between two starts.
  plates.empty("state-1");
  const again = await plates.start();
  expect(await names(again)).toEqual([]);
  expect([fresh, purged, second]).not.toContain(await version(again));
  await plates.goodRound(again);
}, 300_000);

it("a server that a fault ends keeps its store; when it ends twice in a row, the store may be the reason and is made anew", async () => {
  const server = await plates.start();
  await plates.goodRound(server);
  await plates.allKept(server);
  const fault = async () => {
    const pid = server.pid();
    process.kill(pid, "SIGSEGV");
    const again = async () => server.pid() !== pid && (await fetch(`${server.url}/readyz`)).ok;
    // Without a server there is no pid.
    await expect.poll(() => again().catch(() => false), REPAIRED).toBe(true);
  };
  await fault();
  // Once it has been checked: nothing was lost.
  await plates.allKept(server);
  expect(server.output()).not.toContain("moved aside");
  await fault();
  expect((await plates.goodRound(server)).get("RENDERED")).toBe(36);
  expect(server.output()).toContain("moved aside and begins anew");
  await plates.allKept(server);
}, 300_000);
