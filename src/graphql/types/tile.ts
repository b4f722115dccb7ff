import { Ctx, Field, ID, Int, ObjectType } from "type-graphql";
import { flipLevel, type Size, tileRegion } from "../../core/geometry.ts";
import type { Encoding } from "../../render/types.ts";
import type { ServedTile, TileRequest, TileService } from "../../service/types/tile.ts";
import type { GraphqlContext } from "../context.ts";
import { CacheOutcome } from "../enums.ts";
import { Encoded } from "./encoded.ts";
import { Region } from "./geometry.ts";
import { Property } from "./property.ts";

/** Everything is derived from the request on demand: a list of URLs computes nothing but URLs. */
@ObjectType({
  implements: Encoded,
  simpleResolvers: true,
  description: "One square of a rendering at one level. Tiles at the right and bottom edge are cropped to the image.",
})
export class Tile extends Encoded {
  // TypeScript's private: a # field is added to each of a thousand tiles one by one, at ten times the cost.
  private readonly service: TileService;
  private readonly request: TileRequest;
  private readonly inline: boolean;
  private key: string | undefined;

  /** `inline`: the operation selects the tile's bytes. */
  constructor(service: TileService, request: TileRequest, inline: boolean) {
    super();
    this.service = service;
    this.request = request;
    this.inline = inline;
    this.key = undefined;
  }

  @Property(() => ID, { description: "The tile's cache key: stable across queries, for normalised client caches." })
  get id(): string {
    this.key ??= this.service.tileKey(this.request);
    return this.key;
  }

  @Property(() => Int, { description: "0 is full resolution." })
  get level(): number {
    return this.request.level;
  }

  @Property(() => Int, { description: "0 is the coarsest level." })
  get zoom(): number {
    return flipLevel(this.request.formula.image.levels, this.request.level);
  }

  @Property(() => Int, { description: "Column, from 0 at the left." })
  get x(): number {
    return this.request.x;
  }

  @Property(() => Int, { description: "Row, from 0 at the top." })
  get y(): number {
    return this.request.y;
  }

  @Property(() => Region, { description: "What it shows." })
  get region(): Region {
    const { level, tileSize, x, y, formula } = this.request;
    const { info } = formula.image;
    const full = tileRegion(info, tileSize * 2 ** level, x, y);
    return new Region(full.x, full.y, full.width, full.height);
  }

  protected override size(): Size {
    return this.service.size(this.request);
  }

  protected override encoding(): Encoding {
    return this.request.encoding;
  }

  protected override address(): string {
    return this.service.tileUrl(this.request);
  }

  @Field(() => CacheOutcome, {
    nullable: true,
    description: "Where the bytes came from; null unless base64, dataUri or byteLength is selected.",
  })
  async cache(@Ctx() context: GraphqlContext): Promise<CacheOutcome | null> {
    return this.inline ? (await this.load(context)).cache : null;
  }

  protected override load(context: GraphqlContext): Promise<ServedTile> {
    return context.tiles.load({ key: this.id, request: this.request });
  }
}
