import { ObjectType } from "type-graphql";
import type { Size } from "../../core/geometry.ts";
import type { Encoding } from "../../render/types.ts";
import type { RegionRequest, TileService } from "../../service/types/tile.ts";
import type { GraphqlContext } from "../context.ts";
import { fittedSize, picturesPrice, REFERENCE } from "../guards/price.ts";
import { Encoded, type EncodedBytes } from "./encoded.ts";

/** What a rectangle costs: by reference, or `inline` in the answer. */
export function picturePrice({ formula, region, maxSize }: RegionRequest, inline: boolean): number {
  return inline ? picturesPrice(1, fittedSize(region, maxSize), formula.formula.cost) : REFERENCE;
}

@ObjectType({
  implements: Encoded,
  simpleResolvers: true,
  description: "A rectangle of a rendering, scaled to fit.",
})
export class EncodedImage extends Encoded {
  readonly #service: TileService;
  readonly #request: RegionRequest;
  #loading: Promise<EncodedBytes> | undefined;

  constructor(service: TileService, request: RegionRequest) {
    super();
    this.#service = service;
    this.#request = request;
  }

  protected override size(): Size {
    return this.#service.regionSize(this.#request);
  }

  protected override encoding(): Encoding {
    return this.#request.encoding;
  }

  protected override address(): string {
    return this.#service.regionUrl(this.#request);
  }

  protected override load({ signal, few }: GraphqlContext): Promise<EncodedBytes> {
    this.#loading ??= few(() => this.#service.region(this.#request, signal));
    return this.#loading;
  }
}
