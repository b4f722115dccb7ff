import type { RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { keyHash, newKey } from "../../src/access/keys.ts";
import { accessOf, asked, bearer, readable, serve } from "./support.ts";

interface Question {
  readonly principal: { readonly name: string; readonly kind: string; readonly claims?: object };
  readonly images: readonly string[];
}

const KEY = newKey();

/** A service that allows what ends in -yes; `more` of its answers. */
async function hooked(cacheControl: string | null = null, more?: RequestListener, timeoutMs = 30_000) {
  const questions: Question[] = [];
  const url = await serve(async (request, response) => {
    const question = JSON.parse(await text(request)) as Question;
    questions.push(question);
    if (more) return void more(request, response);
    response.setHeader("content-type", "application/json");
    if (cacheControl !== null) response.setHeader("cache-control", cacheControl);
    response.end(JSON.stringify({ allow: question.images.filter((key) => key.endsWith("-yes")) }));
  });
  const fixture = accessOf(`
anonymous: { read: [public/**] }
keys:
  - { name: a, hash: "${keyHash(KEY)}", read: [] }
proxy: { read: [] }
hook: { url: "${url}/may", timeoutMs: ${timeoutMs} }
`);
  return { ...fixture, questions };
}

describe("a hook", () => {
  it("allows what no pattern does, and is asked for that alone", async () => {
    const { access, questions } = await hooked();
    const { reader } = await access.authenticate(asked());
    expect(reader.everything).toBe(false);
    expect(await readable(reader, "public/a", "b-yes", "c-no", "b-yes")).toEqual(["public/a", "b-yes", "b-yes"]);
    expect(questions).toEqual([{ principal: { name: "anonymous", kind: "anonymous" }, images: ["b-yes", "c-no"] }]);
    expect(reader.mayRead(["public/a"])).toEqual([true]);
    expect(questions).toHaveLength(1);
  });

  it("is told who asks", async () => {
    const { access, questions } = await hooked();
    const anna = { "x-forwarded-user": "anna", "x-forwarded-groups": "lab,staff" };
    for (const who of [bearer(KEY), asked(anna, { trusted: true })])
      await readable((await access.authenticate(who)).reader, "a");
    expect(questions.map(({ principal }) => principal)).toEqual([
      { name: "key:a", kind: "key" },
      { name: "user:anna", kind: "user", claims: { sub: "anna", groups: ["lab", "staff"] } },
    ]);
  });

  it("is asked for five hundred keys at a time", async () => {
    const { access, questions } = await hooked();
    const keys = Array.from({ length: 1_201 }, (_, n) => `image-${n}-yes`);
    expect(await readable(access.anonymous.reader, ...keys)).toEqual(keys);
    expect(questions.map(({ images }) => images.length).sort()).toEqual([201, 500, 500]);
  });

  it("is asked once for what several want at the same time", async () => {
    const { access, questions } = await hooked();
    const { reader } = access.anonymous;
    const answers = await Promise.all([
      readable(reader, "a-yes", "b"),
      readable(reader, "b", "c-yes"),
      readable(reader, "a-yes"),
    ]);
    expect(answers).toEqual([["a-yes"], ["c-yes"], ["a-yes"]]);
    expect(questions.map(({ images }) => images)).toEqual([["a-yes", "b"], ["c-yes"]]);
  });

  it("is asked again, unless its answer says for how long it holds", async () => {
    const { access, questions } = await hooked();
    for (let n = 0; n < 2; n++) await readable(access.anonymous.reader, "a-yes");
    expect(questions).toHaveLength(2);
    const kept = await hooked("private, max-age=60");
    for (let n = 0; n < 2; n++) expect(await readable(kept.access.anonymous.reader, "a-yes", "b")).toEqual(["a-yes"]);
    // Of somebody else it is another question.
    await readable((await kept.access.authenticate(bearer(KEY))).reader, "a-yes");
    expect(kept.questions).toHaveLength(2);
    kept.clock.pass(60_000);
    await readable(kept.access.anonymous.reader, "a-yes");
    expect(kept.questions).toHaveLength(3);
  });

  it("that says no-store is not remembered, whatever its age", async () => {
    const { access, questions } = await hooked("no-store, max-age=60");
    for (let n = 0; n < 2; n++) await readable(access.anonymous.reader, "a-yes");
    expect(questions).toHaveLength(2);
  });

  it.each<[string, RequestListener]>([
    ["an error", (_, response) => void response.writeHead(500).end('{"allow":["a"]}')],
    ["a redirect", (_, response) => void response.writeHead(307, { location: "/other" }).end()],
    ["no JSON", (_, response) => void response.end("a")],
    ["another form", (_, response) => void response.end('["a"]')],
    ["what is no text", (_, response) => void response.end('{"allow":[1,true]}')],
    ["more than it may", (_, response) => void response.end(`{"allow":["a","${"x".repeat(5 * 2 ** 20)}"]}`)],
    ["nothing", (request) => void request.socket.destroy()],
  ])("that answers with %s allows nothing, which is logged once a minute", async (_, answer) => {
    const { access, lines, clock } = await hooked(null, answer);
    for (let n = 0; n < 3; n++) expect(await readable(access.anonymous.reader, "a", "public/a")).toEqual(["public/a"]);
    expect(lines).toEqual([expect.stringContaining("gave no answer that counts")]);
    clock.pass(60_000);
    await readable(access.anonymous.reader, "a");
    expect(lines).toHaveLength(2);
  });

  it("that does not answer in time allows nothing", async () => {
    const { access, lines } = await hooked(null, () => {}, 50);
    expect(await readable(access.anonymous.reader, "a")).toEqual([]);
    expect(lines).toEqual([expect.stringContaining("gave no answer that counts")]);
  });

  it("does not keep who leaves", async () => {
    const { access } = await hooked(null, () => {});
    const leaving = new AbortController();
    const answer = access.anonymous.reader.mayRead(["a"], leaving.signal);
    leaving.abort();
    expect(await answer).toEqual([false]);
    expect(await access.anonymous.reader.mayRead(["a"], leaving.signal)).toEqual([false]);
  });
});
