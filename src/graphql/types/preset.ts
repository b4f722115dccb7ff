import { ObjectType } from "type-graphql";
import type { ImagePreset } from "../../service/catalogue/types.ts";
import type { NodeRef } from "../ids.ts";
import { Node } from "./node.ts";
import { Property } from "./property.ts";

@ObjectType({ implements: Node, simpleResolvers: true, description: "A formula with a name." })
export class Preset extends Node {
  readonly #preset: ImagePreset;

  constructor(preset: ImagePreset) {
    super();
    this.#preset = preset;
  }

  protected override reference(): NodeRef {
    return { type: "Preset", name: this.name, key: this.#preset.imageKey };
  }

  @Property(() => String, { description: "What people choose it by; one of its own among those of an image." })
  get name(): string {
    return this.#preset.name;
  }

  @Property(() => String, { nullable: true, description: "For people." })
  get description(): string | null {
    return this.#preset.description;
  }

  @Property(() => String, { description: "As the catalogue has it: what is wrong with it, a rendering of it tells." })
  get formula(): string {
    return this.#preset.formula;
  }

  @Property(() => String, { nullable: true, description: "Image that it belongs to; null: any that has its channels." })
  get imageKey(): string | null {
    return this.#preset.imageKey;
  }
}
