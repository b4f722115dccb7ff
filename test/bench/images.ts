import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { levelCount } from "../../src/core/geometry.ts";
import { PyramidTiffWriter } from "../../src/source/tiff/write.ts";
import type { Samples } from "../../src/source/tiff/write-downsample.ts";
import { omeXml } from "../../src/source/tiff/write-ome-xml.ts";
import { encodeTile } from "../../src/source/tiff/write-tile.ts";

/** An image whose every tile is decoded at the cost of a real one: smooth structure under shot noise, deflate with predictor. */
export interface BenchImage {
  readonly key: string;
  readonly path: string;
  readonly side: number;
  readonly tileSize: number;
  readonly bits: 8 | 16;
  /** The value shown white. */
  readonly white: number;
}

const CHANNELS = ["Red", "Green", "UV-1"] as const;
/** Different tiles a channel; the rest of the image repeats them, which changes nothing for a reader that decodes each. */
const DISTINCT_TILES = 32;
/** zlib's default, what most writers use. */
const DEFLATE_LEVEL = 6;

/** Made once a run. */
export async function benchImage(folder: string, bits: 8 | 16, tileSize: number, side: number): Promise<BenchImage> {
  const key = `bench-u${bits}-${tileSize}-${side}`;
  const path = join(folder, `${key}.ome.tif`);
  const image: BenchImage = { key, path, side, tileSize, bits, white: bits === 8 ? 255 : 4_095 };
  if (existsSync(path)) return image;
  const size = { width: side, height: side };
  const description = omeXml({
    ...size,
    name: key,
    type: bits === 8 ? "uint8" : "uint16",
    depth: 1,
    times: 1,
    pixelSize: null,
    channels: CHANNELS.map((name) => ({ name, wavelengthNm: null, color: null })),
  });
  const writer = await PyramidTiffWriter.create(path, {
    ...size,
    tileSize,
    type: bits === 8 ? "uint8" : "uint16",
    compression: "deflate",
    planes: CHANNELS.length,
    levels: 1,
    description,
  });
  const tilesPerSide = side / tileSize;
  for (const channel of CHANNELS.keys()) {
    const stored = [];
    for (let n = 0; n < DISTINCT_TILES; n++) {
      const samples = paint(bits, tileSize, channel * DISTINCT_TILES + n);
      stored.push(await writer.store(encodeTile(samples, tileSize, DEFLATE_LEVEL)));
    }
    for (let at = 0; at < tilesPerSide ** 2; at++) {
      const tile = stored[(at * 7 + Math.floor(at / tilesPerSide)) % DISTINCT_TILES];
      if (tile) writer.place(channel, 0, at % tilesPerSide, Math.floor(at / tilesPerSide), tile);
    }
  }
  await writer.seal();
  await writer.publish();
  return image;
}

/** Two waves and noise of σ ≈ 2.5 levels of 256; u16 holds 12 bits, as sensors do. About as compressible as a satellite's picture. */
function paint(bits: 8 | 16, side: number, seed: number): Samples {
  const samples = bits === 8 ? new Uint8Array(side * side) : new Uint16Array(side * side);
  const scale = bits === 8 ? 1 : 16;
  let state = (seed + 1) * 2_654_435_761;
  const random = () => {
    // xorshift32 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const waves = 60 * Math.sin((x + seed * 31) / 37) + 40 * Math.cos((y - seed * 17) / 53);
      const noise = (random() + random() + random() + random() - 2) * 4.3;
      samples[y * side + x] = Math.max(0, Math.round((128 + waves + noise) * scale));
    }
  }
  return samples;
}

/** `red + factor*(uv1 - green)` with its window written out: the same picture as the ordinary way's. */
export function benchFormula(image: BenchImage, factor = 2): string {
  return `window(red + ${factor}*(uv1 - green), 0, ${image.white})`;
}

/** Path of the n-th tile at full resolution, row by row; beyond the last it begins again. */
export function tilePath(image: BenchImage, n: number, formula: string): string {
  const perSide = image.side / image.tileSize;
  const zoom = levelCount({ width: image.side, height: image.side }) - 1;
  const [x, y] = [n % perSide, Math.floor(n / perSide) % perSide];
  return `/tiles/${image.key}/${zoom}/${x}/${y}.jpg?f=${encodeURIComponent(formula)}&s=${image.tileSize}`;
}

/** A data folder with nothing but the scale image `demo-100k`; made once a run, by the program itself. */
export function scaleImage(folder: string): string {
  const data = join(folder, "scale");
  const path = join(data, "demo-100k.ome.tif");
  if (!existsSync(path)) {
    mkdirSync(data, { recursive: true });
    const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
    execFileSync(process.execPath, [program, "demo", "--size", "100000", "-o", path], { stdio: "ignore" });
  }
  return data;
}
