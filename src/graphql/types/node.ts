import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({ description: "An object that can be asked for again by its id (Relay's object identification)." })
export abstract class Node {
  @Field(() => ID, { description: "Globally unique; opaque." })
  abstract readonly id: string;
}
