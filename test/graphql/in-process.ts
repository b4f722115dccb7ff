import type { ApolloServer } from "@apollo/server";
import { createTileCache } from "../../src/cache/index.ts";
import { BANDS } from "../../src/cli/demo/channels.ts";
import { own } from "../../src/core/owner.ts";
import { createApollo } from "../../src/graphql/apollo.ts";
import { Caller } from "../../src/graphql/caller.ts";
import { createContext, type GraphqlContext } from "../../src/graphql/context.ts";
import { buildBandloomSchema } from "../../src/graphql/schema.ts";
import type { PictureJob, Renderer, StatisticsJob } from "../../src/render/index.ts";
import { BoundFormulas } from "../../src/service/formulas.ts";
import type { CatalogueImages } from "../../src/service/images.ts";
import { OPEN_LINKS } from "../../src/service/links.ts";
import { Measurements } from "../../src/service/measurements.ts";
import { Presets } from "../../src/service/presets.ts";
import { PipelineTiles } from "../../src/service/tiles.ts";
import { Turns } from "../../src/service/turns.ts";
import type { ServedImage } from "../../src/service/types/image.ts";
import type { Limits } from "../../src/service/types/limits.ts";
import type { Services } from "../../src/service/types/services.ts";
import { plainChannel, plainImage } from "../../src/source/plain-info.ts";
import { createState } from "../../src/state/index.ts";
import { freeAccess } from "../fixtures/access.ts";
import { servedImage } from "../service/support.ts";
import { LIMITS } from "./limits.ts";

/** An image for which one waits for ever, whoever leaves. */
export const STUCK = "stuck";

/** An image with the channels and levels of the demo. */
function demoLike(key: string, side: number): ServedImage {
  const channels = BANDS.map(({ name, wavelengthNm }, index) =>
    plainChannel({ index, name, wavelengthNm, dataType: "uint16" }),
  );
  const levels = [];
  for (let size = side; levels.length === 0 || size >= 256; size /= 2)
    levels.push({ width: size, height: size, chunkWidth: 256, chunkHeight: 256, codec: "none" });
  return servedImage(plainImage({ format: "test", width: side, height: side, channels, levels }), key);
}

export interface Answered {
  readonly status: number | undefined;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
  readonly cost: GraphqlContext["cost"] extends { told(): infer Told } ? Told : never;
}

interface Asking {
  readonly variables?: Record<string, unknown>;
  /** Aborted when it leaves. */
  readonly client?: AbortSignal;
}

interface InProcessOptions {
  /** Sides of the images, by key. */
  readonly images?: Readonly<Record<string, number>>;
  readonly limits?: Partial<Limits>;
  /** Waited for before numbers are given. */
  readonly hold?: (job: StatisticsJob, signal: AbortSignal | undefined) => Promise<void>;
}

/** Whoever asks may change everything. */
export const ANYBODY = new Caller({
  who: async () => freeAccess().anonymous,
  client: "somebody",
  log: () => {},
});

/** GraphQL on the whole pipeline, with workers that give made-up numbers at once and write down what they are asked for. */
export async function inProcess({ images: sides = { demo: 4096 }, limits, hold }: InProcessOptions = {}) {
  const measured: StatisticsJob[] = [];
  const rendered: PictureJob[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const renderer = {
    statistics: async (job: StatisticsJob, signal?: AbortSignal) => {
      measured.push(job);
      signals.push(signal);
      await hold?.(job, signal);
      const count = job.regions.reduce((sum, { width, height }) => sum + width * height, 0);
      const numbers = { count, validCount: count, min: 0, max: 9, mean: 4, standardDeviation: 1 };
      const histogram = { min: 0, max: 9, counts: Array<number>(job.bins).fill(1) };
      return { ...numbers, percentiles: job.percentiles, histogram };
    },
    pictures: async (job: PictureJob) => {
      rendered.push(job);
      return job.pictures.map(({ region: { width, height } }) => ({
        bytes: new Uint8Array(3),
        ...{ width, height, renderMs: 1 },
      }));
    },
    probe: async ({ points, kernel }: Parameters<Renderer["probe"]>[0]) =>
      points.map(() => ({ inputs: [], values: Array<number>(kernel.planes).fill(1), rgba: null })),
  } as Partial<Renderer> as Renderer;
  const served = new Map(Object.entries(sides).map(([key, side]) => [key, demoLike(key, side)]));
  const found = async (key: string) => {
    if (key === STUCK) return new Promise<never>(() => {});
    const image = served.get(key);
    if (!image) throw new Error(`There is no image ${key}.`);
    return image;
  };
  const images = {
    get: found,
    fresh: () => null,
    keys: async () => [...served.keys()],
    presets: () => [],
    recheck: () => {},
  } as Partial<CatalogueImages> as CatalogueImages;
  const memory = { memoryBytes: 2 ** 20, redisUrl: null, folder: null, embeddedBytes: 0, log: () => {} };
  const cache = await createTileCache(memory);
  const turns = new Turns();
  const formulas = new BoundFormulas(images, new Measurements(renderer, turns), undefined, turns);
  const common = { images, formulas, renderer, cache, turns };
  const services = {
    ...{ images, formulas, texts: cache.texts, limits: { ...LIMITS, ...limits } },
    tiles: PipelineTiles.create({ ...common, publicUrl: undefined, links: OPEN_LINKS, renderNode: null }),
    presets: new Presets(images, createState({ redisUrl: null, folder: null, log: () => {} }), turns, () => {}),
    stats: () => ({ version: "0", cache: [], pictures: {}, renderer: {}, remote: {} }),
  } as unknown as Services;
  const schema = buildBandloomSchema();
  const apollo: ApolloServer<GraphqlContext> = createApollo({
    ...{ schema, texts: cache.texts, limits: services.limits, introspection: true },
    onInternalError: (error) => {
      throw error;
    },
  });
  await apollo.start();
  return {
    services,
    schema,
    /** What was asked of the workers. */
    measured,
    rendered,
    /** Of what was measured. */
    signals,
    close: () => apollo.stop(),
    async ask(
      query: string,
      { variables = {}, client = new AbortController().signal }: Asking = {},
    ): Promise<Answered> {
      const contextValue = createContext(services, own(client, "somebody"), ANYBODY);
      const { http, body } = await apollo.executeOperation({ query, variables }, { contextValue });
      if (body.kind !== "single") throw new Error("Nothing is deferred.");
      const { data, errors = [], extensions } = body.singleResult;
      return {
        ...{ status: http.status, data, errors: errors as Answered["errors"] },
        cost: (extensions?.cost ?? null) as Answered["cost"],
      };
    },
  };
}
