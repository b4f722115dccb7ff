import { Field, Int, ObjectType } from "type-graphql";
import { byCodePoint } from "../../core/code-points.ts";
import type { Preset as ServicePreset } from "../../service/types/preset.ts";
import { encodeCursor } from "../ids.ts";
import { type PageRequest, slicePage } from "../page.ts";
import { PageInfo } from "./page-info.ts";
import { Preset } from "./preset.ts";

@ObjectType({ simpleResolvers: true, description: "An entry of a list of presets." })
export class PresetEdge {
  @Field(() => String, { description: "Stable while other presets come and go." })
  readonly cursor: string;

  @Field(() => Preset, { description: "The preset." })
  readonly node: Preset;

  constructor(cursor: string, node: Preset) {
    this.cursor = cursor;
    this.node = node;
  }
}

@ObjectType({ simpleResolvers: true, description: "A page of presets, sorted by the key of their image and by name." })
export class PresetConnection {
  @Field(() => [PresetEdge], { description: "With cursors." })
  readonly edges: readonly PresetEdge[];

  @Field(() => [Preset], { description: "Without cursors." })
  readonly nodes: readonly Preset[];

  @Field(() => PageInfo, { description: "Where the page lies." })
  readonly pageInfo: PageInfo;

  @Field(() => Int, { description: "Presets that match, on all pages." })
  readonly totalCount: number;

  constructor(presets: readonly ServicePreset[], request: PageRequest) {
    const byPlace = new Map(presets.map((preset) => [placeOf(preset), preset]));
    const page = slicePage([...byPlace.keys()].sort(byCodePoint), request);
    this.edges = page.keys.flatMap((place) => {
      const preset = byPlace.get(place);
      return preset ? [new PresetEdge(encodeCursor(place), new Preset(preset))] : [];
    });
    this.nodes = this.edges.map(({ node }) => node);
    this.pageInfo = new PageInfo(page);
    this.totalCount = presets.length;
  }
}

/** In the order of keys, then names: keys hold no control characters. */
function placeOf({ imageKey, name }: ServicePreset): string {
  return `${imageKey ?? ""}\0${name}`;
}
