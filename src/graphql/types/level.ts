import { Arg, Ctx, Field, Float, Int, ObjectType } from "type-graphql";
import { flipLevel, levelSize, tileGrid } from "../../core/geometry.ts";
import type { ServedImage } from "../../service/types/image.ts";
import { tileSizeOf } from "../address.ts";
import type { GraphqlContext } from "../context.ts";
import { TileLimits } from "./geometry.ts";

@ObjectType({
  simpleResolvers: true,
  description:
    "One resolution of an image. Each level halves the one before it, until both sides are at most 256 pixels.",
})
export class Level {
  @Field(() => Int, { description: "0 is full resolution." })
  readonly index: number;

  @Field(() => Int, { description: "0 is the coarsest level: the z of tile URLs." })
  readonly zoom: number;

  @Field(() => Float, { description: "Full-resolution pixels along one pixel: 2^index." })
  readonly downsample: number;

  @Field(() => Int, { description: "In pixels of this level." })
  readonly width: number;

  @Field(() => Int, { description: "In pixels of this level." })
  readonly height: number;

  constructor(image: ServedImage, index: number) {
    this.index = index;
    this.zoom = flipLevel(image.levels, index);
    this.downsample = 2 ** index;
    const { width, height } = levelSize(image.info, index);
    this.width = width;
    this.height = height;
  }

  @Field(() => TileLimits, { description: "The tiles that exist." })
  tiles(
    @Ctx() { services }: GraphqlContext,
    @Arg("tileSize", () => Int, { nullable: true, description: "Side of a tile in pixels; 256 when left out." })
    tileSize?: number | null,
  ): TileLimits {
    return tileLimits(this, tileSizeOf(tileSize, services.limits));
  }
}

/** All tiles of a level. */
export function tileLimits(level: Level, tileSize: number): TileLimits {
  const { columns, rows } = tileGrid(level, tileSize);
  return new TileLimits(0, columns - 1, 0, rows - 1);
}
