import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createState, type StateStore } from "../../src/state/index.ts";
import { logBook, temporaryFolder } from "../cache/support.ts";

const NAME = "state-1";
const OFF = "Saved presets: off (its file was removed or replaced); what is saved cannot be reached";
const ON = "Saved presets: working again";

function open(folder: string, log: (line: string) => void): StateStore {
  const state = createState({ redisUrl: null, folder, log });
  onTestFinished(() => state.close());
  return state;
}

const refused = expect.objectContaining({
  code: "SOURCE_FAILED",
  message: expect.stringMatching(/cannot be reached.*Try again; the server's log says why\.$/),
});

it.each<[string, (store: string) => void]>([
  ["deleted", (store) => rmSync(store, { recursive: true })],
  ["moved away", (store) => renameSync(store, `${store}-elsewhere`)],
])("what is saved after the store's folder was %s is found by the next start", async (_, takeAway) => {
  const { lines, log } = logBook();
  const folder = temporaryFolder();
  const state = open(folder, log);
  await state.put("presets", "a", "1");
  takeAway(join(folder, NAME));
  await expect(state.put("presets", "b", "2")).rejects.toEqual(refused);
  await expect
    .poll(() =>
      state.put("presets", "b", "2").then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  expect([await state.all("presets"), lines]).toEqual([[["b", "2"]], [OFF, ON]]);
  await state.close();
  expect(await open(folder, log).all("presets")).toEqual([["b", "2"]]);
});

it("what comes back in the store's place is read again", async () => {
  const { lines, log } = logBook();
  const folder = temporaryFolder();
  const store = join(folder, NAME);
  const state = open(folder, log);
  await state.put("presets", "a", "1");
  renameSync(store, `${store}-elsewhere`);
  await expect(state.get("presets", "a")).rejects.toEqual(refused);
  await expect.poll(() => state.get("presets", "a").catch(() => "away")).toBeNull();
  rmSync(store, { recursive: true });
  renameSync(`${store}-elsewhere`, store);
  await expect.poll(() => state.get("presets", "a").catch(() => "away")).toBe("1");
  expect(lines).toEqual([OFF, ON, OFF, ON]);
});

it("a closed store refuses, and closing leaves nothing to check", async () => {
  const folder = temporaryFolder();
  const state = open(folder, () => {});
  await state.put("presets", "a", "1");
  await state.close();
  await expect(state.get("presets", "a")).rejects.toEqual(refused);
  expect(existsSync(join(folder, NAME, "closed.json"))).toBe(true);
  expect(readdirSync(folder)).toEqual([NAME]);
});
