import { Field, Float, ObjectType } from "type-graphql";
import type { ChannelClass as Class } from "../../source/types.ts";
import { HexColor } from "../scalars.ts";

@ObjectType({ simpleResolvers: true, description: "What one value of a categorical channel means." })
export class ChannelClass {
  @Field(() => Float, { description: "As stored." })
  readonly value: number;

  @Field(() => String, { nullable: true, description: "For people, when the file tells." })
  readonly name: string | null;

  @Field(() => HexColor, {
    nullable: true,
    description: "Its color when the file tells; null too where it is transparent.",
  })
  readonly color: string | null;

  constructor({ value, name, color }: Class) {
    this.value = value;
    this.name = name;
    this.color = color;
  }
}
