import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Running, requestText, runServer } from "./running.ts";

const IMAGES = {
  "plate.tif": { width: 300, height: 300, tile: [256, 256], value: (x: number) => x % 200 },
} as const;
const [FIRST, SECOND] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const NOON = Date.parse("2026-03-01T12:00:00.900Z");
/** The second that it is at NOON. */
const NOW = Math.floor(NOON / 1000);
const HOUR = 3600;

let server: Running;
beforeAll(async () => {
  const keys = [
    { id: "first", secret: FIRST },
    { id: "second", secret: SECOND },
  ];
  server = await runServer(IMAGES, { signing: { keys, hours: null } });
});
afterAll(() => server.close());
afterEach(() => vi.useRealTimers());

/** Only the clock on the wall: timers go on. */
function itIs(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: milliseconds });
}

/** An address of the first tile with these parameters, signed by hand. */
function signed(query: string, secret = FIRST): string {
  const sig = createHmac("sha256", secret).update(`/tiles/plate.jpg?${query}`).digest("base64url");
  return `/tiles/plate/0/0/0.jpg?${query}&sig=${sig}`;
}

/** Status and code over a socket: the target travels as it stands. */
async function answerTo(target: string): Promise<readonly [number, string | undefined]> {
  const { status, body } = await server.raw(requestText(target));
  return [status, status === 200 ? undefined : (JSON.parse(body) as { code: string }).code];
}

const GOOD = signed("f=b1%2B1&q=70&kid=first");
const SIG = GOOD.slice(GOOD.indexOf("&sig=") + 5);
const REFUSED = [403, "FORBIDDEN"];

describe("a signature", () => {
  it("that is this server's is taken", async () => {
    expect(await answerTo(GOOD)).toEqual([200, undefined]);
  });

  it.each([
    ["is missing", GOOD.replace(/&sig=.*/, "")],
    ["is empty", GOOD.replace(/&sig=.*/, "&sig=")],
    ["is cut by a character", GOOD.slice(0, -1)],
    ["is cut to one character", GOOD.replace(SIG, SIG.slice(0, 1))],
    ["has a character more", `${GOOD}A`],
    ["is padded as other base64 is", `${GOOD}=`],
    ["has its case flipped", GOOD.replace(SIG, flipCase(SIG))],
    ["is spelled with bits behind its last byte", GOOD.replace(SIG, SIG.slice(0, -1) + besides(SIG.slice(-1)))],
    ["is spelled with percent signs", GOOD.replace(SIG, SIG.replace(/^./, percent))],
    ["is another key's", signed("f=b1%2B1&q=70&kid=first", SECOND)],
    ["is of an unknown key", signed("f=b1%2B1&q=70&kid=third", SECOND)],
    ["is of a key named like a method of objects", signed("f=b1%2B1&q=70&kid=constructor")],
    ["is there twice", `${GOOD}&sig=${SIG}`],
    ["is there twice, a wrong one first", GOOD.replace("&sig=", `&sig=${"A".repeat(43)}&sig=`)],
    ["has its key named twice", GOOD.replace("&kid=first", "&kid=first&kid=first")],
    ["stands before the parameters", `/tiles/plate/0/0/0.jpg?sig=${SIG}&f=b1%2B1&q=70&kid=first`],
    ["stands behind other parameters than it was made for", GOOD.replace("f=b1%2B1&q=70", "q=70&f=b1%2B1")],
    ["is of an address spelled otherwise", GOOD.replace("%2B", "%2b")],
    ["is of an address with more encoded than this one", GOOD.replace("b1%2B1", "b1+1")],
    ["is of an address with less encoded than this one", GOOD.replace("plate", "%70late")],
    ["is of parameters in another case", GOOD.replace("&q=", "&Q=")],
    ["is of an address without a time", GOOD.replace("&kid", `&exp=${NOW}&kid`)],
  ])("that %s is refused", async (_, target) => {
    expect(await answerTo(target)).toEqual(REFUSED);
  });

  it("of any length and any bytes is refused in the same words: none makes the comparison fail", async () => {
    const words = new Set<string>();
    for (const length of [1, 42, 43, 44, 86, 4000]) {
      for (const character of ["A", "_", "%41", "é", "\u0000"]) {
        const target = GOOD.replace(SIG, character.repeat(length).slice(0, length));
        const { status, body } = await server.raw(requestText(target));
        // NUL and letters beyond ASCII are no request at all.
        if (status === 400) continue;
        expect(status).toBe(403);
        words.add(body);
      }
    }
    expect(words.size).toBe(1);
  });
});

describe("the time of a link", () => {
  it("has half a minute of grace, and not a second more", async () => {
    itIs(NOON);
    expect(await answerTo(signed(`f=b1&exp=${NOW - 30}&kid=first`))).toEqual([200, undefined]);
    expect(await answerTo(signed(`f=b1&exp=${NOW - 31}&kid=first`))).toEqual([410, "LINK_EXPIRED"]);
    expect(await answerTo(signed("f=b1&exp=0&kid=first"))).toEqual([410, "LINK_EXPIRED"]);
  });

  it.each([
    "soon",
    "",
    "-5",
    "-0",
    "1e12",
    "0x7fffffff",
    "4102444800.5",
    "%34102444800",
    "NaN",
    "Infinity",
    "1".padEnd(21, "0"),
  ])("that is exp=%s is refused, though a key of ours has signed it", async (exp) => {
    expect(await answerTo(signed(`f=b1&exp=${exp}&kid=first`))).toEqual(REFUSED);
  });

  it.each([
    ["stands before other parameters", `exp=${NOW + HOUR}&f=b1&kid=first`, REFUSED],
    ["stands behind the key", `f=b1&kid=first&exp=${NOW + HOUR}`, REFUSED],
    ["is given twice", `f=b1&exp=${NOW - HOUR}&exp=4102444800&kid=first`, [400, "BAD_REQUEST"]],
    ["is also a time before which it does not hold", `f=b1&nbf=${NOW + HOUR}&kid=first`, [400, "BAD_REQUEST"]],
  ])("that %s is refused, though a key of ours has signed it", async (_, query, answer) => {
    expect(await answerTo(signed(query))).toEqual(answer);
  });

  it("is not promised to caches for longer than a year", async () => {
    const query = await current();
    itIs(NOON);
    const { headers } = await server.raw(requestText(signed(`${query}&exp=999999999999&kid=first`)));
    expect(headers.get("cache-control")).toBe("public");
    expect(headers.get("expires")).toBe(new Date(NOON + 365 * 24 * HOUR * 1000).toUTCString());
  });
});

describe("a clock that jumps", () => {
  it("back by an hour and ahead leaves links their end, in memory too, and they end when it comes", async () => {
    const query = await current();
    itIs(NOON);
    const link = signed(`${query}&exp=${NOW + 60}&kid=first`);
    const answer = async () => {
      const { status, headers } = await server.raw(requestText(link));
      return [status, headers.get("cache-control"), headers.get("expires")];
    };
    const until = [200, "public", new Date((NOW + 60) * 1000).toUTCString()];
    expect(await answer()).toEqual(until);
    itIs(NOON - HOUR * 1000);
    expect(await answer()).toEqual(until);
    itIs(NOON + 60_000);
    expect(await answer()).toEqual(until);
    itIs(NOON + 75_000);
    expect(await answer()).toEqual(until);
    itIs(NOON + 91_000);
    expect((await answer())[0]).toBe(410);
    itIs(NOON + HOUR * 1000);
    expect((await answer())[0]).toBe(410);
    // And back once more: the same answer as at first.
    itIs(NOON);
    expect(await answer()).toEqual(until);
  });

  it("either way leaves renders and their deadlines alone", async () => {
    for (const [n, jump] of [HOUR, -HOUR, 24 * HOUR, 0].entries()) {
      itIs(NOON + jump * 1000);
      const running = server.raw(requestText(signed(`f=window(b1,0,${300 + n})&kid=first`)));
      itIs(NOON - jump * 1000);
      expect((await running).status).toBe(200);
    }
  });
});

/** The parameters of an address that names the current version of the picture. */
async function current(): Promise<string> {
  const query = '{ image(key: "plate") { render(formula: "b1 + 1") { tile(level: 1, x: 0, y: 0) { url } } } }';
  const answer = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: { image: { render: { tile: { url: string } } } } };
  return /\?(.*)&kid=/.exec(data.image.render.tile.url)?.[1] ?? "";
}

function flipCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

/** The letter of base64url that differs in its last bit, which is none of 32 bytes. */
function besides(letter: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return letters[letters.indexOf(letter) ^ 1] ?? "";
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
