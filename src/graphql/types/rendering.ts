import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Field, ID, Info, Int, ObjectType } from "type-graphql";
import { BandloomError } from "../../core/errors.ts";
import type { FormulaType as ValueType } from "../../formula/expr.ts";
import type { Formula } from "../../formula/formula.ts";
import { checkPoints } from "../../service/measure-limits.ts";
import { measuredWork } from "../../service/measured-work.ts";
import type { BoundFormula, ValidFormula } from "../../service/types/formula.ts";
import type { Limits } from "../../service/types/limits.ts";
import type { TileRequest } from "../../service/types/tile.ts";
import { DEFAULT_REGION_SIDE, existingLevel, levelOf, regionOf, tileSizeOf } from "../address.ts";
import type { GraphqlContext } from "../context.ts";
import { encodingOf } from "../encoding.ts";
import { FormulaType } from "../enums.ts";
import { picturesPrice, probePrice, REFERENCE } from "../guards/price.ts";
import { EncodingInput, PointInput, RangeInput, RegionInput } from "../inputs.ts";
import { Url } from "../scalars.ts";
import { INLINE_FIELDS, selectsBelow } from "../selections.ts";
import { computeStatistics } from "../statistics.ts";
import { assertValid } from "../valid-formula.ts";
import { Channel } from "./channel.ts";
import { Diagnostic } from "./diagnostic.ts";
import { EncodedImage, picturePrice } from "./encoded-image.ts";
import { FloatRange, TileLimits } from "./geometry.ts";
import { Image } from "./image.ts";
import { Level, tileLimits } from "./level.ts";
import { Probe } from "./probe.ts";
import { Property } from "./property.ts";
import { Statistics } from "./statistics.ts";
import { Tile } from "./tile.ts";
import { TileRange } from "./tile-range.ts";

const LEVEL = "0 is full resolution. Exactly one of level and zoom.";
const ZOOM = "0 is the coarsest level. Exactly one of level and zoom.";
const TILE_SIZE = "Side of a tile in pixels; 256 when left out.";
const ENCODING = "JPEG when left out.";

@ObjectType({
  simpleResolvers: true,
  description:
    "A formula bound to an image. An invalid one has diagnostics, and null or FORMULA_INVALID in the fields that need a valid one.",
})
export class Rendering {
  readonly #bound: BoundFormula;
  readonly #formula: Formula | null;

  constructor(bound: BoundFormula) {
    this.#bound = bound;
    this.#formula = bound.valid ? bound.formula : null;
  }

  @Property(() => ID, {
    description: "Stands for the source text, the arguments and the images' bytes; also when invalid.",
  })
  get id(): string {
    return this.#bound.id;
  }

  @Property(() => Image, { description: "The image that it is bound to." })
  get image(): Image {
    return new Image(this.#bound.image);
  }

  @Property(() => Boolean, { description: "No diagnostic is an error." })
  get valid(): boolean {
    return this.#bound.valid;
  }

  @Property(() => String, { description: "The formula as it was given, or as the arguments were written out." })
  get source(): string {
    return this.#bound.source;
  }

  @Property(() => String, {
    nullable: true,
    description: "Normalised text with every default written in; equal forms share tiles. Null when invalid.",
  })
  get canonical(): string | null {
    return this.#formula?.canonical ?? null;
  }

  @Property(() => String, { nullable: true, description: "SHA-256 of the canonical form. Null when invalid." })
  get hash(): string | null {
    return this.#formula?.hash ?? null;
  }

  @Property(() => [Diagnostic], { description: "Errors and advice, in the order of the text." })
  get diagnostics(): readonly Diagnostic[] {
    return this.#bound.diagnostics;
  }

  @Property(() => [Channel], { description: "Channels that the formula reads. Empty when invalid." })
  get channels(): readonly Channel[] {
    const { image } = this.#bound;
    return (this.#formula?.channels ?? []).flatMap((index) => {
      const info = image.info.channels[index];
      return info ? new Channel(image, info) : [];
    });
  }

  @Property(() => FormulaType, {
    nullable: true,
    description: "What the formula yields as it is written. Null when invalid.",
  })
  get type(): ValueType | null {
    return this.#formula?.type ?? null;
  }

  @Property(() => FloatRange, { nullable: true, description: "Static bounds of the value, by interval arithmetic." })
  get bounds(): FloatRange | null {
    return this.#formula ? new FloatRange(this.#formula.interval.min, this.#formula.interval.max) : null;
  }

  @Property(() => [FloatRange], {
    nullable: true,
    description: "The windows that were resolved, one for each output that has one.",
  })
  get window(): readonly FloatRange[] | null {
    return this.#formula?.windows.map(({ low, high }) => new FloatRange(low, high)) ?? null;
  }

  @Property(() => Int, {
    nullable: true,
    description: "Relative cost of one pixel, of its neighbors too; an addition is 1.",
  })
  get cost(): number | null {
    return this.#formula?.cost ?? null;
  }

  @Property(() => Int, {
    nullable: true,
    description: "Pixels that neighbourhood functions read beyond each side of a tile; 0 where there are none.",
  })
  get halo(): number | null {
    return this.#formula?.halo ?? null;
  }

  @Property(() => [Image], { description: "Other images that the formula lays over this one. Empty when invalid." })
  get otherImages(): readonly Image[] {
    return this.#bound.valid ? this.#bound.others.map((image) => new Image(image)) : [];
  }

  @Field(() => TileRange, {
    nullable: true,
    description: "Tiles inside both the range and the image, row by row. Exactly one of level and zoom.",
  })
  tiles(
    @Ctx() { services, cost }: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
    @Arg("x", () => RangeInput, { description: "Columns." }) x: RangeInput,
    @Arg("y", () => RangeInput, { description: "Rows." }) y: RangeInput,
    @Arg("level", () => Int, { nullable: true, description: LEVEL }) level?: number | null,
    @Arg("zoom", () => Int, { nullable: true, description: ZOOM }) zoom?: number | null,
    @Arg("tileSize", () => Int, { nullable: true, description: TILE_SIZE }) tileSize?: number | null,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: ENCODING }) encoding?: EncodingInput | null,
  ): TileRange {
    const formula = assertValid(this.#bound);
    if (x.from > x.to || y.from > y.to) throw new BandloomError("BAD_REQUEST", "A range ends before it begins.");
    const shown = new Level(formula.image, levelOf(formula.image, level, zoom));
    const common = this.#tileOptions(services.limits, tileSize, encoding);
    const requested = new TileLimits(x.from, x.to, y.from, y.to);
    const limits = requested.intersect(tileLimits(shown, common.tileSize));
    const inline = selectsBelow(info.fieldNodes, INLINE_FIELDS, info);
    checkCount(limits?.count ?? 0, inline, services.limits);
    cost.take(tilesPrice(limits?.count ?? 0, common.tileSize, formula, inline));
    const { index } = shown;
    const { tileSize: size, pad, encoding: encoded } = common;
    // Written out: spreading an object a thousand times is what a list of URLs would mostly cost.
    const tileAt = (x: number, y: number) =>
      new Tile(services.tiles, { formula, level: index, x, y, tileSize: size, pad, encoding: encoded }, inline);
    return new TileRange(shown, size, requested, limits, tileAt);
  }

  @Field(() => Tile, {
    nullable: true,
    description: "One tile; NOT_FOUND outside the image. Exactly one of level and zoom.",
  })
  tile(
    @Ctx() { services, cost }: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
    @Arg("x", () => Int, { description: "Column, from 0." }) x: number,
    @Arg("y", () => Int, { description: "Row, from 0." }) y: number,
    @Arg("level", () => Int, { nullable: true, description: LEVEL }) level?: number | null,
    @Arg("zoom", () => Int, { nullable: true, description: ZOOM }) zoom?: number | null,
    @Arg("tileSize", () => Int, { nullable: true, description: TILE_SIZE }) tileSize?: number | null,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: ENCODING }) encoding?: EncodingInput | null,
  ): Tile {
    const formula = assertValid(this.#bound);
    const shown = new Level(formula.image, levelOf(formula.image, level, zoom));
    const common = this.#tileOptions(services.limits, tileSize, encoding);
    const { maxX, maxY } = tileLimits(shown, common.tileSize);
    if (x < 0 || y < 0 || x > maxX || y > maxY) {
      const message = `Level ${shown.index} has tiles x 0 to ${maxX} and y 0 to ${maxY}.`;
      throw new BandloomError("NOT_FOUND", message);
    }
    const inline = selectsBelow(info.fieldNodes, INLINE_FIELDS, info);
    cost.take(tilesPrice(1, common.tileSize, formula, inline));
    return new Tile(services.tiles, { formula, level: shown.index, x, y, ...common }, inline);
  }

  @Field(() => EncodedImage, {
    nullable: true,
    description: "Any rectangle of full-resolution pixels, scaled down to fit.",
  })
  region(
    @Ctx() { services, cost }: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
    @Arg("region", () => RegionInput, { description: "Full-resolution pixels, inside the image." }) region: RegionInput,
    @Arg("maxSize", () => Int, { nullable: true, description: "Longest side of the result; 1024 when left out." })
    maxSize?: number | null,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: ENCODING }) encoding?: EncodingInput | null,
  ): EncodedImage {
    const formula = assertValid(this.#bound);
    const request = {
      formula,
      region: regionOf(formula.image, region),
      maxSize: sideOf(maxSize ?? DEFAULT_REGION_SIDE, services.limits),
      encoding: encodingOf(encoding),
    };
    cost.take(picturePrice(request, selectsBelow(info.fieldNodes, INLINE_FIELDS, info)));
    return new EncodedImage(services.tiles, request);
  }

  @Field(() => [Probe], {
    nullable: true,
    description: "Raw channel values and the formula's value under points, full-resolution pixels.",
  })
  async probe(
    @Ctx() { services, signal, cost, few }: GraphqlContext,
    @Arg("points", () => [PointInput], { description: "At most server.limits.probePoints." }) points: PointInput[],
    @Arg("level", () => Int, { nullable: true, description: "Level whose pixels are read; 0 when left out." })
    level?: number | null,
  ): Promise<Probe[]> {
    const formula = assertValid(this.#bound);
    checkPoints(points, services.limits);
    const wanted = { formula, points, level: existingLevel(formula.image, level ?? 0) };
    cost.take(probePrice(measuredWork(formula.formula.values, points.length)));
    const probed = await few(() => services.tiles.probe(wanted, signal));
    return probed.points.map((point) => new Probe(formula.image, point));
  }

  @Field(() => Statistics, { nullable: true, description: "Of the formula's value, before any window or colour." })
  statistics(
    @Ctx() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
    @Arg("level", () => Int, { nullable: true, description: "Level to read; a fine enough one when left out." })
    level?: number | null,
    @Arg("region", () => RegionInput, { nullable: true, description: "The whole image when left out." })
    region?: RegionInput | null,
    @Arg("bins", () => Int, { defaultValue: 256, description: "Bins of the histogram." }) bins?: number,
  ): Promise<Statistics> {
    return computeStatistics(this.#bound, { level, region, bins }, context, info);
  }

  @Field(() => String, {
    nullable: true,
    description:
      "For Leaflet, OpenLayers, MapLibre, deck.gl: {z} counts from the coarsest level, edge tiles are padded to full size.",
  })
  urlTemplate(
    @Ctx() { services }: GraphqlContext,
    @Arg("tileSize", () => Int, { nullable: true, description: TILE_SIZE }) tileSize?: number | null,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: ENCODING }) encoding?: EncodingInput | null,
  ): string {
    const formula = assertValid(this.#bound);
    return services.tiles.urlTemplate(formula, tileSizeOf(tileSize, services.limits), encodingOf(encoding));
  }

  @Field(() => Url, {
    nullable: true,
    description:
      "TileJSON for map viewers: the template, its zooms and, of an image with a known place on Earth, its bounds. Tiles are counted in the image's own grid.",
  })
  tileJsonUrl(
    @Ctx() { services }: GraphqlContext,
    @Arg("tileSize", () => Int, { nullable: true, description: TILE_SIZE }) tileSize?: number | null,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: ENCODING }) encoding?: EncodingInput | null,
  ): string {
    const formula = assertValid(this.#bound);
    return services.tiles.tileJsonUrl(formula, tileSizeOf(tileSize, services.limits), encodingOf(encoding));
  }

  #tileOptions(
    limits: Limits,
    tileSize: number | null | undefined,
    encoding: EncodingInput | null | undefined,
  ): Pick<TileRequest, "tileSize" | "pad" | "encoding"> {
    return { tileSize: tileSizeOf(tileSize, limits), pad: false, encoding: encodingOf(encoding) };
  }
}

/** LIMIT_EXCEEDED for more tiles than one list may hold: lists of pixels are shorter than lists of URLs. */
export function checkCount(count: number, inline: boolean, { tilesInline, tilesAsUrls }: Limits): void {
  const limit = inline ? tilesInline : tilesAsUrls;
  if (count <= limit) return;
  const message = inline
    ? `${count} tiles with base64, dataUri or byteLength are too many for one answer: at most ${limit}. Ask for url, or a smaller range.`
    : `${count} tiles are too many for one answer: at most ${limit}. Ask for a smaller range, or use urlTemplate.`;
  throw new BandloomError("LIMIT_EXCEEDED", message, { details: { limit, count } });
}

function tilesPrice(count: number, tileSize: number, { formula }: ValidFormula, inline: boolean): number {
  return inline ? picturesPrice(count, { width: tileSize, height: tileSize }, formula.cost) : REFERENCE * count;
}

export function sideOf(maxSize: number, { regionSide }: Limits): number {
  if (maxSize >= 1 && maxSize <= regionSide) return maxSize;
  throw new BandloomError("LIMIT_EXCEEDED", `maxSize is 1 to ${regionSide}, not ${maxSize}.`);
}
