import { Field, Float, ObjectType } from "type-graphql";
import type { ServedImage } from "../../service/types/image.ts";
import type { ProbedPoint, Sample } from "../../service/types/measure.ts";
import { SampleState } from "../enums.ts";
import { HexColor } from "../scalars.ts";
import { Channel } from "./channel.ts";

@ObjectType({
  simpleResolvers: true,
  description: "A value that may be no data: a GraphQL float cannot carry NaN, so `state` says why `number` is null.",
})
export class SampleValue {
  @Field(() => Float, { nullable: true, description: "The value." })
  readonly number!: number | null;

  @Field(() => SampleState, { description: "Why it is there or not." })
  readonly state!: Sample["state"];
}

@ObjectType({ simpleResolvers: true, description: "What a channel holds under a point." })
export class ChannelValue {
  @Field(() => Channel, { description: "The channel." })
  readonly channel: Channel;

  @Field(() => SampleValue, { description: "As stored." })
  readonly value: SampleValue;

  constructor(channel: Channel, value: SampleValue) {
    this.channel = channel;
    this.value = value;
  }
}

@ObjectType({ simpleResolvers: true, description: "What lies under a point." })
export class Probe {
  @Field(() => Float, { description: "As asked for, full-resolution pixels." })
  readonly x: number;

  @Field(() => Float, { description: "As asked for, full-resolution pixels." })
  readonly y: number;

  @Field(() => [ChannelValue], { description: "Channels that the formula reads." })
  readonly channels: readonly ChannelValue[];

  @Field(() => [SampleValue], {
    description: "The formula's numbers before any window or colour, one for each output.",
  })
  readonly values: readonly SampleValue[];

  @Field(() => HexColor, { nullable: true, description: "As it is shown; null where the picture is transparent." })
  readonly color: string | null;

  constructor(image: ServedImage, { x, y, channels, values, color }: ProbedPoint) {
    this.x = x;
    this.y = y;
    this.channels = channels.flatMap(({ channel, value }) => {
      const info = image.info.channels[channel];
      return info ? new ChannelValue(new Channel(image, info), value) : [];
    });
    this.values = values;
    this.color = color;
  }
}
