import { Field, Float, ID, InputType, Int } from "type-graphql";
import { Blend, ImageFormat } from "./enums.ts";
import { HexColor } from "./scalars.ts";

@InputType({ description: "Numbers from `from` to `to`, both included." })
export class RangeInput {
  @Field(() => Int, { description: "First." })
  declare readonly from: number;

  @Field(() => Int, { description: "Last; not before the first." })
  declare readonly to: number;
}

@InputType({ description: "A rectangle of full-resolution pixels; x and y are its top left." })
export class RegionInput {
  @Field(() => Int, { description: "Left edge, from 0." })
  declare readonly x: number;

  @Field(() => Int, { description: "Top edge, from 0." })
  declare readonly y: number;

  @Field(() => Int, { description: "At least 1; the rectangle lies inside the image." })
  declare readonly width: number;

  @Field(() => Int, { description: "At least 1; the rectangle lies inside the image." })
  declare readonly height: number;
}

@InputType({ description: "A point in full-resolution pixels; the centre of the first pixel is (0.5, 0.5)." })
export class PointInput {
  @Field(() => Float, { description: "From the left edge." })
  declare readonly x: number;

  @Field(() => Float, { description: "From the top edge." })
  declare readonly y: number;
}

@InputType({ description: "The plane that a channel without [z=…, t=…] means." })
export class PlaneInput {
  @Field(() => Int, {
    nullable: true,
    description: "Depth, from 0; the image's own default or the middle when left out.",
  })
  declare readonly z?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Time, from 0; the image's own default or the middle when left out.",
  })
  declare readonly t?: number | null;
}

@InputType({ description: "How pixels are encoded." })
export class EncodingInput {
  @Field(() => ImageFormat, { defaultValue: "jpeg", description: "File format." })
  declare readonly format: ImageFormat;

  @Field(() => Int, { nullable: true, description: "1…100, for JPEG, WebP and AVIF." })
  declare readonly quality?: number | null;

  @Field(() => Boolean, { nullable: true, description: "Exact pixels, for WebP and AVIF; PNG and NPY always are." })
  declare readonly lossless?: boolean | null;
}

@InputType({
  description:
    "Display options as arguments instead of formula text: each becomes part of the formula, so the picture, its hash and its URL are those of the longer text.",
})
export class DisplayInput {
  @Field(() => [Float], { nullable: true, description: "[low, high]: values shown as black and as full." })
  declare readonly window?: number[] | null;

  @Field(() => [Float], {
    nullable: true,
    description: "[low, high] in percent of the valid values, instead of window.",
  })
  declare readonly percentiles?: number[] | null;

  @Field(() => Float, { nullable: true, description: "Above 1 lifts the dark parts: shade^(1/gamma)." })
  declare readonly gamma?: number | null;

  @Field(() => String, { nullable: true, description: "Name of a colormap; `_r` at its end reverses it." })
  declare readonly colormap?: string | null;

  @Field(() => Boolean, { nullable: true, description: "Bright becomes dark." })
  declare readonly invert?: boolean | null;

  @Field(() => HexColor, { nullable: true, description: "Colour where there is no data." })
  declare readonly nodataColor?: string | null;
}

@InputType({ description: "One layer of a fluorescence-style merge: an expression shown in one colour." })
export class LayerInput {
  @Field(() => String, { description: "A formula that yields a number or a shade." })
  declare readonly expression: string;

  @Field(() => HexColor, { description: "Colour of its brightest value." })
  declare readonly color: string;

  @Field(() => [Float], { nullable: true, description: "[low, high]; chosen from the data when left out." })
  declare readonly window?: number[] | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: "Hidden layers take no part." })
  declare readonly visible?: boolean | null;

  @Field(() => Blend, { nullable: true, defaultValue: "screen", description: "How it meets the layers before it." })
  declare readonly blend?: (typeof Blend)[keyof typeof Blend] | null;
}

@InputType({ description: "A formula to keep under a name." })
export class SavePresetInput {
  @Field(() => String, { description: "1 to 100 characters; names that differ in case alone are one name." })
  declare readonly name: string;

  @Field(() => String, { description: "As `render` takes it. Beside imageKey it must be valid on that image." })
  declare readonly formula: string;

  @Field(() => String, { nullable: true, description: "For people." })
  declare readonly description?: string | null;

  @Field(() => String, { nullable: true, description: "Image that it is for; left out: any that can evaluate it." })
  declare readonly imageKey?: string | null;
}

@InputType({ description: "Pictures to make anew: exactly one of the fields." })
export class PurgeInput {
  @Field(() => String, { nullable: true, description: "All that show this image." })
  declare readonly imageKey?: string | null;

  @Field(() => String, { nullable: true, description: "All of this formula: its hash, of whatever image." })
  declare readonly formulaHash?: string | null;

  @Field(() => Boolean, { nullable: true, description: "True: all pictures." })
  declare readonly everything?: boolean | null;
}

@InputType({ description: "A picture: an image and at most one of formula, layers and preset." })
export class PictureInput {
  @Field(() => String, { description: "Key of the image." })
  declare readonly imageKey: string;

  @Field(() => String, { nullable: true, description: "For example `red + 2*(uv1 - green)`." })
  declare readonly formula?: string | null;

  @Field(() => [LayerInput], { nullable: true, description: "A merge of coloured layers, bottom first." })
  declare readonly layers?: LayerInput[] | null;

  @Field(() => ID, { nullable: true, description: "A named formula of the image, by name or id." })
  declare readonly preset?: string | null;

  @Field(() => DisplayInput, { nullable: true, description: "Window, colormap and more around the formula." })
  declare readonly display?: DisplayInput | null;

  @Field(() => PlaneInput, { nullable: true, description: "For images with depth or time." })
  declare readonly plane?: PlaneInput | null;

  @Field(() => Int, { nullable: true, description: "Side of a tile in pixels; 256 when left out." })
  declare readonly tileSize?: number | null;

  @Field(() => EncodingInput, { nullable: true, description: "JPEG when left out." })
  declare readonly encoding?: EncodingInput | null;
}

@InputType({ description: "Tiles of a picture, as `Rendering.tiles` takes them." })
export class TilesInput extends PictureInput {
  @Field(() => Int, { nullable: true, description: "0 is full resolution. Exactly one of level and zoom." })
  declare readonly level?: number | null;

  @Field(() => Int, { nullable: true, description: "0 is the coarsest level. Exactly one of level and zoom." })
  declare readonly zoom?: number | null;

  @Field(() => RangeInput, { description: "Columns." })
  declare readonly x: RangeInput;

  @Field(() => RangeInput, { description: "Rows." })
  declare readonly y: RangeInput;
}

@InputType({ description: "Tiles of a picture to render into the cache." })
export class PrerenderInput extends PictureInput {
  @Field(() => [Int], { nullable: true, description: "0 is full resolution; all levels when left out." })
  declare readonly levels?: number[] | null;

  @Field(() => RegionInput, {
    nullable: true,
    description: "Only tiles that show some of it; the whole image when left out.",
  })
  declare readonly region?: RegionInput | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      "Edge tiles filled up to full size, as urlTemplate and TileJSON ask for them; they are tiles of their own.",
  })
  declare readonly pad: boolean;
}

@InputType({ description: "A job to stop." })
export class CancelJobInput {
  @Field(() => ID, { description: "Of the job." })
  declare readonly id: string;
}

@InputType({ description: "A preset to forget." })
export class DeletePresetInput {
  @Field(() => ID, { description: "Of a saved preset." })
  declare readonly id: string;
}
