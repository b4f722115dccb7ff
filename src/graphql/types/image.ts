import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Field, ID, Info, Int, ObjectType } from "type-graphql";
import type { DataType as StoredType } from "../../core/dtype.ts";
import type { ServedImage } from "../../service/types/image.ts";
import { findChannel } from "../channel-names.ts";
import type { GraphqlContext } from "../context.ts";
import { encodingOf } from "../encoding.ts";
import { DataType } from "../enums.ts";
import { formulaText } from "../formula-text.ts";
import { REFERENCE } from "../guards/price.ts";
import type { NodeRef } from "../ids.ts";
import { DisplayInput, EncodingInput, LayerInput, PlaneInput } from "../inputs.ts";
import { asksNumbersAlone } from "../numbers-alone.ts";
import { INLINE_FIELDS, selectsBelow } from "../selections.ts";
import { assertValid } from "../valid-formula.ts";
import { Channel } from "./channel.ts";
import { EncodedImage, picturePrice } from "./encoded-image.ts";
import { PixelSize } from "./geometry.ts";
import { Georeference } from "./georeference.ts";
import { ImageWarning } from "./image-warning.ts";
import { Level } from "./level.ts";
import { Node } from "./node.ts";
import { Preset } from "./preset.ts";
import { Property } from "./property.ts";
import { Rendering, sideOf } from "./rendering.ts";

@ObjectType({ implements: Node, simpleResolvers: true, description: "An image of the catalogue." })
export class Image extends Node {
  readonly #image: ServedImage;

  constructor(image: ServedImage) {
    super();
    this.#image = image;
  }

  protected override nodeRef(): NodeRef {
    return { type: "Image", key: this.key };
  }

  @Property(() => String, { description: "Stable name, used in URLs and formulas." })
  get key(): string {
    return this.#image.key;
  }

  @Property(() => String, { description: "Name for people." })
  get name(): string {
    return this.#image.name;
  }

  @Property(() => String, { nullable: true, description: "For people: from the catalogue, else from the file." })
  get description(): string | null {
    return this.#image.description;
  }

  @Property(() => Int, { description: "Full-resolution width, pixels." })
  get width(): number {
    return this.#image.info.width;
  }

  @Property(() => Int, { description: "Full-resolution height, pixels." })
  get height(): number {
    return this.#image.info.height;
  }

  @Property(() => Int, { description: "Planes along z." })
  get depth(): number {
    return this.#image.info.depth;
  }

  @Property(() => Int, { description: "Planes along t." })
  get times(): number {
    return this.#image.info.times;
  }

  @Property(() => DataType, {
    description: "How the samples of the first channel are stored; each channel tells its own.",
  })
  get dataType(): StoredType | undefined {
    return this.#image.info.channels[0]?.dataType;
  }

  @Property(() => String, {
    description: "Changes whenever the bytes change or the image is purged; part of every tile URL.",
  })
  get revision(): string {
    return this.#image.revision;
  }

  @Property(() => PixelSize, { nullable: true, description: "Physical size of a pixel, when the file tells." })
  get pixelSize(): PixelSize | null {
    return this.#image.info.pixelSize;
  }

  @Property(() => Georeference, { nullable: true, description: "Where on Earth the pixels lie, when the file tells." })
  get georeference(): Georeference | null {
    const { georeference } = this.#image.info;
    return georeference && new Georeference(this.#image.info, georeference);
  }

  @Property(() => String, { description: "Kind of file." })
  get format(): string {
    return this.#image.info.format;
  }

  @Property(() => Int, { description: "Images that the file holds; `key#0`, `key#1` … are their keys." })
  get seriesCount(): number {
    return this.#image.info.seriesCount;
  }

  @Property(() => [ImageWarning], {
    description: "What in its file was ignored, guessed or approximated, with what to do about it; empty: nothing.",
  })
  get warnings(): readonly ImageWarning[] {
    return this.#image.info.warnings.map((warning) => new ImageWarning(this.#image, warning));
  }

  @Property(() => [Channel], { description: "In the order of the file." })
  get channels(): readonly Channel[] {
    return this.#image.info.channels.map((info) => new Channel(this.#image, info));
  }

  @Field(() => Channel, { nullable: true, description: "The channel that a formula would mean by this name." })
  channel(@Arg("name", () => String, { description: "Exact or folded name, or bN." }) name: string): Channel | null {
    const info = findChannel(this.#image, name);
    return info ? new Channel(this.#image, info) : null;
  }

  @Property(() => [Level], { description: "Finest first: levels[0] is full resolution." })
  get levels(): readonly Level[] {
    return Array.from({ length: this.#image.levels }, (_, index) => new Level(this.#image, index));
  }

  @Field(() => String, { description: "Formula of the picture that is shown when none is asked for." })
  formula(@Ctx() { services }: GraphqlContext): string {
    return services.formulas.defaultText(this.#image);
  }

  @Field(() => [Preset], {
    description:
      "Named formulas that this image can evaluate: those of the catalogue, those that were saved, then the library's, with this image's channels.",
  })
  async presets(@Ctx() { services, signal, cost }: GraphqlContext): Promise<readonly Preset[]> {
    const presets = await services.presets.ofImage(this.#image, signal);
    cost.take(presets.length * REFERENCE);
    return presets.map((preset) => new Preset(preset));
  }

  @Field(() => Rendering, {
    nullable: true,
    description:
      "Compile a formula against this image: what a formula gets wrong is told in diagnostics. At most one of formula, layers and preset; without any, the image's own default picture.",
  })
  async render(
    @Ctx() { services, signal, cost }: GraphqlContext,
    @Info() resolved: GraphQLResolveInfo,
    @Arg("formula", () => String, { nullable: true, description: "For example `red + 2*(uv1 - green)`." })
    formula?: string | null,
    @Arg("layers", () => [LayerInput], { nullable: true, description: "A merge of coloured layers, bottom first." })
    layers?: LayerInput[] | null,
    @Arg("preset", () => ID, { nullable: true, description: "A named formula of this image, by name or id." })
    preset?: string | null,
    @Arg("display", () => DisplayInput, {
      nullable: true,
      description: "Window, colormap and more around the formula.",
    })
    display?: DisplayInput | null,
    @Arg("plane", () => PlaneInput, { nullable: true, description: "For images with depth or time." })
    plane?: PlaneInput | null,
  ): Promise<Rendering> {
    const text = await formulaText(services, this.#image, { formula, layers, preset, display }, signal);
    const choice = {
      ...(plane?.z == null ? {} : { z: plane.z }),
      ...(plane?.t == null ? {} : { t: plane.t }),
      numbersAlone: asksNumbersAlone(resolved),
    };
    return new Rendering(await services.formulas.bind(this.#image, text, choice, signal, cost.pay));
  }

  @Field(() => EncodedImage, { nullable: true, description: "The default picture of the whole image, scaled to fit." })
  async thumbnail(
    @Ctx() { services, signal, cost }: GraphqlContext,
    @Info() resolved: GraphQLResolveInfo,
    @Arg("maxSize", () => Int, { defaultValue: 256, description: "Longest side of the result." }) maxSize: number,
    @Arg("encoding", () => EncodingInput, { nullable: true, description: "JPEG when left out." })
    encoding?: EncodingInput | null,
  ): Promise<EncodedImage> {
    const formula = assertValid(await services.formulas.bind(this.#image, null, undefined, signal, cost.pay));
    const { width, height } = this.#image.info;
    const request = {
      formula,
      region: { x: 0, y: 0, width, height },
      maxSize: sideOf(maxSize, services.limits),
      encoding: encodingOf(encoding),
    };
    cost.take(picturePrice(request, selectsBelow(resolved.fieldNodes, INLINE_FIELDS, resolved)));
    return new EncodedImage(services.tiles, request);
  }
}
