import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measurePrice, picturesPrice, probePrice } from "../../src/graphql/guards/price.ts";
import { QueryBudget } from "../../src/graphql/query-budget.ts";
import { EXAMPLES } from "../../src/viewer/graphiql/examples.ts";
import { inProcess } from "./in-process.ts";

const LIMIT = 8000;
const ALIASES = Array.from({ length: 14 }, (_, n) => n);

/** A formula that takes some twenty-five times as long as a plain one. */
const HEAVY = `window(${Array.from({ length: 82 }, (_, n) => `exp(sin(red*${n + 1}))`).join("+")}, 0, 200)`;
/** Ten operations. */
const TEN = "window(((red+1)*(green-2)/(uv1+3)-(fir2*4+red*green))/(red+green+1), 0, 9)";

const rendering = (formula: string, below: string) =>
  `{ image(key: "demo") { render(formula: "${formula}") { ${below} } } }`;
const tiles = (columns: number, rows: number, fields = "base64", size = 256) =>
  `tiles(level: 0, x: {from: 0, to: ${columns - 1}}, y: {from: 0, to: ${rows - 1}}, tileSize: ${size}) { nodes { ${fields} } }`;

describe("what an ordinary client asks", () => {
  it.each([
    ["121 tiles inline of a formula of ten operations", rendering(TEN, tiles(11, 11)), 2420],
    ["256 tiles inline, the longest list", rendering(TEN, tiles(16, 16)), 5120],
    [
      "a region as large as may be, inline",
      rendering(
        "window(red, 0, 9)",
        "region(region: {x: 0, y: 0, width: 4096, height: 4096}, maxSize: 4096) { base64 }",
      ),
      5120,
    ],
    ["1,024 tiles as URLs", rendering("window(red, 0, 9)", tiles(32, 32, "url", 128)), 1024],
    [
      "statistics of all 15 channels at full resolution, whose windows nobody looks through",
      `{ image(key: "demo") { channels { statistics(level: 0) { mean histogram { counts } } } } }`,
      15 * (320 + 32),
    ],
    ["statistics of all channels as they come", `{ image(key: "demo") { channels { statistics { mean } } } }`, 15 * 80],
    ["a merge of three channels by percentiles", rendering("fir1; red; uv1", "hash"), 3 * 20],
  ])("passes: %s", async (_, query, price) => {
    const { ask, close } = await inProcess();
    const { data, errors, cost } = await ask(query);
    expect(errors).toEqual([]);
    expect(data).not.toBeNull();
    expect(cost).toMatchObject({ actualQueryCost: price, limit: LIMIT, left: LIMIT - price });
    await close();
  });

  it("passes: as many points of three channels as one probe takes", async () => {
    const { ask, close } = await inProcess();
    const probe =
      'query ($points: [PointInput!]!) { image(key: "demo") { render(formula: "window(red + green*uv1, 0, 9)") { probe(points: $points) { x } } } }';
    const points = Array.from({ length: 256 }, (_, n) => ({ x: 9 * n, y: 9 }));
    const cost = { requestedQueryCost: 256, actualQueryCost: 768 };
    expect(await ask(probe, { variables: { points } })).toMatchObject({ errors: [], cost });
    await close();
  });

  it("passes: the largest page of a catalogue that was never seen before, thumbnails inline", async () => {
    const images = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`i${n}`, 4096]));
    const { ask, close, measured } = await inProcess({ images });
    const gallery =
      '{ images(first: 100) { nodes { key render(formula: "fir1; red; uv1") { region(region: {x: 0, y: 0, width: 4096, height: 4096}, maxSize: 256) { base64 } } } } }';
    expect(await ask(gallery)).toMatchObject({
      errors: [],
      cost: { requestedQueryCost: 2000, actualQueryCost: 8000, left: 0 },
    });
    expect(measured).toHaveLength(300);
    // What is known costs nothing.
    expect(await ask(gallery)).toMatchObject({ errors: [], cost: { actualQueryCost: 2000 } });
    await close();
  });

  it.each(EXAMPLES.filter(({ query }) => /^query/m.test(query)))(
    "passes: the page's example $title",
    async ({ query }) => {
      const { ask, close } = await inProcess();
      const { errors, cost } = await ask(query);
      expect(errors).toEqual([]);
      expect(cost?.actualQueryCost ?? 0).toBeLessThan(LIMIT / 4);
      await close();
    },
  );
});

describe("what is to hold up everybody", () => {
  it("costs as much as a merge of so many channels: fourteen measures of one image", async () => {
    const { ask, close } = await inProcess();
    const abuse = `{ image(key: "demo") { ${ALIASES.map((n) => `a${n}: render(formula: "equalize(red*0.1+sin(uv1*${n + 1}))") { hash }`).join(" ")} } }`;
    expect(await ask(abuse)).toMatchObject({ errors: [], cost: { requestedQueryCost: 0, actualQueryCost: 14 * 40 } });
    // Once more, other numbers: nothing of it is known.
    const merge = `{ image(key: "demo") { render(layers: [${Array.from({ length: 15 }, (_, n) => `{expression: "b${n + 1}", color: "#ff0000"}`).join(" ")}]) { hash } } }`;
    expect(await ask(merge)).toMatchObject({ errors: [], cost: { actualQueryCost: 15 * 20 } });
    await close();
  });

  it("ends at the limit: fourteen measures of each of seventy images", async () => {
    const images = Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`i${n}`, 4096]));
    const { ask, close, measured } = await inProcess({ images });
    const abuse = `{ images(first: 100) { nodes { ${ALIASES.map((n) => `a${n}: render(formula: "equalize(b7*${n + 2})") { hash }`).join(" ")} } } }`;
    const { errors, cost } = await ask(abuse);
    expect(cost).toEqual({ requestedQueryCost: 0, actualQueryCost: LIMIT, limit: LIMIT, left: 0 });
    expect(measured).toHaveLength(LIMIT / 20);
    // Twenty are told, and how many more there are.
    expect(errors).toHaveLength(21);
    expect(errors[0]?.extensions).toEqual({ code: "LIMIT_EXCEEDED", cost: 20, limit: LIMIT, left: 0 });
    await close();
  });

  it("costs what its neighborhoods cost: fourteen formulas of three measures each", async () => {
    const { ask, close, measured } = await inProcess();
    const formula = (n: number) => `(red-mean(blur(red,9)*${n + 2}))/stddev(median(uv1*${n + 2},2))`;
    const abuse = `{ image(key: "demo") { ${ALIASES.map((n) => `a${n}: render(formula: "${formula(n)}") { hash }`).join(" ")} } }`;
    const { cost, errors } = await ask(abuse);
    expect(errors).toEqual([]);
    // Of each, the median alone is worth seven megapixels of a plain formula.
    expect(cost?.actualQueryCost).toBeGreaterThan(14 * 20 * 9);
    // The third of each is of the same number here, as the answers are made up.
    expect(measured).toHaveLength(14 * 2 + 1);
    await close();
  });

  it("ends before what would be beyond the limit: statistics of fourteen regions of each channel", async () => {
    const { ask, close, measured } = await inProcess();
    const region = (n: number) => `region: {x: ${n}, y: 0, width: 4000, height: 4000}`;
    const abuse = `{ image(key: "demo") { channels { ${ALIASES.map((n) => `s${n}: statistics(level: 0, ${region(n)}) { mean }`).join(" ")} } } }`;
    const refused = await ask(abuse);
    expect([refused.status, refused.data, measured.length]).toEqual([400, undefined, 0]);
    expect(refused.errors[0]?.extensions).toMatchObject({ code: "LIMIT_EXCEEDED", limit: LIMIT });
    expect(refused.cost).toMatchObject({ actualQueryCost: 0, left: LIMIT });
    // The same without a word of regions: the text does not tell, the image does.
    const unsaid = `{ images { nodes { channels { ${ALIASES.map((n) => `s${n}: statistics(level: 0, bins: ${n + 1}) { mean }`).join(" ")} } } } }`;
    const cut = await inProcess({ limits: { queryCost: 20_000 } });
    const { cost, errors } = await cut.ask(unsaid.replace("images {", "images(first: 1) {"));
    expect(cost?.actualQueryCost).toBeLessThanOrEqual(20_000);
    expect(cost?.left).toBeLessThan(320);
    expect(errors.every(({ extensions }) => extensions.code === "LIMIT_EXCEEDED")).toBe(true);
    expect(cut.measured.filter(({ level }) => level === 0).length).toBeLessThan(20_000 / 320);
    await Promise.all([close(), cut.close()]);
  });

  it("is refused by the weight of its formula: a hundred tiles inline", async () => {
    const { ask, close, rendered } = await inProcess();
    const { data, errors, cost } = await ask(
      rendering(HEAVY, `few: ${tiles(3, 3)} many: ${tiles(10, 10)} url: ${tiles(10, 10, "url")}`),
    );
    const few = cost ? cost.actualQueryCost - 100 : 0;
    expect(few).toBeGreaterThan(9 * 20 * 20);
    expect(data).toMatchObject({
      image: { render: { few: { nodes: Array(9).fill({ base64: "AAAA" }) }, many: null } },
    });
    expect(errors).toMatchObject([{ path: ["image", "render", "many"], extensions: { code: "LIMIT_EXCEEDED" } }]);
    expect(errors[0]?.message).toMatch(
      /This field costs \d+, and of the 8000 of an operation \d+ are left\. Ask for it in another operation/,
    );
    expect(rendered.flatMap(({ pictures }) => pictures)).toHaveLength(9);
    await close();
  });

  it("is priced by what it prints: the presets of an image, and colormaps, and the schema", async () => {
    const { ask, close } = await inProcess();
    const { data, cost } = await ask(`{ image(key: "demo") { presets { name } } }`);
    const { presets } = (data as { image: { presets: unknown[] } }).image;
    expect(presets.length).toBeGreaterThan(10);
    expect(cost).toMatchObject({ requestedQueryCost: 0, actualQueryCost: presets.length });
    expect((await ask("{ colormaps { name } }")).cost?.actualQueryCost).toBeGreaterThan(0);
    const abuse = `{ ${ALIASES.map((n) => `a${n}: colormaps { colors(count: 256) }`).join(" ")} }`;
    expect(await ask(abuse)).toMatchObject({ status: 400, errors: [{ extensions: { code: "LIMIT_EXCEEDED" } }] });
    const copies = Array.from(
      { length: 33 },
      (_, n) =>
        `a${n}: __schema { types { name description fields { name description args { name description } type { name } } } }`,
    );
    expect(await ask(`{ ${copies.join(" ")} }`)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "LIMIT_EXCEEDED" } }],
    });
    await close();
  });
});

describe("the budget of an operation", () => {
  it("is told where something cost something", async () => {
    const { ask, close } = await inProcess();
    expect((await ask("{ server { version } }")).cost).toBeNull();
    const { cost } = await ask(
      rendering("window(red, 0, 9)", "a: tile(level: 0, x: 0, y: 0) { url } b: tile(level: 0, x: 0, y: 0) { dataUri }"),
    );
    expect(cost).toEqual({ requestedQueryCost: 21, actualQueryCost: 21, limit: LIMIT, left: LIMIT - 21 });
    await close();
  });

  it("is paid by the one who is first: who asks for the same formula meanwhile waits for nothing more", async () => {
    const { ask, close, measured } = await inProcess({ limits: { queryCost: 1000 } });
    const query = rendering("fir1; red; uv1", "hash");
    const answers = await Promise.all([ask(query), ask(query), ask(query)]);
    expect(answers.map(({ cost }) => cost?.actualQueryCost ?? 0).toSorted((a, b) => a - b)).toEqual([0, 0, 60]);
    expect(measured).toHaveLength(3);
    await close();
  });

  it("is not taken for what is known: another formula on the same window", async () => {
    const { ask, close, measured } = await inProcess();
    expect(await ask(rendering("red", "hash"))).toMatchObject({ cost: { actualQueryCost: 20 } });
    expect(await ask(rendering("gamma(red, 2)", "hash"))).toMatchObject({ errors: [], cost: null });
    expect(measured).toHaveLength(1);
    await close();
  });

  it("is not that of others: whose own is spent is refused what somebody else then measures", async () => {
    const { services, close, measured } = await inProcess();
    const image = await services.images.get("demo");
    const spent = new QueryBudget(10);
    const bind = (budget: QueryBudget) => services.formulas.bind(image, "red", undefined, undefined, budget.pay);
    const [mine, yours] = await Promise.allSettled([bind(spent), bind(new QueryBudget(100))]);
    expect(mine).toMatchObject({
      status: "rejected",
      reason: { code: "LIMIT_EXCEEDED", details: { cost: 20, limit: 10, left: 10 } },
    });
    expect(yours).toMatchObject({ status: "fulfilled", value: { valid: true } });
    expect(measured).toHaveLength(1);
    await close();
  });

  it("takes whole numbers, never more than there is, and nothing for what it refuses", () => {
    const price = fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.integer({ min: 0, max: 200 }));
    fc.assert(
      fc.property(fc.array(price), (prices) => {
        const budget = new QueryBudget(100);
        let taken = 0;
        for (const one of prices) {
          const fits = Math.ceil(one) <= 100 - taken;
          if (fits) budget.take(one);
          else expect(() => budget.take(one)).toThrowError(/are left/);
          taken += fits ? Math.ceil(one) : 0;
        }
        expect(budget.told()).toEqual(
          taken === 0 ? null : { requestedQueryCost: 0, actualQueryCost: taken, limit: 100, left: 100 - taken },
        );
      }),
    );
  });
});

describe("a price", () => {
  const work = fc.record({
    pixels: fc.integer({ min: 0, max: 2 ** 28 }),
    channels: fc.integer({ min: 0, max: 64 }),
    cost: fc.integer({ min: 0, max: 30_000 }),
  });

  it("never falls when there is more of anything, and is never less than a tile", () => {
    fc.assert(
      fc.property(work, work, (one, more) => {
        const sum = {
          pixels: one.pixels + more.pixels,
          channels: one.channels + more.channels,
          cost: one.cost + more.cost,
        };
        for (const price of [measurePrice, probePrice]) {
          expect(price(one)).toBeGreaterThanOrEqual(20);
          expect(price(sum)).toBeGreaterThanOrEqual(price(one));
        }
        const pictures = ({ pixels, channels, cost }: typeof one) =>
          picturesPrice(channels, { width: pixels, height: 1 }, cost);
        expect(pictures(one)).toBeGreaterThanOrEqual(20 * one.channels);
        expect(pictures(sum)).toBeGreaterThanOrEqual(pictures(one));
      }),
    );
  });
});
