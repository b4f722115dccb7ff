import { ObjectType } from "type-graphql";
import type { RegionRequest, TileService } from "../../service/types.ts";
import type { GraphqlContext } from "../context.ts";
import { CONTENT_TYPES } from "../encoding.ts";
import { Encoded, type EncodedBytes } from "./encoded.ts";

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

  get width(): number {
    return this.#service.regionSize(this.#request).width;
  }

  get height(): number {
    return this.#service.regionSize(this.#request).height;
  }

  get contentType(): string {
    return CONTENT_TYPES[this.#request.encoding.format];
  }

  get url(): string {
    return this.#service.regionUrl(this.#request);
  }

  protected override load({ signal }: GraphqlContext): Promise<EncodedBytes> {
    this.#loading ??= this.#service.region(this.#request, signal);
    return this.#loading;
  }
}
