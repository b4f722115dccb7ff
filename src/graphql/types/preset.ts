import { ObjectType } from "type-graphql";
import type { Preset as ServicePreset } from "../../service/types/preset.ts";
import { PresetCategory, PresetOrigin } from "../enums.ts";
import type { NodeRef } from "../ids.ts";
import { Node } from "./node.ts";
import { Property } from "./property.ts";

@ObjectType({ implements: Node, simpleResolvers: true, description: "A formula with a name." })
export class Preset extends Node {
  readonly #preset: ServicePreset;

  constructor(preset: ServicePreset) {
    super();
    this.#preset = preset;
  }

  protected override nodeRef(): NodeRef {
    return { type: "Preset", name: this.name, key: this.#preset.imageKey ?? "" };
  }

  @Property(() => String, { description: "What people choose it by; one of its own among those of an image." })
  get name(): string {
    return this.#preset.name;
  }

  @Property(() => String, { nullable: true, description: "What it is, in a line; of the library." })
  get title(): string | null {
    return this.#preset.title;
  }

  @Property(() => String, { nullable: true, description: "For people." })
  get description(): string | null {
    return this.#preset.description;
  }

  @Property(() => String, {
    nullable: true,
    description:
      "As it was written: what is wrong with it, a rendering of it tells. Of the library: with the channels of the image that was asked, else with names of bands (nir, swir1); null where it is made of whatever channels an image has.",
  })
  get formula(): string | null {
    return this.#preset.formula;
  }

  @Property(() => String, { nullable: true, description: "Image that it belongs to; null: any that has its channels." })
  get imageKey(): string | null {
    return this.#preset.imageKey;
  }

  @Property(() => PresetCategory, { nullable: true, description: "What it is for; of the library." })
  get category(): PresetCategory | null {
    return this.#preset.category;
  }

  @Property(() => String, { nullable: true, description: "Where it comes from; of the library." })
  get reference(): string | null {
    return this.#preset.reference;
  }

  @Property(() => PresetOrigin, { description: "Who named it." })
  get origin(): PresetOrigin {
    return this.#preset.origin;
  }
}
