import type { Described, PictureTask, Renderer, SourceRef } from "../../src/render/index.ts";
import { built } from "./built.ts";
import type { BenchImage } from "./images.ts";

const { createRenderer } = await built.render();
const { localPath } = await built.source();
const { checkFormula, completeFormula } = await built.formula();
const { KernelCache } = await built.kernel();
const { planeInput, servedLevel } = await built.plan();

export type KernelOf = (formula: string) => ReturnType<InstanceType<typeof KernelCache>["compile"]>;

/** The way of a tile behind HTTP, on one worker: formula to kernel, then chunks to JPEG. */
export class Pipeline {
  readonly #renderer: Renderer;
  readonly #image: BenchImage;
  readonly #source: SourceRef;
  readonly #kernels = new KernelCache();
  readonly #info: Described["info"];

  private constructor(renderer: Renderer, image: BenchImage, source: SourceRef, info: Described["info"]) {
    this.#renderer = renderer;
    this.#image = image;
    this.#source = source;
    this.#info = info;
  }

  static async open(image: BenchImage, cacheBytes: number): Promise<Pipeline> {
    const renderer = createRenderer({ workers: 1, cacheBytes });
    const place = { key: image.key, location: localPath(image.path), remote: false };
    const { info, identity } = await renderer.describe(place);
    return new Pipeline(renderer, image, { ...place, revision: identity.revision }, info);
  }

  /** Text to kernel: parsed, checked, completed, compiled where its shape is new. */
  readonly kernel: KernelOf = (formula) => {
    const info = this.#info;
    const channels = info.channels.map(({ name, dataType, scale, offset }) => ({
      name,
      dataType,
      nan: false,
      scale,
      offset,
    }));
    const result = checkFormula(formula, { channels, depth: 1, times: 1, plane: { z: 0, t: 0 } });
    if (!result.ok) throw new Error(result.diagnostics[0]?.message);
    const { display } = completeFormula(result.checked, []);
    if (!display) throw new Error("no picture");
    const served = servedLevel(info, 0);
    const inputOf = (channel: number, z: number, t: number) => planeInput(info, served, channel, z, t);
    return this.#kernels.compile({ output: "gray8", expressions: [display], inputOf });
  };

  /** Tile `n` of full resolution, row by row, as a JPEG. */
  async tile(kernel: ReturnType<KernelOf>, n: number): Promise<void> {
    const { side, tileSize } = this.#image;
    const columns = side / tileSize;
    const [x, y] = [n % columns, Math.floor(n / columns) % columns];
    const picture: PictureTask = {
      level: 0,
      region: { x: x * tileSize, y: y * tileSize, width: tileSize, height: tileSize },
      pad: null,
      resize: null,
      encoding: { format: "jpeg", quality: 80, lossless: false },
    };
    const [result] = await this.#renderer.pictures({
      source: this.#source,
      info: this.#info,
      kernel,
      pictures: [picture],
    });
    if (!result || result instanceof Error) throw result ?? new Error("no picture");
  }

  close(): Promise<void> {
    return this.#renderer.close();
  }
}
