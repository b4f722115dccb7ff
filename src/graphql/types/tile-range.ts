import { Field, Int, ObjectType } from "type-graphql";
import { TileLimits } from "./geometry.ts";
import { Level } from "./level.ts";
import { Property } from "./property.ts";
import { Tile } from "./tile.ts";

@ObjectType({ simpleResolvers: true, description: "Tiles of a rectangle of the tile grid." })
export class TileRange {
  @Field(() => Level, { description: "The level that they show." })
  readonly level: Level;

  @Field(() => Int, { description: "Side of a tile in pixels." })
  readonly tileSize: number;

  @Field(() => TileLimits, { description: "What was asked for." })
  readonly requested: TileLimits;

  @Field(() => TileLimits, { nullable: true, description: "The part of it that the image has; null when it has none." })
  readonly limits: TileLimits | null;

  @Field(() => [Tile], { description: "Row by row from the top left." })
  readonly nodes: readonly Tile[];

  constructor(
    level: Level,
    tileSize: number,
    requested: TileLimits,
    limits: TileLimits | null,
    tileAt: (x: number, y: number) => Tile,
  ) {
    this.level = level;
    this.tileSize = tileSize;
    this.requested = requested;
    this.limits = limits;
    const nodes: Tile[] = [];
    if (limits) {
      for (let y = limits.minY; y <= limits.maxY; y++)
        for (let x = limits.minX; x <= limits.maxX; x++) nodes.push(tileAt(x, y));
    }
    this.nodes = nodes;
  }

  @Property(() => Int, { description: "How many there are." })
  get count(): number {
    return this.nodes.length;
  }
}
