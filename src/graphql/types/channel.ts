import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Field, Float, Info, Int, ObjectType } from "type-graphql";
import type { ServedImage } from "../../service/types/image.ts";
import type { ChannelInfo } from "../../source/types.ts";
import { channelIdentifiers } from "../channel-names.ts";
import type { GraphqlContext } from "../context.ts";
import { ChannelKind, DataType } from "../enums.ts";
import type { NodeRef } from "../ids.ts";
import { RegionInput } from "../inputs.ts";
import { HexColor } from "../scalars.ts";
import { computeStatistics } from "../statistics.ts";
import { ChannelClass } from "./channel-class.ts";
import { FloatRange } from "./geometry.ts";
import { Node } from "./node.ts";
import { Property } from "./property.ts";
import { Statistics } from "./statistics.ts";

@ObjectType({
  implements: Node,
  simpleResolvers: true,
  description: "One measured quantity of an image: a band, a stain.",
})
export class Channel extends Node {
  readonly #image: ServedImage;
  readonly #info: ChannelInfo;

  constructor(image: ServedImage, info: ChannelInfo) {
    super();
    this.#image = image;
    this.#info = info;
  }

  protected override nodeRef(): NodeRef {
    return { type: "Channel", key: this.#image.key, index: this.index };
  }

  @Property(() => Int, { description: "From 0; formulas count from 1 (`b1`, `@1`)." })
  get index(): number {
    return this.#info.index;
  }

  @Property(() => String, { description: "As stored in the file." })
  get name(): string {
    return this.#info.name;
  }

  @Property(() => [String], { description: "How a formula can write it, best first." })
  get identifiers(): readonly string[] {
    return channelIdentifiers(this.#image, this.index);
  }

  @Property(() => DataType, { description: "How its samples are stored." })
  get dataType(): ChannelInfo["dataType"] {
    return this.#info.dataType;
  }

  @Property(() => ChannelKind, { description: "Whether its numbers are measured, or codes of classes." })
  get kind(): ChannelInfo["kind"] {
    return this.#info.kind;
  }

  @Property(() => [ChannelClass], {
    nullable: true,
    description: "What the codes of a categorical channel mean, by rising value; null: the file does not tell.",
  })
  get classes(): readonly ChannelClass[] | null {
    return this.#info.classes?.map((one) => new ChannelClass(one)) ?? null;
  }

  @Property(() => Boolean, {
    description: "It is the opacity of the others, which have no data where it is 0. Formulas read it by its name.",
  })
  get alpha(): boolean {
    return this.#info.alpha;
  }

  @Property(() => Boolean, {
    description: "It is not in the file, but made of others: the colors of a palette, or sRGB by a color profile.",
  })
  get derived(): boolean {
    return this.#info.derived;
  }

  @Property(() => Float, { nullable: true, description: "Wavelength in nanometres, when the file tells." })
  get wavelengthNm(): number | null {
    return this.#info.wavelengthNm;
  }

  @Property(() => HexColor, { nullable: true, description: "Display colour from the file." })
  get color(): string | null {
    return this.#info.color;
  }

  @Property(() => Float, { nullable: true, description: "Stored value that means no data; null too when that is NaN." })
  get nodata(): number | null {
    const { nodata } = this.#info;
    return Number.isFinite(nodata) ? nodata : null;
  }

  @Property(() => FloatRange, {
    nullable: true,
    description: "Stored values to be shown from black to full, when the file tells.",
  })
  get window(): FloatRange | null {
    const { window } = this.#info;
    return window && new FloatRange(...window);
  }

  @Property(() => Boolean, {
    nullable: true,
    description: "Part of the picture that is shown when none is asked for; null: the file does not tell.",
  })
  get active(): boolean | null {
    return this.#info.active;
  }

  @Property(() => Float, { description: "phys(x) = scale · x + offset." })
  get scale(): number {
    return this.#info.scale;
  }

  @Property(() => Float, { description: "phys(x) = scale · x + offset." })
  get offset(): number {
    return this.#info.offset;
  }

  @Property(() => String, { nullable: true, description: "Unit of phys(x)." })
  get unit(): string | null {
    return this.#info.unit;
  }

  @Field(() => Statistics, { nullable: true, description: "Of the stored values." })
  async statistics(
    @Ctx() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
    @Arg("level", () => Int, { nullable: true, description: "Level to read; a fine enough one when left out." })
    level?: number | null,
    @Arg("region", () => RegionInput, { nullable: true, description: "The whole image when left out." })
    region?: RegionInput | null,
    @Arg("bins", () => Int, { defaultValue: 256, description: "Bins of the histogram." })
    bins?: number,
  ): Promise<Statistics> {
    const { services, signal, cost } = context;
    const choice = { numbersAlone: true };
    const bound = services.formulas.bind(this.#image, `@${this.index + 1}`, choice, signal, cost.pay);
    return computeStatistics(await bound, { level, region, bins }, context, info);
  }
}
