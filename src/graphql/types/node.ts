import { ID, InterfaceType } from "type-graphql";
import { encodeId, type NodeRef } from "../ids.ts";
import { Property } from "./property.ts";

@InterfaceType({ description: "An object that can be asked for again by its id (Relay's object identification)." })
export abstract class Node {
  // A concrete getter: no compiler emits decorators of abstract members.
  @Property(() => ID, { description: "Globally unique; opaque." })
  get id(): string {
    return encodeId(this.nodeRef());
  }

  protected abstract nodeRef(): NodeRef;
}
