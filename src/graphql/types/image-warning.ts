import { Field, ObjectType } from "type-graphql";
import type { ServedImage } from "../../service/types/image.ts";
import type { ImageWarning as Warning } from "../../source/warnings.ts";
import { ImageWarningCode } from "../enums.ts";
import { Channel } from "./channel.ts";

@ObjectType({
  simpleResolvers: true,
  description: "Something in the file of an image that was ignored, guessed or approximated.",
})
export class ImageWarning {
  @Field(() => ImageWarningCode, { description: "Stable; the same for every image." })
  readonly code: Warning["code"];

  @Field(() => String, { description: "What is odd and what to do about it, for people." })
  readonly message: string;

  @Field(() => Channel, { nullable: true, description: "The channel that it is about; null: the image." })
  readonly channel: Channel | null;

  constructor(image: ServedImage, { code, message, channel }: Warning) {
    this.code = code;
    this.message = message;
    const info = channel === null ? undefined : image.info.channels[channel];
    this.channel = info ? new Channel(image, info) : null;
  }
}
