import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { type Location, localPath } from "../../source/index.ts";
import { partialPath } from "../../source/tiff/write-partial.ts";
import type { JoinedImage } from "../joined.ts";
import type { IngestOptions } from "../options.ts";
import type { Output } from "../output.ts";
import type { EncodedChunk, Target, UnitResult, WindowResult } from "../protocol.ts";
import { allDone } from "./all-done.ts";
import { arrayMetadata2, arrayMetadata3 } from "./array.ts";
import { imageAttributes, ownAttributes } from "./attributes.ts";
import { type Axes, axesOf, chunkIndices } from "./axes.ts";
import { Shards } from "./shards.ts";

type ZarrOptions = Pick<IngestOptions, "zarrVersion" | "shard"> & { readonly title: string };

/** Files that are written at the same time. */
const PARALLEL_WRITES = 16;

/** An OME-Zarr folder. The metadata of its group, without which no reader takes it for one, are written last. */
export async function createOmeZarr(
  path: string,
  image: JoinedImage,
  target: Target,
  options: ZarrOptions,
): Promise<Output> {
  const version = options.zarrVersion ?? "0.5";
  const shard = options.shard ?? null;
  if (shard !== null) assertShard(shard, target, version);
  const folder = partialPath(path);
  await mkdir(folder);
  return new ZarrOutput(path, folder, image, target, { version, shard, title: options.title });
}

function assertShard(shard: number, { chunk }: Target, version: string): void {
  if (version === "0.4")
    throw new BandloomError("BAD_REQUEST", "OME-Zarr 0.4 has no shards. Leave out --shard, or write 0.5.");
  if (shard >= chunk && Number.isInteger(Math.log2(shard / chunk))) return;
  throw new BandloomError("BAD_REQUEST", `A shard of ${shard} pixels is no power of two times a chunk of ${chunk}.`);
}

interface Form {
  readonly version: "0.4" | "0.5";
  readonly shard: number | null;
  readonly title: string;
}

class ZarrOutput implements Output {
  readonly #path: string;
  readonly #folder: string;
  readonly #image: JoinedImage;
  readonly #target: Target;
  readonly #form: Form;
  readonly #axes: Axes;
  readonly #shards: Shards | null;
  readonly #folders = new Set<string>();
  /** Of chunks and arrays. */
  #bytes = 0;
  /** Of the group, which is written again when its windows are known. */
  #groupBytes = 0;

  constructor(path: string, folder: string, image: JoinedImage, target: Target, form: Form) {
    this.#path = path;
    this.#folder = folder;
    this.#image = image;
    this.#target = target;
    this.#form = form;
    this.#axes = axesOf(image.info);
    this.#shards =
      form.shard === null
        ? null
        : new Shards(target, form.shard, (plane, level, x, y) => this.#chunkFile(plane, level, x, y));
  }

  async write({ bytes, chunks }: UnitResult): Promise<void> {
    if (this.#shards) {
      this.#bytes += await this.#shards.add(chunks, bytes);
      return;
    }
    const present = chunks.filter(({ length }) => length > 0);
    for (let first = 0; first < present.length; first += PARALLEL_WRITES) {
      const some = present.slice(first, first + PARALLEL_WRITES);
      await allDone(some.map((chunk) => this.#writeChunk(chunk, bytes)));
    }
  }

  get bytes(): number {
    return this.#bytes + this.#groupBytes;
  }

  async seal(): Promise<Location> {
    for (let level = 0; level < this.#target.levels; level++) await this.#writeArray(level);
    await this.#writeGroup([]);
    return localPath(this.#folder);
  }

  async showChannels(windows: readonly WindowResult[]): Promise<void> {
    await this.#writeGroup(windows);
  }

  /** What had the name steps aside first: a folder cannot be replaced in one step. */
  async publish(): Promise<void> {
    const old = partialPath(this.#path);
    const moved = await moveAside(this.#path, old);
    await rename(this.#folder, this.#path);
    if (moved) await rm(old, { recursive: true, force: true });
  }

  async abort(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #writeChunk({ plane, level, x, y, offset, length }: EncodedChunk, bytes: Uint8Array): Promise<void> {
    await writeFile(await this.#chunkFile(plane, level, x, y), bytes.subarray(offset, offset + length));
    this.#bytes += length;
  }

  async #chunkFile(plane: number, level: number, x: number, y: number): Promise<string> {
    const key = this.#form.version === "0.5" ? ["c"] : [];
    const indices = chunkIndices(this.#axes, plane, x, y).map(String);
    const file = join(this.#folder, String(level), ...key, ...indices);
    await this.#makeFolder(dirname(file));
    return file;
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await mkdir(folder, { recursive: true });
    this.#folders.add(folder);
  }

  async #writeArray(level: number): Promise<void> {
    const folder = join(this.#folder, String(level));
    await this.#makeFolder(folder);
    const name = this.#form.version === "0.5" ? "zarr.json" : ".zarray";
    this.#bytes += await writeJson(join(folder, name), this.#arrayMetadata(level));
  }

  #arrayMetadata(level: number): object {
    const { version, shard } = this.#form;
    return version === "0.5"
      ? arrayMetadata3(this.#target, this.#axes, level, shard)
      : arrayMetadata2(this.#target, this.#axes, level);
  }

  /** Metadata of all levels by path: whoever finds it in the group need not ask for each (as zarr-python writes it). */
  #arraysMetadata(suffix: string): Readonly<Record<string, object>> {
    const levels = Array.from({ length: this.#target.levels }, (_, level) => level);
    return Object.fromEntries(levels.map((level) => [`${level}${suffix}`, this.#arrayMetadata(level)]));
  }

  async #writeGroup(windows: readonly WindowResult[]): Promise<void> {
    this.#groupBytes = 0;
    for (const [name, document] of this.#groupDocuments(windows)) {
      this.#groupBytes += await writeJson(join(this.#folder, name), document);
    }
  }

  #groupDocuments(windows: readonly WindowResult[]): readonly (readonly [name: string, document: object])[] {
    const { multiscales, omero } = imageAttributes(
      this.#image.info,
      this.#target,
      this.#axes,
      this.#form.title,
      windows,
    );
    const own = ownAttributes(this.#image);
    const bandloom = own ? { bandloom: own } : {};
    if (this.#form.version === "0.5") {
      const attributes = { ome: { version: "0.5", multiscales: [multiscales], omero }, ...bandloom };
      const metadata = { kind: "inline", must_understand: false, metadata: this.#arraysMetadata("") };
      return [["zarr.json", { zarr_format: 3, node_type: "group", attributes, consolidated_metadata: metadata }]];
    }
    const image = { multiscales: [{ version: "0.4", ...multiscales }], omero: { version: "0.4", ...omero } };
    const documents = { ".zattrs": { ...image, ...bandloom }, ".zgroup": { zarr_format: 2 } };
    const metadata = { ...documents, ...this.#arraysMetadata("/.zarray") };
    return [...Object.entries(documents), [".zmetadata", { zarr_consolidated_format: 1, metadata }]];
  }
}

/** Gives the bytes that were written. */
async function writeJson(path: string, value: object): Promise<number> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await writeFile(path, bytes);
  return bytes.length;
}

const GROUP_FILES = ["zarr.json", ".zgroup", ".zattrs"];

/** False: there is nothing. BAD_REQUEST for a folder that is no Zarr group: it would be lost with all that is in it. */
async function moveAside(path: string, to: string): Promise<boolean> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? null : []));
  if (names === null) return false;
  if (!names.some((name) => GROUP_FILES.includes(name)))
    throw new BandloomError("BAD_REQUEST", "What has the name of the output is no Zarr folder: it is not replaced.");
  await rename(path, to);
  return true;
}
