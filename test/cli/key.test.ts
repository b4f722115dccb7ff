import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { grantOf, keyHash, parseRules } from "../../src/access/index.ts";
import { createState } from "../../src/state/index.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { runHere } from "./program.ts";

const KEY = /^bl_[\w-]{43}\n$/;
const HASH = `sha256:${"a".repeat(64)}`;
const RULES = `# who may what
anonymous: { read: [ public/** ] } # everybody
keys:
  # the first
  - { name: "02", hash: ${HASH}, read: [ 02/** ] }

# the last words
proxy:
  read: [ 1e3, 0o17 ]
`;
const DAY = 86_400;
const folder = mkdtempSync(join(tmpdir(), "bandloom-key-command-"));
const data = join(folder, "data");
const file = join(folder, "access.yaml");
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
  mkdirSync(join(data, ".bandloom"), { recursive: true });
});
beforeEach(() => writeFileSync(file, RULES));
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

const create = (name: string, ...args: readonly string[]) =>
  runHere(["key", "create", name, "--read", "plates/**", ...args], { cwd: folder });
const namesIn = (path: string) => parseRules(readFileSync(path, "utf8")).keys.map(({ name }) => name);

describe("bandloom key create", () => {
  it("adds many keys to a list that is written in brackets", async () => {
    writeFileSync(file, `anonymous: { read: [public/**] }\nkeys: [{ name: first, hash: "${HASH}", read: ["**"] }]\n`);
    const names = ["first", ...Array.from({ length: 8 }, (_, n) => `lab-${n}`)];
    for (const name of names.slice(1)) expect((await create(name, "--access", file)).code).toBe(0);
    expect(namesIn(file)).toEqual(names);
  });

  it("prints the key alone, and writes its hash beside what stands in the file", async () => {
    const { code, stdout, stderr } = await create("lab-a", "{a,b}/*", "--access", file);
    expect([code, stdout]).toEqual([0, expect.stringMatching(KEY)]);
    expect(stderr).toContain(`Its hash is in ${file}`);
    const entry = `  - { name: lab-a, hash: ${keyHash(stdout.trim())}, read: [ plates/**, "{a,b}/*" ], scopes: [ read ] }\n`;
    expect(readFileSync(file, "utf8")).toBe(RULES.replace("\n\n# the last", `\n${entry}\n# the last`));
    expect(stderr).not.toContain(stdout.trim());
  });

  it("takes the file from the settings, and writes scopes", async () => {
    const environment = { BANDLOOM_ACCESS: file };
    const args = ["key", "create", "keeper", "--read", "**", "--scopes", "read, admin"];
    expect((await runHere(args, { cwd: folder, environment })).code).toBe(0);
    const { keys } = parseRules(readFileSync(file, "utf8"));
    expect(keys[1]).toMatchObject({ name: "keeper", read: ["**"], scopes: ["read", "admin"] });
  });

  it("makes the file where there is none, for its owner alone, and keys in one that has none", async () => {
    const fresh = join(folder, "fresh.yaml");
    expect((await create("one", "--access", fresh)).code).toBe(0);
    expect([namesIn(fresh), statSync(fresh).mode & 0o777]).toEqual([["one"], 0o600]);
    for (const text of ["anonymous: {}\n", "keys: []\n", "# nothing\n"]) {
      writeFileSync(fresh, text);
      expect((await create("one", "--access", fresh)).code).toBe(0);
      expect(namesIn(fresh)).toEqual(["one"]);
    }
  });

  it("keeps the mode of the file, and a link to it", async () => {
    chmodSync(file, 0o640);
    const link = join(folder, "link.yaml");
    symlinkSync(file, link);
    expect((await create("one", "--access", link)).code).toBe(0);
    expect([namesIn(file), statSync(file).mode & 0o777]).toEqual([["02", "one"], 0o640]);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it("without a file prints the lines to paste", async () => {
    const { code, stdout, stderr } = await create("lab-a");
    expect([code, stdout]).toEqual([0, expect.stringMatching(KEY)]);
    const lines = stderr.slice(stderr.indexOf("keys:"));
    expect(parseRules(lines).keys).toMatchObject([{ name: "lab-a", hash: keyHash(stdout.trim()) }]);
  });

  it.each([
    [["02"], 2, "is another key's name already"],
    [["a b"], 2, "is no name of a key"],
    [["a", "--read", "a**"], 2, "** beside other characters"],
    [["a", "--scopes", "read,write"], 2, '"write" is no scope. Write some of read, original, admin'],
  ])("%j is refused with what to do, and changes nothing", async ([name = "", ...more], exit, message) => {
    const { code, stdout, stderr } = await create(name, ...more, "--access", file);
    expect([code, stdout, stderr]).toEqual([exit, "", expect.stringContaining(message)]);
    expect([readFileSync(file, "utf8"), existsSync(`${file}.new`)]).toEqual([RULES, false]);
  });

  it("does not touch a file that cannot be used, or that another command changes", async () => {
    writeFileSync(file, "keyz: []\n");
    const broken = await create("a", "--access", file);
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('line 1: it has no key "keyz"')]);
    writeFileSync(file, RULES);
    writeFileSync(`${file}.new`, "");
    const busy = await create("a", "--access", file);
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining("another command changes the file of rules")]);
    expect(existsSync(`${file}.new`)).toBe(true);
    rmSync(`${file}.new`);
    expect(readFileSync(file, "utf8")).toBe(RULES);
  });
});

describe("bandloom key list", () => {
  it("tells the keys, what they may, and the grant of their links", async () => {
    const grant = grantOf("02", HASH);
    const table = await runHere(["key", "list", "--access", file], { cwd: folder });
    expect([table.code, table.stdout]).toEqual([0, expect.stringMatching(`\n +02 +02/\\*\\* +read +${grant}\n$`)]);
    const json = await runHere(["key", "list", "--access", file, "--json"], { cwd: folder });
    const keys = [{ name: "02", read: ["02/**"], scopes: ["read"], share: null, grant }];
    expect(JSON.parse(json.stdout)).toEqual({ keys });
    expect(json.stdout).not.toContain(HASH);
  });

  it("says where there are none, and what is missing", async () => {
    writeFileSync(file, "anonymous: {}\n");
    expect((await runHere(["key", "list", "--access", file], { cwd: folder })).stdout).toBe("There are no keys.\n");
    const unnamed = await runHere(["key", "list"], { cwd: folder });
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining("--access or BANDLOOM_ACCESS")]);
    const nowhere = await runHere(["key", "list", "--access", join(folder, "none.yaml")], { cwd: folder });
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("There is no file of rules")]);
  });
});

describe("bandloom key revoke", () => {
  const revoke = (...args: readonly string[]) =>
    runHere(["key", "revoke", ...args, "--access", file, "--data", data], { cwd: folder });
  const grant = grantOf("02", HASH);

  async function remembered(place: { redisUrl: string | null; folder: string | null }): Promise<string | null> {
    const state = createState({ ...place, redisTimeoutMs: 60_000, log: () => {} });
    try {
      return await state.get("revoked", grant);
    } finally {
      await state.close();
    }
  }

  it("takes the key out, and says when its links end", async () => {
    await create("other", "--access", file);
    const { code, stdout } = await revoke("02", "--link-hours", "5");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Revoked: 02\..* hold until they end, 6 hours at most/)]);
    expect(namesIn(file)).toEqual(["other"]);
    expect(readFileSync(file, "utf8")).toContain("# the last words");
    expect(await remembered({ redisUrl: null, folder: join(data, ".bandloom") })).toBeNull();
  });

  it("with --links has servers of the same folder, or of the same Redis, forget them", async () => {
    const now = Date.now() / 1000;
    expect((await revoke("02", "--links")).stdout).toContain("end within a second");
    expect(namesIn(file)).toEqual([]);
    const until = Number(await remembered({ redisUrl: null, folder: join(data, ".bandloom") }));
    expect([until > now + 29 * DAY, until < now + 31 * DAY]).toEqual([true, true]);
    writeFileSync(file, RULES);
    expect((await revoke("02", "--links", "--state-redis-url", redis.url, "--link-hours", "8760")).code).toBe(0);
    expect(Number(await remembered({ redisUrl: redis.url, folder: null }))).toBeGreaterThan(now + 365 * DAY);
  });

  it("that cannot withdraw the links does not remove the key, whose name in them would be lost", async () => {
    for (const [args, message] of [
      [["--redis-url", "redis://127.0.0.1:1"], "BANDLOOM_STATE_REDIS_URL"],
      [["--state-redis-url", "redis://127.0.0.1:1"], "does not answer"],
      [["--cache", join(folder, "nowhere")], "There is no folder"],
    ] as const) {
      const { code, stderr } = await revoke("02", "--links", ...args);
      expect([code, stderr, namesIn(file)]).toEqual([1, expect.stringContaining(message), ["02"]]);
    }
  });

  it("of a name that there is not says which was meant", async () => {
    await create("lab-a", "--access", file);
    const { code, stderr } = await revoke("lab-b");
    expect([code, stderr]).toEqual([1, expect.stringContaining('Did you mean "lab-a"?')]);
    expect(namesIn(file)).toEqual(["02", "lab-a"]);
  });
});
