import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createTileCache } from "../../src/cache/index.ts";
import { BandloomError } from "../../src/core/errors.ts";
import { levelCount } from "../../src/core/geometry.ts";
import { checkFormula, completeFormula } from "../../src/formula/index.ts";
import {
  createRenderer,
  type Encoding,
  type PictureJob,
  type Priority,
  type Renderer,
} from "../../src/render/index.ts";
import { Catalogue } from "../../src/service/catalogue/catalogue.ts";
import { BoundFormulas } from "../../src/service/formulas.ts";
import { CatalogueImages } from "../../src/service/images.ts";
import { OPEN_LINKS } from "../../src/service/links.ts";
import { Measurements } from "../../src/service/measurements.ts";
import { formulaScope } from "../../src/service/scope.ts";
import { PipelineTiles } from "../../src/service/tiles.ts";
import { Turns } from "../../src/service/turns.ts";
import type { ValidFormula } from "../../src/service/types/formula.ts";
import type { ServedImage } from "../../src/service/types/image.ts";
import { pictureVersion } from "../../src/service/version.ts";
import { createRemote, localPath } from "../../src/source/index.ts";
import type { ImageInfo } from "../../src/source/types.ts";
import { buildTiff, type DirectorySpec } from "../fixtures/tiff-builder.ts";

export const PNG: Encoding = { format: "png", quality: 80, lossless: false };
export const NPY: Encoding = { format: "npy", quality: 80, lossless: false };
export const JPEG: Encoding = { format: "jpeg", quality: 80, lossless: false };

/** A folder of images, gone when `remove` is called. Paths in the folder → description, or bytes of any kind. */
export async function imageFolder(files: Readonly<Record<string, DirectorySpec | Uint8Array>>) {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-service-"));
  const put = async (name: string, content: DirectorySpec | Uint8Array) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content instanceof Uint8Array ? content : buildTiff({ directories: [content] }));
  };
  for (const [name, content] of Object.entries(files)) await put(name, content);
  return { folder, put, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The pipeline as the server joins it, on real files and a real worker; what the worker is asked for is written down. */
export async function openPipeline(files: Readonly<Record<string, DirectorySpec | Uint8Array>>) {
  const { folder, put, remove } = await imageFolder(files);
  const renderer = createRenderer({ workers: 1, queueMs: 600_000 });
  const asked = { descriptions: 0, statistics: 0, jobs: [] as PictureJob[], priorities: [] as Priority[], aborted: 0 };
  const waiting: (() => void)[] = [];
  const watched: Renderer = {
    ready: renderer.ready,
    refusal: (client) => renderer.refusal(client),
    describe: (source, signal) => {
      asked.descriptions++;
      return renderer.describe(source, signal);
    },
    pictures: (job, signal, priority) => {
      asked.jobs.push(job);
      asked.priorities.push(priority ?? "live");
      for (const tell of waiting.splice(0)) tell();
      signal?.addEventListener("abort", () => asked.aborted++);
      return renderer.pictures(job, signal, priority);
    },
    statistics: (job, signal) => {
      asked.statistics++;
      return renderer.statistics(job, signal);
    },
    probe: (job, signal) => renderer.probe(job, signal),
    chunk: (job, signal) => renderer.chunk(job, signal),
    metrics: () => renderer.metrics(),
    close: () => renderer.close(),
  };
  const memory = { memoryBytes: 2 ** 25, redisUrl: null, folder: null, embeddedBytes: 0, log: () => {} };
  const cache = await createTileCache(memory);
  const images = new CatalogueImages(new Catalogue(folder), watched, createRemote({ allowed: [] }));
  const formulas = new BoundFormulas(images, new Measurements(watched));
  const tiles = PipelineTiles.create({
    images,
    formulas,
    renderer: watched,
    cache,
    publicUrl: undefined,
    links: OPEN_LINKS,
    renderNode: null,
    turns: new Turns(),
  });
  return {
    ...{ folder, put, asked, images, formulas, tiles, cache, renderer },
    /** Resolves when the worker has been asked for more than so many jobs, and before it can answer the next. */
    async jobBehind(count: number): Promise<void> {
      while (asked.jobs.length <= count) await new Promise<void>((tell) => waiting.push(tell));
    },
    async bind(key: string, text: string | null): Promise<ValidFormula> {
      const bound = await formulas.bind(await images.get(key), text);
      if (!bound.valid) throw new Error(`${text} is refused: ${bound.diagnostics[0]?.message}`);
      return bound;
    },
    async close() {
      await renderer.close();
      await cache.close();
      await remove();
    },
  };
}

export type Pipeline = Awaited<ReturnType<typeof openPipeline>>;

export function servedImage(info: ImageInfo, key = "plate", revision = "a".repeat(32)): ServedImage {
  const source = { key, location: localPath(`/${key}`), remote: false, revision };
  const words = { name: key, description: null, defaultFormula: null, presets: [] };
  return { key, ...words, info, revision, source, levels: levelCount(info), holdsUntil: null };
}

/** A formula bound to an image that needs no file: its windows are those that the image states. */
export function boundTo(image: ServedImage, text: string): ValidFormula {
  const plane = { z: 0, t: 0 };
  const result = checkFormula(text, formulaScope(image, plane));
  if (!result.ok) throw new Error(`${text} is refused: ${result.diagnostics[0]?.message}`);
  const stated = result.checked.measured.map(({ parameters }) => parameters);
  const formula = completeFormula(result.checked, stated);
  const version = pictureVersion(image, [], "");
  const base = { image, source: text, plane, numbersAlone: false, id: "", diagnostics: [] };
  return { ...base, valid: true, formula, others: [], version, generation: "" };
}

/** Values of an NPY file of one plane (numpy's format, version 1.0). */
export function valuesOf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return new Float32Array(bytes.slice(10 + view.getUint16(8, true)).buffer);
}

/** The code of a BandloomError, or what else came of it. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "no error";
  } catch (error) {
    return error instanceof BandloomError ? error.code : String(error).slice(0, 200);
  }
}
