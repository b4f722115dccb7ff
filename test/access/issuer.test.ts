import { exportSPKI, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { ALG, AUDIENCE, type Issuer, newPair, type SigningPair, signed, startIssuer } from "./issuer.ts";
import { accessOf, bearer, FakeClock, REFUSED, readable } from "./support.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AWAY = expect.objectContaining({
  code: "SOURCE_FAILED",
  message: expect.stringContaining("keys cannot be fetched"),
});
const EXPIRED = expect.objectContaining({ code: "UNAUTHENTICATED", message: expect.stringContaining("has expired") });

let [first, second]: SigningPair[] = [];
const pair = (one: SigningPair | undefined): SigningPair => one ?? expect.fail("There is no key.");
beforeAll(async () => {
  [first, second] = await Promise.all([newPair("first"), newPair("second")]);
});

function rulesOf(issuer: Pick<Issuer, "url">, more = ""): string {
  return `
jwt:
  issuer: "${issuer.url}"
  audience: ${AUDIENCE}
  jwks: "${issuer.url}/jwks"
  claim: bandloom_read
  groups: { staff: [staff/**], keepers: { read: [kept/**], scopes: [admin] } }
  read: [all/**]
  ${more}
`;
}

/** A server that believes an issuer; `by` is the clock of both. */
async function believing(claims: JWTPayload = {}) {
  const issuer = await startIssuer(pair(first), claims);
  const clock = new FakeClock(Date.now());
  const fixture = accessOf(rulesOf(issuer), clock);
  const nameOf = async (token: string) => (await fixture.access.authenticate(bearer(token))).name;
  const seconds = () => Math.floor(clock.now() / 1_000);
  /** What a good token holds, an hour long. */
  const payload = (more: JWTPayload = {}): JWTPayload => ({
    ...{ iss: issuer.url, aud: AUDIENCE, sub: "anna", exp: seconds() + 3_600, ...more },
  });
  return { ...fixture, issuer, nameOf, payload, seconds };
}

describe("a token of an OpenID provider", () => {
  it("is believed, with its claims, groups and scopes", async () => {
    const { issuer, access } = await believing({ bandloom_read: "one/** two/* ../no", groups: ["keepers", "nobody"] });
    const who = await access.authenticate(bearer(await issuer.token()));
    expect(who).toMatchObject({ name: `jwt:lab-robot@${issuer.url}`, anonymous: false, grant: null, share: null });
    expect([...who.scopes].sort()).toEqual(["admin", "original", "read"]);
    const keys = ["all/a", "one/a/b", "two/a", "two/a/b", "kept/a", "staff/a", "no"];
    expect(await readable(who.reader, ...keys)).toEqual(["all/a", "one/a/b", "two/a", "kept/a"]);
  });

  it("says of patterns that cannot be that they allow nothing", async () => {
    const { issuer, nameOf, lines } = await believing({ bandloom_read: ["a**", "b/**"] });
    await nameOf(await issuer.token());
    expect(lines).toEqual([expect.stringContaining("holds 1 patterns that cannot be")]);
  });

  it("has the share of its issuer", async () => {
    const { issuer, access, write } = await believing();
    write(rulesOf(issuer, "share: { workers: 2 }"));
    const { name, share } = await access.authenticate(bearer(await issuer.token()));
    expect([share, access.shareOf(name), access.shareOf("jwt:a@https://other.example.org/")]).toEqual([
      { workers: 2 },
      { workers: 2 },
      null,
    ]);
  });

  it("is verified once, and asked of its issuer once", async () => {
    const { issuer, access } = await believing();
    const token = await issuer.token();
    expect(await access.authenticate(bearer(token))).toBe(await access.authenticate(bearer(token)));
    expect(issuer.keysAsked).toBe(1);
  });

  it("is verified anew when the rules change, with keys that are known", async () => {
    const { issuer, access, write } = await believing();
    const token = await issuer.token();
    await access.authenticate(bearer(token));
    issuer.setAway(true);
    write(rulesOf(issuer).replace("all/**", "other/**"));
    const { reader } = await access.authenticate(bearer(token));
    expect(await readable(reader, "all/a", "other/a")).toEqual(["other/a"]);
    write(rulesOf(issuer).replace(`audience: ${AUDIENCE}`, "audience: another"));
    await expect(access.authenticate(bearer(token))).rejects.toEqual(REFUSED);
  });
});

describe("a token is refused", () => {
  it("that is for another audience, or of another issuer", async () => {
    const { issuer, nameOf } = await believing();
    const other = await startIssuer(pair(first));
    await expect(nameOf(await issuer.token("another"))).rejects.toEqual(REFUSED);
    await expect(nameOf(await other.token())).rejects.toEqual(REFUSED);
    expect(other.keysAsked).toBe(0);
  });

  it("that nobody signed, that another key signed, and that the public key signed as a secret", async () => {
    const { issuer, nameOf, payload } = await believing();
    await nameOf(await issuer.token());
    const unsigned = new UnsecuredJWT(payload()).encode();
    await expect(nameOf(unsigned)).rejects.toEqual(REFUSED);
    const { kid } = pair(first);
    await expect(nameOf(await signed({ kid, privateKey: pair(second).privateKey }, payload()))).rejects.toEqual(
      REFUSED,
    );
    const secret = new TextEncoder().encode(await exportSPKI(pair(first).publicKey));
    const confused = await new SignJWT(payload()).setProtectedHeader({ alg: "HS256", kid }).sign(secret);
    await expect(nameOf(confused)).rejects.toEqual(REFUSED);
    const [header, , signature] = (await signed(pair(first), payload())).split(".");
    const body = Buffer.from(JSON.stringify(payload({ sub: "eve" }))).toString("base64url");
    await expect(nameOf(`${header}.${body}.${signature}`)).rejects.toEqual(REFUSED);
  });

  it.each([
    ["without an end", { exp: undefined }],
    ["without a subject", { sub: undefined }],
    ["without an audience", { aud: undefined }],
    ["that is not good yet", { nbf: Math.floor(Date.now() / 1_000) + HOUR }],
  ])("%s", async (_, without) => {
    const { nameOf, payload } = await believing();
    await expect(nameOf(await signed(pair(first), payload()))).resolves.toContain("jwt:anna@");
    await expect(nameOf(await signed(pair(first), payload(without as JWTPayload)))).rejects.toEqual(REFUSED);
  });

  it("that has expired, by more than clocks may differ: it is told so, and is no guess", async () => {
    const { nameOf, payload, seconds, access } = await believing();
    const ended = async (ago: number) => nameOf(await signed(pair(first), payload({ exp: seconds() - ago })));
    await expect(ended(29)).resolves.toContain("jwt:anna@");
    await expect(ended(31)).rejects.toEqual(EXPIRED);
    expect(access.failures).toBe(0);
    // Of the issuer, and for others: no word of its end.
    await expect(nameOf(await signed(pair(first), payload({ exp: seconds() - 31, aud: "another" })))).rejects.toEqual(
      REFUSED,
    );
  });

  it("that was good, once it has expired", async () => {
    const { nameOf, payload, clock } = await believing();
    const token = await signed(pair(first), payload());
    await nameOf(token);
    clock.pass(HOUR + 29_000);
    await expect(nameOf(token)).resolves.toContain("jwt:anna@");
    clock.pass(2_000);
    await expect(nameOf(token)).rejects.toEqual(EXPIRED);
  });

  it("that is not good yet by more than clocks may differ", async () => {
    const { nameOf, payload, seconds } = await believing();
    const begins = async (later: number) => nameOf(await signed(pair(first), payload({ nbf: seconds() + later })));
    await expect(begins(29)).resolves.toContain("jwt:anna@");
    await expect(begins(31)).rejects.toEqual(REFUSED);
  });
});

describe("an issuer that changes its keys", () => {
  it("is asked for a key that is new, half a minute after the last time at the earliest", async () => {
    const { issuer, nameOf, clock } = await believing();
    await nameOf(await issuer.token());
    await issuer.rotate(pair(second), pair(first));
    const token = await issuer.token();
    await expect(nameOf(token)).rejects.toEqual(REFUSED);
    expect(issuer.keysAsked).toBe(1);
    clock.pass(30_000);
    await expect(nameOf(token)).resolves.toContain("jwt:lab-robot@");
    expect(issuer.keysAsked).toBe(2);
  });

  it("has a key that it withdraws refused after ten minutes, also in tokens that were verified before", async () => {
    const { issuer, nameOf, clock, payload } = await believing();
    const [verified, fresh] = [
      await signed(pair(first), payload()),
      await signed(pair(first), payload({ sub: "ben" })),
    ];
    await nameOf(verified);
    await issuer.rotate(pair(second));
    clock.pass(10 * MINUTE - 1);
    await nameOf(fresh);
    clock.pass(1);
    await expect(nameOf(await signed(pair(first), payload({ sub: "cleo" })))).rejects.toEqual(REFUSED);
    await expect(nameOf(verified)).rejects.toEqual(REFUSED);
    await expect(nameOf(fresh)).rejects.toEqual(REFUSED);
    await expect(nameOf(await issuer.token())).resolves.toContain("jwt:lab-robot@");
  });

  it("is looked at in the background while tokens come that were verified", async () => {
    const { issuer, nameOf, clock, payload } = await believing();
    const token = await signed(pair(first), payload());
    await nameOf(token);
    await issuer.rotate(pair(second));
    clock.pass(10 * MINUTE);
    await expect.poll(() => nameOf(token).catch(() => "refused"), { interval: 20 }).toBe("refused");
  });

  it("may leave open which of its keys a token was signed with", async () => {
    const { issuer, nameOf, payload } = await believing();
    await issuer.rotate(pair(first), pair(second));
    for (const { privateKey } of [pair(first), pair(second)]) {
      const token = await new SignJWT(payload()).setProtectedHeader({ alg: ALG }).sign(privateKey);
      await expect(nameOf(token)).resolves.toContain("jwt:anna@");
    }
    const stranger = await newPair("third");
    const forged = await new SignJWT(payload()).setProtectedHeader({ alg: ALG }).sign(stranger.privateKey);
    await expect(nameOf(forged)).rejects.toEqual(REFUSED);
  });
});

describe("an issuer that is away", () => {
  it("before its keys are known leaves tokens unjudged, which is no guess, and is asked again after a while", async () => {
    const { issuer, nameOf, clock, access, lines } = await believing();
    const token = await issuer.token();
    issuer.setAway(true);
    for (let n = 0; n < 3; n++) await expect(nameOf(token)).rejects.toEqual(AWAY);
    expect([issuer.keysAsked, access.failures]).toEqual([1, 0]);
    expect(lines).toEqual([expect.stringContaining("cannot be fetched")]);
    issuer.setAway(false);
    await expect(nameOf(token)).rejects.toEqual(AWAY);
    clock.pass(5_000);
    await expect(nameOf(token)).resolves.toContain("jwt:lab-robot@");
  });

  it("afterwards leaves those good that it gave, for a day", async () => {
    const { issuer, nameOf, clock, payload } = await believing();
    await nameOf(await issuer.token());
    issuer.setAway(true);
    clock.pass(23 * HOUR);
    await expect(nameOf(await signed(pair(first), payload()))).resolves.toContain("jwt:anna@");
    // One with a key that nobody knows may be of one that it has just begun to use.
    await expect(nameOf(await signed(pair(second), payload()))).rejects.toEqual(AWAY);
    clock.pass(HOUR);
    await expect(nameOf(await signed(pair(first), payload()))).rejects.toEqual(AWAY);
  });
});

it("keys that are fetched without encryption from another machine are told of", () => {
  const { lines } = accessOf(rulesOf({ url: "http://login.example.org" }));
  expect(lines).toEqual([expect.stringContaining("fetched without encryption")]);
});
