import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { z } from "zod";
import { planeView } from "../../../src/core/dtype.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { needsPython } from "../../fixtures/needs.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import type { PlaneArray } from "../../fixtures/tiff-pixels.ts";

/** A Python with any of tifffile and imagecodecs, rasterio (GDAL) and zarr. */
const PYTHON = process.env.BANDLOOM_TEST_PYTHON ?? "python3";

/** Options of tests that need all of these modules. */
export function needsPeers(...modules: readonly string[]) {
  return needsPython(modules.join(", "), [PYTHON]).options;
}

const refusal = z.strictObject({ file: z.string(), says: z.string() });
const planes = z.strictObject({
  file: z.string(),
  /** Name of the file with the samples that are due: channels × rows × columns. */
  samples: z.string(),
  type: z.enum(["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]),
  channels: z.number(),
  level: z.number(),
  /** First of the channels that are meant. */
  first: z.number().default(0),
  /** Which channel is the others' alpha. */
  alpha: z.number().nullish(),
  /** That says what no data is. */
  text: z.string().optional(),
});

export type PeerPlanes = z.output<typeof planes>;

/** What a script beside this file wrote. */
export interface PeerFiles {
  readonly folder: string;
  readonly planes: readonly PeerPlanes[];
  readonly refusals: readonly z.output<typeof refusal>[];
}

/** Starts a script once, which writes one in `every` of its choices. For a `describe`, which drops the files at its end. */
export function filesOf(script: string, every: number): () => PeerFiles {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-peers-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let written: PeerFiles | null = null;
  return () => {
    written ??= write(script, folder, every);
    return written;
  };
}

function write(script: string, folder: string, every: number): PeerFiles {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const options = { encoding: "utf8", maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-B", "-W", "ignore", path, folder, `${every}`], options);
  if (status !== 0) throw new Error(stderr);
  const cases = z.array(z.union([refusal, planes])).parse(JSON.parse(stdout));
  return {
    folder,
    planes: cases.flatMap((one) => ("says" in one ? [] : [one])),
    refusals: cases.flatMap((one) => ("says" in one ? [one] : [])),
  };
}

/** What is due of each channel. */
export function dueOf(folder: string, { samples, type, channels }: PeerPlanes): readonly PlaneArray[] {
  const bytes = new Uint8Array(readFileSync(join(folder, samples)));
  const all = planeView(
    type,
    bytes.buffer,
    0,
    bytes.byteLength / planeView(type, bytes.buffer, 0, 0).BYTES_PER_ELEMENT,
  );
  const count = all.length / channels;
  return Array.from({ length: channels }, (_, channel) => all.slice(channel * count, (channel + 1) * count));
}

const decoder = new ChunkDecoder();

export type Compare = (source: ImageSource, one: PeerPlanes, due: readonly PlaneArray[]) => Promise<string | null>;

/** Every sample of every channel must be the same. */
export const compareSamples: Compare = async (source, { level, first }, due) => {
  for (const [index, expected] of due.entries()) {
    const channel = first + index;
    const difference = planeDifference(await decoder.plane(source, { channel, level }), expected);
    if (difference !== null) return `channel ${channel} ${difference}`;
  }
  return null;
};

/** What differs, with the name of its file; empty where all is as it is due. */
export async function differences({ folder, planes: all }: PeerFiles, compare: Compare = compareSamples) {
  const wrong: string[] = [];
  for (const one of all) {
    const source = await openLocal(join(folder, one.file)).catch((reason: unknown) => `is refused: ${reason}`);
    const difference = typeof source === "string" ? source : await compare(source, one, dueOf(folder, one));
    if (typeof source !== "string") await source.close();
    if (difference !== null) wrong.push(`${one.file}, level ${one.level}: ${difference}`);
  }
  return wrong;
}

/** Messages with which files are refused, beside the words that they must have. */
export async function refusals({ folder, refusals: all }: PeerFiles) {
  return await Promise.all(
    all.map(async ({ file, says }) => {
      const message = await openLocal(join(folder, file)).then(
        () => "It is not refused.",
        (reason: unknown) => `${reason}`,
      );
      return { file, message, says };
    }),
  );
}
