import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createAccess } from "../../src/access/index.ts";
import { keyHash, newKey } from "../../src/access/keys.ts";
import { parseRules } from "../../src/access/rules-file.ts";
import { accessOf, bearer, REFUSED, readable } from "./support.ts";

const HASH = `sha256:${"a".repeat(64)}`;
const ISSUER = 'issuer: "https://login.example.org/", audience: bandloom, jwks: "https://login.example.org/jwks.json"';

describe("a file of rules", () => {
  it("says what is in it, with what may be left out", () => {
    const rules = parseRules(`
anonymous: { read: ["public/**"] }
keys:
  - { name: 02, hash: "${HASH}", read: ["plates/**"], scopes: [read, original], share: { workers: 1, seconds: 30 } }
jwt: { ${ISSUER}, groups: { staff: ["**"], lab: { read: [lab/**], scopes: [original] } } }
proxy: { userHeader: Remote-User, groups: { staff: ["**"] } }
hook: { url: "http://127.0.0.1:9000/may" }
`);
    expect(rules).toEqual({
      anonymous: { read: ["public/**"], scopes: ["read"] },
      keys: [
        {
          ...{ name: "02", hash: HASH, read: ["plates/**"], scopes: ["read", "original"] },
          share: { workers: 1, seconds: 30 },
        },
      ],
      jwt: [
        {
          ...{ issuer: "https://login.example.org/", audience: ["bandloom"], read: [] },
          ...{ jwks: "https://login.example.org/jwks.json", groupsClaim: "groups", scopesClaim: "scope" },
          groups: { staff: { read: ["**"], scopes: [] }, lab: { read: ["lab/**"], scopes: ["original"] } },
        },
      ],
      proxy: {
        ...{ userHeader: "remote-user", groupsHeader: "x-forwarded-groups", read: [] },
        groups: { staff: { read: ["**"], scopes: [] } },
      },
      hook: { url: "http://127.0.0.1:9000/may", timeoutMs: 2_000 },
    });
  });

  it("names several issuers as a list, and several audiences", () => {
    const other = ISSUER.replaceAll("login", "other").replace("bandloom", "[one, two]");
    const { jwt } = parseRules(`jwt:\n  - { ${ISSUER} }\n  - { ${other} }\n`);
    expect(jwt.map(({ audience }) => audience)).toEqual([["bandloom"], ["one", "two"]]);
  });

  const key = (more: string) => `keys:\n  - { name: a, hash: "${HASH}", read: [] }\n  - { ${more} }\n`;
  it.each([
    ["", "line 1: it is empty"],
    ["# nothing\n", "line 1: it is empty"],
    ["- a\n", "line 1: it is no file of rules"],
    ["anonymous: {}\nanonymos: {}\n", 'line 2: it has no key "anonymos". Write anonymous'],
    ["anonymous:\n  raed: []\n", 'line 2, anonymous: has no key "raed". The keys here are read, scopes'],
    ["anonymous: { scopes: [admin] }\n", "is no scope. Write one of read, original"],
    ["anonymous:\n  read:\n    - a\n    - '*a*b*c'\n", "line 4, anonymous.read[2]: has more than 2 *"],
    ["anonymous: { read: a/** }\n", 'is no list of patterns. Write one such as ["plates/**"]'],
    [key(`name: "a b", hash: "${HASH.replace("aa", "ab")}", read: []`), "line 3, keys[2].name: is no name of a key"],
    [
      key(`name: a, hash: "${HASH.replace("aa", "ab")}", read: []`),
      "line 3, keys[2].name: is another key's name already",
    ],
    [key(`name: b, hash: "${HASH}", read: []`), "line 3, keys[2].hash: is another key's hash already"],
    [key(`name: b, hash: "bl_secret", read: []`), "line 3, keys[2].hash: is no hash of a key. Write sha256:"],
    [key("name: b, read: []"), "keys[2].hash: is missing"],
    [key(`name: b, hash: "${HASH.replace("aa", "ab")}"`), "keys[2].read: is missing"],
    [key(`name: b, hash: "${HASH.replace("aa", "ab")}", read: [], share: { workers: 0 }`), "is no whole number from 1"],
    [`jwt: { ${ISSUER.replace("audience: bandloom, ", "")} }\n`, "jwt.audience"],
    [
      `jwt: { ${ISSUER.replace("https://login.example.org/jwks", "ftp://x/jwks")} }\n`,
      "jwt.jwks: is no http or https URL",
    ],
    [`jwt: { ${ISSUER}, groups: { staff: ["a**"] } }\n`, "jwt.groups.staff.read[1]: has ** beside"],
    [`jwt:\n  - { ${ISSUER} }\n  - { ${ISSUER} }\n`, "line 3, jwt[2].issuer: is another entry's issuer already"],
    ["proxy: { userHeader: 'X Y' }\n", "proxy.userHeader: is no name of a header"],
    ["hook: { url: 'http://a:b@c/' }\n", "hook.url: is no http or https URL without credentials"],
    ["hook: { url: 'http://c/', timeoutMs: 99999 }\n", "hook.timeoutMs: is no whole number from 1 to 30000"],
    ["keys: [*a]\n", "alias"],
  ])("%j is refused with the line and what to write", (yaml, message) => {
    expect(() => parseRules(yaml)).toThrow(message);
  });

  it("does not repeat what stands in the place of a hash: it may be the key", () => {
    const secret = newKey();
    expect(() => parseRules(`keys:\n  - { name: a, hash: ${secret}, read: [] }\n`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });
});

describe("a server", () => {
  const secrets = { adminToken: null, startSecret: null, log: () => {} };

  it("does not begin without its file of rules, or with one that cannot be used", () => {
    expect(() => createAccess({ ...secrets, file: "/nowhere/access.yaml" })).toThrow(
      expect.objectContaining({ code: "BAD_REQUEST", message: expect.stringContaining("which does not exist") }),
    );
    expect(() => accessOf("keyz: []\n")).toThrow(/access\.yaml, line 1: it has no key "keyz"\. Write keys/);
  });

  it("reads the file again when it changes, and a key that was removed stops at once", async () => {
    const [one, two] = [newKey(), newKey()];
    const entry = (key: string) => `  - { name: k, hash: "${keyHash(key)}", read: [a/**] }\n`;
    const { access, write } = accessOf(`keys:\n${entry(one)}`);
    const before = await access.authenticate(bearer(one));
    expect([before.name, access.count]).toEqual(["key:k", 0]);
    write(`keys:\n${entry(two)}`);
    await expect(access.authenticate(bearer(one))).rejects.toEqual(REFUSED);
    const after = await access.authenticate(bearer(two));
    expect(access.count).toBe(1);
    // Its links are not those of the key that had the name before.
    expect([after.grant, before.grant]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), expect.any(String)]);
    expect(after.grant).not.toBe(before.grant);
  });

  it("looks at the file once a second at most", async () => {
    const { access, clock, write } = accessOf("anonymous: { read: [a] }\n");
    write("anonymous: { read: [b] }\n");
    clock.pass(-1);
    expect([access.count, await readable(access.anonymous.reader, "a", "b")]).toEqual([0, ["a"]]);
    clock.pass(1);
    expect([access.count, await readable(access.anonymous.reader, "a", "b")]).toEqual([1, ["b"]]);
  });

  it("keeps the rules while the file is broken or gone, says so once, and takes the next good one", async () => {
    const { access, write, lines, clock, path } = accessOf("anonymous: { read: [a] }\n");
    write("anonymous: { read: [\n");
    for (let look = 0; look < 3; look++, clock.pass(1_000)) expect(access.count).toBe(0);
    rmSync(path);
    for (let look = 0; look < 3; look++, clock.pass(1_000)) expect(access.count).toBe(0);
    expect(await readable(access.anonymous.reader, "a")).toEqual(["a"]);
    expect(lines).toEqual([
      expect.stringMatching(/access\.yaml, line \d+: it is no YAML.*The rules before it go on\.$/),
      expect.stringMatching(/access\.yaml, which does not exist\. The rules before it go on\.$/),
    ]);
    write("anonymous: { read: [b] }\n");
    expect([access.count, await readable(access.anonymous.reader, "a", "b")]).toEqual([1, ["b"]]);
  });

  it("does not count a file that was written as it was", () => {
    const { access, write } = accessOf("anonymous: {}\n");
    write("anonymous: {}\n");
    expect(access.count).toBe(0);
  });
});
