import { GraphQLSafeInt } from "graphql-scalars";
import { Field, Float, Int, ObjectType } from "type-graphql";
import { Property } from "./property.ts";

@ObjectType({ simpleResolvers: true, description: "A rectangle of full-resolution pixels; x and y are its top left." })
export class Region {
  @Field(() => Int, { description: "Left edge, from 0." })
  readonly x: number;

  @Field(() => Int, { description: "Top edge, from 0." })
  readonly y: number;

  @Field(() => Int, { description: "In pixels." })
  readonly width: number;

  @Field(() => Int, { description: "In pixels." })
  readonly height: number;

  constructor(x: number, y: number, width: number, height: number) {
    this.x = x;
    this.y = y;
    this.width = width;
    this.height = height;
  }
}

@ObjectType({ simpleResolvers: true, description: "Physical size of a full-resolution pixel." })
export class PixelSize {
  @Field(() => Float, { description: "Width." })
  readonly x!: number;

  @Field(() => Float, { description: "Height." })
  readonly y!: number;

  @Field(() => String, { description: "Unit of both, as the file writes it (µm, m, °)." })
  readonly unit!: string;
}

@ObjectType({ simpleResolvers: true, description: "A range of values; null at an end that has no bound." })
export class FloatRange {
  @Field(() => Float, { nullable: true, description: "Lower end." })
  readonly min: number | null;

  @Field(() => Float, { nullable: true, description: "Upper end." })
  readonly max: number | null;

  constructor(min: number, max: number) {
    this.min = Number.isFinite(min) ? min : null;
    this.max = Number.isFinite(max) ? max : null;
  }
}

@ObjectType({ simpleResolvers: true, description: "Tile numbers, inclusive, from 0 at the top left." })
export class TileLimits {
  @Field(() => Int, { description: "First column." })
  readonly minX: number;

  @Field(() => Int, { description: "Last column." })
  readonly maxX: number;

  @Field(() => Int, { description: "First row." })
  readonly minY: number;

  @Field(() => Int, { description: "Last row." })
  readonly maxY: number;

  constructor(minX: number, maxX: number, minY: number, maxY: number) {
    this.minX = minX;
    this.maxX = maxX;
    this.minY = minY;
    this.maxY = maxY;
  }

  @Property(() => GraphQLSafeInt, { description: "Tiles in it." })
  get count(): number {
    return (this.maxX - this.minX + 1) * (this.maxY - this.minY + 1);
  }

  /** What both hold; null: nothing. */
  intersect(other: TileLimits): TileLimits | null {
    const minX = Math.max(this.minX, other.minX);
    const maxX = Math.min(this.maxX, other.maxX);
    const minY = Math.max(this.minY, other.minY);
    const maxY = Math.min(this.maxY, other.maxY);
    return minX > maxX || minY > maxY ? null : new TileLimits(minX, maxX, minY, maxY);
  }
}
