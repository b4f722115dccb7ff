import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { createAccess, openAccess } from "../../src/access/index.ts";
import { keyHash, newKey } from "../../src/access/keys.ts";
import { ADMIN_TOKEN, accessOf, asked, basic, bearer, FakeClock, REFUSED, readable, START_SECRET } from "./support.ts";

const KEY = newKey();
const KEEPER = newKey();
const RULES = `
anonymous: { read: ["public/**"] }
keys:
  - { name: lab-a, hash: "${keyHash(KEY)}", read: ["plates/**"], share: { workers: 1, seconds: 30 } }
  - { name: keeper, hash: "${keyHash(KEEPER)}", read: ["**"], scopes: [read, admin] }
`;
const PROXY = `${RULES}
proxy:
  read: [home/**]
  groups: { staff: ["**"], löwen: [cats/**], keepers: { read: [kept/**], scopes: [admin] } }
  share: { workers: 2 }
`;

describe("who sends nothing", () => {
  it("is anonymous, and reads what the rules say", async () => {
    const { access } = accessOf(RULES);
    const who = await access.authenticate(asked());
    expect(who).toBe(access.anonymous);
    expect(who).toMatchObject({ name: "anonymous", anonymous: true, grant: null, share: null });
    expect([...who.scopes]).toEqual(["read"]);
    expect(await readable(who.reader, "public/a", "plates/a", "public")).toEqual(["public/a"]);
  });

  it("reads nothing where the rules say nothing of it", async () => {
    const { access } = accessOf("keys: []\n");
    expect(await readable(access.anonymous.reader, "public/a", "a")).toEqual([]);
  });
});

describe("a key", () => {
  it("is taken as a bearer's token and as a password", async () => {
    const { access } = accessOf(RULES);
    for (const headers of [bearer(KEY).headers, { authorization: `bearer  ${KEY}` }, basic(KEY)]) {
      const who = await access.authenticate(asked(headers));
      expect(who).toMatchObject({ name: "key:lab-a", anonymous: false, share: { workers: 1, seconds: 30 } });
      expect(who.grant).toMatch(/^[0-9a-f]{16}$/);
      expect([...who.scopes]).toEqual(["read"]);
      expect(await readable(who.reader, "plates/a", "public/a")).toEqual(["plates/a"]);
    }
    expect([access.shareOf("key:lab-a"), access.shareOf("key:keeper"), access.shareOf("203.0.113.9")]).toEqual([
      { workers: 1, seconds: 30 },
      null,
      null,
    ]);
  });

  it.each([
    ["another key", bearer(newKey()).headers],
    ["a key with a letter changed", bearer(`${KEY.slice(0, -1)}~`).headers],
    ["its hash", bearer(keyHash(KEY)).headers],
    ["nothing after the scheme", { authorization: "Bearer " }],
    ["two words", { authorization: `Bearer ${KEY} x` }],
    ["another scheme", { authorization: `Digest ${KEY}` }],
    ["no password", { authorization: `Basic ${Buffer.from(KEY).toString("base64")}` }],
    [
      "the user's name in place of the password",
      { authorization: `Basic ${Buffer.from(`${KEY}:`).toString("base64")}` },
    ],
    ["a token of nobody", bearer("e30.e30.e30").headers],
    ["what is too long", bearer("x".repeat(20_000)).headers],
  ])("is not %s, and the answer is the same for all", async (_, headers) => {
    const { access } = accessOf(RULES);
    await expect(access.authenticate(asked(headers))).rejects.toEqual(REFUSED);
    expect(access.failures).toBe(1);
  });
});

describe("the server's own secrets", () => {
  it.each([ADMIN_TOKEN, START_SECRET])("%s may everything", async (secret) => {
    const { access } = accessOf(RULES);
    const who = await access.authenticate(bearer(secret));
    expect([who.name, who.reader.everything, [...who.scopes], who.grant]).toEqual([
      "admin",
      true,
      ["read", "original", "admin"],
      null,
    ]);
    await expect(access.authenticate(bearer(`${secret}x`))).rejects.toEqual(REFUSED);
  });
});

describe("a proxy's word", () => {
  const anna = { "x-forwarded-user": "anna", "x-forwarded-groups": "lab, keepers" };

  it("counts where the proxy is trusted, with the groups", async () => {
    const { access } = accessOf(PROXY);
    const who = await access.authenticate(asked(anna, { trusted: true }));
    expect(who).toMatchObject({ name: "user:anna", anonymous: false, grant: null, share: { workers: 2 } });
    expect([...who.scopes]).toEqual(["read", "admin"]);
    expect(await readable(who.reader, "home/a", "kept/a", "cats/a")).toEqual(["home/a", "kept/a"]);
    expect(access.shareOf("user:anna")).toEqual({ workers: 2 });
    const leo = { "x-forwarded-user": "leo", "x-forwarded-groups": Buffer.from("löwen").toString("latin1") };
    const lion = await access.authenticate(asked(leo, { trusted: true }));
    expect(await readable(lion.reader, "cats/a", "kept/a")).toEqual(["cats/a"]);
  });

  it("does not count of anybody else, or without rules for it", async () => {
    expect((await accessOf(PROXY).access.authenticate(asked(anna))).name).toBe("anonymous");
    expect((await accessOf(RULES).access.authenticate(asked(anna, { trusted: true }))).name).toBe("anonymous");
  });

  it("of groups without a user names nobody, and a group of no rule adds nothing", async () => {
    const { access } = accessOf(PROXY);
    const groups = { "x-forwarded-groups": "staff" };
    expect((await access.authenticate(asked(groups, { trusted: true }))).name).toBe("anonymous");
    const strange = { "x-forwarded-user": "eve", "x-forwarded-groups": "__proto__,constructor,toString" };
    const eve = await access.authenticate(asked(strange, { trusted: true }));
    expect(await readable(eve.reader, "home/a", "kept/a")).toEqual(["home/a"]);
  });

  it("comes after a bearer that may be ours, and before what the proxy was given for itself", async () => {
    const { access } = accessOf(PROXY);
    const name = async (headers: IncomingHttpHeaders) =>
      (await access.authenticate(asked({ ...anna, ...headers }, { trusted: true }))).name;
    expect(await name(bearer(KEY).headers)).toBe("key:lab-a");
    expect(await name(basic(KEY))).toBe("key:lab-a");
    expect(await name(basic("her own password"))).toBe("user:anna");
    expect(await name(bearer("e30.e30.e30").headers)).toBe("user:anna");
    expect(await name({ authorization: "Negotiate x" })).toBe("user:anna");
    await expect(name(bearer(newKey()).headers)).rejects.toEqual(REFUSED);
  });
});

describe("what a browser sends by itself", () => {
  const foreign = { origin: "https://evil.example.org", host: "images.example.org", "sec-fetch-site": "cross-site" };
  const own = { origin: "https://images.example.org", host: "images.example.org", "sec-fetch-site": "same-origin" };
  const scopesOf = async (headers: IncomingHttpHeaders) => {
    const { access } = accessOf(PROXY);
    return [...(await access.authenticate(asked(headers, { trusted: true }))).scopes];
  };
  const keeper = { "x-forwarded-user": "kim", "x-forwarded-groups": "keepers" };

  it("changes nothing for a page of another site", async () => {
    for (const sent of [keeper, basic(KEEPER)])
      expect([
        await scopesOf({ ...sent, ...foreign }),
        await scopesOf({ ...sent, ...own }),
        await scopesOf(sent),
      ]).toEqual([["read"], ["read", "admin"], ["read", "admin"]]);
    // A page has to be given a bearer's token.
    expect(await scopesOf({ ...bearer(KEEPER).headers, ...foreign })).toEqual(["read", "admin"]);
  });

  it("is told by what the browser says of the site, also without an origin", async () => {
    expect(await scopesOf({ ...keeper, "sec-fetch-site": "cross-site" })).toEqual(["read"]);
    expect(await scopesOf({ ...keeper, "sec-fetch-site": "same-site" })).toEqual(["read"]);
    // Typed by a person, or kept as a bookmark.
    expect(await scopesOf({ ...keeper, "sec-fetch-site": "none" })).toEqual(["read", "admin"]);
  });

  it("is told by the origin, where a browser says no more", async () => {
    expect(await scopesOf({ ...keeper, origin: "https://evil.example.org", host: "images.example.org" })).toEqual([
      "read",
    ]);
    expect(await scopesOf({ ...keeper, origin: "null", host: "images.example.org" })).toEqual(["read"]);
  });
});

describe("guesses", () => {
  it("are slowed down by client, and good credentials of the same client never", async () => {
    const { access, clock } = accessOf(RULES);
    for (let n = 0; n < 100; n++) await access.authenticate(bearer(newKey())).catch(() => {});
    await expect(access.authenticate(bearer(newKey()))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    const held = clock.slept.length;
    expect([held, access.failures]).toEqual([90, 101]);
    expect((await access.authenticate(bearer(KEY))).name).toBe("key:lab-a");
    expect((await access.authenticate(asked())).name).toBe("anonymous");
    expect(clock.slept).toHaveLength(held);
  });
});

describe("without rules", () => {
  const options = { adminToken: ADMIN_TOKEN, startSecret: null, log: () => {}, clock: new FakeClock() };

  it("everybody sees everything, and files too; who has the token may change things", async () => {
    const access = createAccess({ ...options, file: null });
    const who = await access.authenticate(asked());
    expect([access.configured, access.count, who === access.anonymous, who.reader.everything, [...who.scopes]]).toEqual(
      [...[false, 0, true, true], ["read", "original"]],
    );
    expect((await access.authenticate(bearer(ADMIN_TOKEN))).name).toBe("admin");
    expect([access.shareOf("anonymous"), access.failures]).toEqual([null, 0]);
  });

  it("a bearer's token that is not the server's is refused; what may be meant for a proxy before it says nothing", async () => {
    const access = openAccess(options);
    await expect(access.authenticate(bearer(newKey()))).rejects.toEqual(REFUSED);
    expect(access.failures).toBe(1);
    for (const headers of [basic("of the proxy"), bearer("e30.e30.e30").headers, { authorization: "Negotiate x" }])
      expect(await access.authenticate(asked(headers))).toBe(access.anonymous);
  });
});
