import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { encodeId } from "../../src/graphql/ids.ts";
import {
  type Asker,
  HIDDEN,
  headersOf,
  IMAGES,
  PUBLIC,
  READABLE,
  SIGNING,
  type Tenants,
  tenants,
} from "../fixtures/tenants.ts";
import { type Running, runServer } from "../http/running.ts";
import { type Road, roadsOf, send, type Told } from "./access-roads.ts";
import { fieldsOfSchema, RULES, type Rule, type Target } from "./access-rules.ts";

const KEYS = [PUBLIC, READABLE, HIDDEN] as const;
/** No image, and hidden from all but those who may read everything. */
const BROKEN = "secret/x1";
/** A guard against what never comes to pass. */
const PATIENT = { timeout: 30_000, interval: 50 };
/** A readable image whose own formula, and a preset, name the hidden one. */
const CATALOGUED = "plates/p2";
const MIXED = `b1 + image(${JSON.stringify(HIDDEN)}).b1`;
const CATALOGUE = `images:
  ${CATALOGUED}:
    source: plates/p1.tif
    formula: '${MIXED}'
    presets: [{ name: catalogued, formula: '${MIXED}' }]
`;
const NO_JOB = encodeId({ type: "Job", key: "0".repeat(32) });

const cache = mkdtempSync(join(tmpdir(), "bandloom-access-graphql-"));
const jobs = new Map<string, string>();
let who: Tenants;
let server: Running;

beforeAll(async () => {
  who = await tenants();
  const catalogueFile = join(cache, "catalogue.yaml");
  writeFileSync(catalogueFile, CATALOGUE);
  const options = { access: who.access, signing: SIGNING, cacheFolder: join(cache, "own"), catalogueFile };
  server = await runServer(IMAGES, options);
  writeFileSync(join(server.folder, "secret", "x1.tif"), "no TIFF");
  await vi.waitUntil(async () => (await keep("{ images { problems { key } } }")).text.includes(BROKEN), PATIENT);
  for (const key of KEYS) {
    await savePreset("own", key, "b1");
    jobs.set(key, await startJob(key, "b1"));
  }
  await savePreset("mixed", READABLE, MIXED);
  await savePreset("mixed-everywhere", null, MIXED);
  await startJob(READABLE, MIXED);
  await vi.waitUntil(
    async () => (await keep("{ jobs(states: [QUEUED, RUNNING]) { totalCount } }")).text.includes('"totalCount":0'),
    PATIENT,
  );
});
afterAll(async () => {
  await server?.close();
  await who?.close();
  rmSync(cache, { recursive: true, force: true });
});

const keep = (query: string) => send(server, who.of("keeper"), query, "POST");

async function savePreset(name: string, imageKey: string | null, formula: string): Promise<void> {
  const input = `{ name: "${name}", imageKey: ${JSON.stringify(imageKey)}, formula: ${JSON.stringify(formula)} }`;
  const { text } = await keep(`mutation { savePreset(input: ${input}) { preset { id } userErrors { message } } }`);
  if (!text.includes('"userErrors":[]')) throw new Error(text);
}

async function startJob(imageKey: string, formula: string): Promise<string> {
  const input = `{ imageKey: "${imageKey}", formula: ${JSON.stringify(formula)} }`;
  const { data, text } = await keep(`mutation { prerender(input: ${input}) { job { id } } }`);
  const id = (data as { prerender: { job: { id: string } | null } } | null)?.prerender.job?.id;
  if (id === undefined) throw new Error(text);
  return id;
}

function targetOf(asker: Asker, key: string): Target {
  const base = [READABLE, PUBLIC, HIDDEN].find((one) => asker.mayRead(one)) ?? READABLE;
  return { key, base, job: jobs.get(key) ?? NO_JOB };
}

async function ask(asker: Asker, query: string, road: Road): Promise<Told> {
  const answer = await send(server, asker, query, road);
  // Guessing is slowed elsewhere.
  if (answer.refused) who.clock.pass(60_000);
  return answer;
}

const mayRead = ({ good, scopes, mayRead }: Asker, key: string) => good && scopes.includes("read") && mayRead(key);

/** With what is written in identifiers and cursors. */
function decoded({ text }: Told): string {
  return text + [...text.matchAll(/"([\w-]{8,})"/g)].map(([, one = ""]) => Buffer.from(one, "base64url")).join("\n");
}

const FIELDS = Object.entries(RULES).flatMap(([field, rules]) => rules.map((rule) => [field, rule] as const));

it("every field that an operation begins with, or that is told of an image, has a rule", () => {
  expect(Object.keys(RULES).sort()).toEqual([...fieldsOfSchema()].sort());
});

it.each(FIELDS)("%s keeps its rule, by every road", async (_, rule) => {
  for (const road of roadsOf(
    rule.kind === "image" || rule.kind === "change" ? rule.query(targetOf(who.of("lab"), READABLE)) : rule.query,
  )) {
    for (const asker of who.askers) {
      if (!asker.good) await expectRefused(asker, rule, road);
      else if (rule.kind === "list") await expectListed(asker, rule.query, road);
      else if (rule.kind === "open") await expectOpen(asker, rule.query, road);
      else await expectHidden(asker, rule, road);
    }
  }
});

async function expectRefused(asker: Asker, rule: Rule, road: Road): Promise<void> {
  const query = typeof rule.query === "string" ? rule.query : rule.query(targetOf(asker, READABLE));
  const { refused, data } = await ask(asker, query, road);
  expect([asker.name, road, refused, data]).toEqual([asker.name, road, true, null]);
}

async function expectListed(asker: Asker, query: string, road: Road): Promise<void> {
  const answer = await ask(asker, query, road);
  const said = decoded(answer);
  for (const key of [...KEYS, BROKEN])
    if (!mayRead(asker, key)) expect([asker.name, road, said.includes(key)]).toEqual([asker.name, road, false]);
  const [connection] = Object.values(answer.data ?? {}) as [
    { totalCount: number; nodes: readonly unknown[]; edges?: readonly unknown[] },
  ];
  const isPage = query.includes("last: 1");
  // Images that cannot be read have an edge and no node.
  const shown = (connection.edges ?? connection.nodes).length;
  if (!isPage) expect([asker.name, connection.totalCount]).toEqual([asker.name, shown]);
  if (query.includes("first: 100)"))
    for (const key of KEYS)
      expect([asker.name, key, said.includes(`"${key}"`)]).toEqual([asker.name, key, mayRead(asker, key)]);
}

const opened = new Map<string, string>();

async function expectOpen(asker: Asker, query: string, road: Road): Promise<void> {
  const { data } = await ask(asker, query, road);
  const text = JSON.stringify(data);
  expect(data).not.toBeNull();
  expect([asker.name, text]).toEqual([asker.name, opened.get(query) ?? text]);
  opened.set(query, text);
}

async function expectHidden(
  asker: Asker,
  rule: Extract<Rule, { kind: "image" | "change" }>,
  road: Road,
): Promise<void> {
  const mayChange = rule.kind === "image" || asker.scopes.includes("admin");
  const refusal = asker.authorization === null ? "UNAUTHENTICATED" : "FORBIDDEN";
  for (const key of KEYS) {
    if (rule.kind === "change" && rule.needs) await savePreset(rule.needs, key, "b1");
    const answer = await told(asker, rule, key, road);
    expect(answer).toMatchObject({ found: mayRead(asker, key) && mayChange });
    if (!mayChange) expect([asker.name, answer.codes]).toEqual([asker.name, [refusal]]);
    if (answer.found) continue;
    // One that there is not, and whose name is as near to those of others.
    const { text } = await told(asker, rule, key.replace(/1$/, "9"), road);
    expect([asker.name, key, answer.text]).toEqual([asker.name, key, text]);
  }
}

/** What somebody is told of an image, whatever the image is called. */
async function told(asker: Asker, rule: Extract<Rule, { kind: "image" | "change" }>, key: string, road: Road) {
  const target = targetOf(asker, key);
  const { data, errors, text } = await ask(asker, rule.query(target), road);
  const found = data !== null && errors.length === 0 && rule.found(data);
  const codes = errors.map(({ extensions }) => extensions?.code);
  return { asker: asker.name, found, codes, text: text.replaceAll(key, "KEY").replaceAll(target.job, "JOB") };
}

describe("a formula that names a hidden image", () => {
  const formula = `b1 - image(${JSON.stringify(HIDDEN)}).b1`;
  const render = (name: string, text = formula) =>
    send(
      server,
      who.of(name),
      `{ image(key: "${READABLE}") { render(formula: ${JSON.stringify(text)}) { valid hash source tile(level: 0, x: 0, y: 0) { url base64 } diagnostics { code message } } } }`,
      "POST",
    );

  it("is bound for who may read both, and then for nobody else", async () => {
    const before = await render("lab");
    expect((await render("all")).text).toContain('"valid":true');
    expect(await render("lab")).toEqual(before);
    expect(before.text).not.toContain('"valid":true');
    expect(before.text).not.toContain('base64":"');
  });

  it("is proposed no key that is hidden for one that is mistyped", async () => {
    const mistyped = `b1 - image("secret/s").b1`;
    expect((await render("all", mistyped)).text).toContain(HIDDEN);
    expect((await render("lab", mistyped)).text).not.toContain(HIDDEN);
    const near = `b1 - image("plates/p").b1`;
    expect((await render("lab", near)).text).toContain(READABLE);
  });

  it("is no preset for who may not read both", async () => {
    const byPreset = async (name: string, preset: string) =>
      (
        await send(
          server,
          who.of(name),
          `{ image(key: "${READABLE}") { render(preset: "${preset}") { valid } presets { name } } }`,
          "POST",
        )
      ).text;
    for (const preset of ["mixed", "mixed-everywhere"]) {
      expect(await byPreset("all", preset)).toContain('"valid":true');
      expect((await byPreset("lab", preset)).replaceAll(preset, "P")).toBe(
        (await byPreset("lab", "nothing")).replaceAll("nothing", "P"),
      );
    }
  });
});

it("a catalogue tells of no hidden image where it speaks of a readable one", async () => {
  const query = `{ image(key: "${CATALOGUED}") { formula presets { name formula } render { valid source diagnostics { message } tile(level: 0, x: 0, y: 0) { base64 } } thumbnail { base64 } } }`;
  const [told, whole] = [
    await send(server, who.of("lab"), query, "POST"),
    await send(server, who.of("all"), query, "POST"),
  ];
  for (const word of ["secret", "catalogued"])
    expect([told.text.includes(word), whole.text.includes(word)]).toEqual([false, true]);
  // It is shown as an image of which the catalogue says nothing.
  expect(told.text).toContain('"valid":true');
  const tile = await server.get(`/tiles/${CATALOGUED}/0/0/0.png`, { headers: headersOf(who.of("lab")) });
  expect(tile.status).toBe(200);
});

it("what concerns all images is changed by nobody who may not read them all", async () => {
  const all = [
    `mutation { purge(input: { everything: true }) { userErrors { message } } }`,
    `mutation { purge(input: { formulaHash: "${"0".repeat(64)}" }) { userErrors { message } } }`,
    `mutation { savePreset(input: { name: "p", formula: "b1" }) { preset { id } } }`,
    `mutation { deletePreset(input: { id: "${encodeId({ type: "Preset", name: "mixed-everywhere", key: "" })}" }) { deletedId } }`,
  ];
  for (const query of all) {
    const { errors } = await send(server, who.of("editor"), query, "POST");
    expect([query, errors[0]?.extensions?.code]).toEqual([query, "FORBIDDEN"]);
  }
});

describe("links that a key is given", () => {
  it("carry its grant and end, and open what it could read and nothing else", async () => {
    const { data } = await send(
      server,
      who.of("lab"),
      `{ image(key: "${READABLE}") { render(formula: "b1") { tile(level: 0, x: 0, y: 0) { url } tileJsonUrl } } }`,
      "POST",
    );
    const { tile, tileJsonUrl } = (data as { image: { render: { tile: { url: string }; tileJsonUrl: string } } }).image
      .render;
    for (const url of [tile.url, tileJsonUrl]) {
      expect(url).toMatch(new RegExp(`[?&]exp=\\d+&for=${who.grant("lab")}&kid=k1&sig=`));
      expect((await server.get(url)).status).toBe(200);
      expect((await server.get(url.replace(READABLE, HIDDEN))).status).toBe(403);
    }
    // Who follows a link is given none that cannot be withdrawn with it, or holds longer.
    const { tiles } = (await (await server.get(tileJsonUrl)).json()) as { tiles: [string] };
    const terms = (url: string) => /exp=\d+&for=[0-9a-f]+/.exec(url)?.[0];
    expect(terms(tiles[0])).toBe(terms(tileJsonUrl));
  });
});
