import { fromFile, type GeoTIFFImage } from "geotiff";
import sharp from "sharp";
import type { BenchImage } from "./images.ts";

/**
 * The same tile the way it is usually done in JavaScript: geotiff.js reads the window of each channel, a loop over typed arrays
 * evaluates `red + 2*(uv1 - green)`, sharp encodes. The file stays open and its directories stay parsed.
 */
export class OrdinaryWay {
  readonly #image: BenchImage;
  readonly #pages: readonly GeoTIFFImage[];
  readonly #close: () => unknown;

  private constructor(image: BenchImage, pages: readonly GeoTIFFImage[], close: () => unknown) {
    this.#image = image;
    this.#pages = pages;
    this.#close = close;
  }

  static async open(image: BenchImage): Promise<OrdinaryWay> {
    const tiff = await fromFile(image.path);
    const pages = await Promise.all([0, 1, 2].map((index) => tiff.getImage(index)));
    return new OrdinaryWay(image, pages, () => tiff.close());
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async read(x: number, y: number): Promise<readonly ArrayLike<number>[]> {
    const side = this.#image.tileSize;
    const window = [x * side, y * side, (x + 1) * side, (y + 1) * side];
    return Promise.all(this.#pages.map(async (page) => firstBand(await page.readRasters({ window }))));
  }

  /** Gray JPEG of quality 80, as the server's default. */
  async render(channels: readonly ArrayLike<number>[], factor = 2): Promise<Buffer> {
    const [red = [], green = [], uv1 = []] = channels;
    const side = this.#image.tileSize;
    const { white } = this.#image;
    const pixels = new Uint8Array(side * side);
    for (let i = 0; i < pixels.length; i++) {
      const value = (red[i] ?? 0) + factor * ((uv1[i] ?? 0) - (green[i] ?? 0));
      pixels[i] = Math.round((255 * Math.min(Math.max(value, 0), white)) / white);
    }
    return await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
      .jpeg({ quality: 80 })
      .toBuffer();
  }
}

function firstBand(rasters: Awaited<ReturnType<GeoTIFFImage["readRasters"]>>): ArrayLike<number> {
  const [band] = Array.isArray(rasters) ? rasters : [rasters];
  if (band === undefined || typeof band === "number") throw new Error("geotiff.js gave no band.");
  return band;
}
