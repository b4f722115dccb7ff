import { Field, ObjectType } from "type-graphql";
import type { BandloomError } from "../../core/errors.ts";

@ObjectType({ simpleResolvers: true, description: "Why an image of the catalogue cannot be read." })
export class ImageProblem {
  @Field(() => String, { description: "Of the image." })
  readonly key: string;

  @Field(() => String, { description: "As errors have it in extensions.code." })
  readonly code: string;

  @Field(() => String, { description: "The reason and what to do, for people." })
  readonly message: string;

  constructor(key: string, { code, message }: BandloomError) {
    this.key = key;
    this.code = code;
    this.message = message;
  }
}
