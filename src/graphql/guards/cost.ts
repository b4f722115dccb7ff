import {
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type OperationDefinitionNode,
} from "graphql";
import { flipLevel, levelSize, tileGrid } from "../../core/geometry.ts";
import type { ServedImage } from "../../service/types/image.ts";
import { pageRequest } from "../page.ts";
import { collectFields, INLINE_FIELDS, type Reading, selectsBelow, subselections } from "../selections.ts";

/** A tile or a picture by reference. */
const REFERENCE = 1;
/** Pixels that are read and encoded for the answer. */
const RENDERED = 20;
/** Channels of an image that is not known yet. */
const ASSUMED_CHANNELS = 64;

export interface CostOptions {
  readonly schema: GraphQLSchema;
  readonly reading: Reading;
  /** Images that are already open: ranges are cut to what exists in them. */
  readonly images: ReadonlyMap<string, ServedImage>;
}

export interface OperationCost {
  readonly cost: number;
  /** Keys of the images that the operation names. */
  readonly keys: ReadonlySet<string>;
}

/** What is known at one place of the operation. */
interface Place {
  readonly type: string;
  /** How often this place is executed: the product of the lists above it. */
  readonly times: number;
  readonly image: ServedImage | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What a field costs by itself, and how it changes the place for what is below. */
interface FieldCost {
  readonly cost?: (args: Arguments, place: Place, inline: boolean) => number;
  readonly below?: (args: Arguments, place: Place, options: CostOptions) => Partial<Place>;
}

const picture = (_args: Arguments, _place: Place, inline: boolean) => (inline ? RENDERED : REFERENCE);
const reading = () => RENDERED;
const channels = {
  below: (_args: Arguments, { times, image }: Place) => ({
    times: times * (image?.info.channels.length ?? ASSUMED_CHANNELS),
  }),
};

/** Every field that costs or multiplies; all others are free. */
const FIELDS: Readonly<Record<string, FieldCost>> = {
  "Query.image": { below: ({ key }, _place, { images }) => ({ image: images.get(String(key)) }) },
  "Query.images": {
    below: (args, { times }) => ({ times: times * pageRequest(args).size, image: undefined }),
  },
  "Image.channels": channels,
  "Image.thumbnail": { cost: picture },
  "Subscription.tiles": {
    // Every tile is rendered, whatever is selected of it.
    cost: ({ input }, place) => tileCount(input as Arguments, place) * RENDERED,
    below: ({ input }, _place, { images }) => ({ image: images.get(String((input as Arguments).imageKey)) }),
  },
  "Rendering.channels": channels,
  "Rendering.tiles": { cost: (args, place, inline) => tileCount(args, place) * (inline ? RENDERED : REFERENCE) },
  "Rendering.tile": { cost: picture },
  "Rendering.region": { cost: picture },
  "Rendering.probe": { cost: reading },
  "Rendering.statistics": { cost: reading },
  "Channel.statistics": { cost: reading },
};

/**
 * Cost of an operation, from its text and variables alone: Σ tiles × (1 as URL, 20 rendered), other pictures and readings of
 * pixels like one tile. Throws BAD_REQUEST for impossible pages, which decide how often everything below is executed.
 */
export function operationCost(operation: OperationDefinitionNode, options: CostOptions): OperationCost {
  const keys = new Set<string>();
  const { schema, reading } = options;

  const visit = (fields: readonly FieldNode[], place: Place): number => {
    let sum = 0;
    for (const selected of collectFields(subselections(fields), reading).values()) {
      const [first] = selected;
      if (!first) continue;
      const type = first.onType ?? place.type;
      const field = fieldOf(schema, type, first.node.name.value);
      if (!field) continue;
      const nodes = selected.map(({ node }) => node);
      const rule = FIELDS[`${type}.${field.name}`];
      const args = rule ? getArgumentValues(field, first.node, reading.variableValues) : {};
      if (type === "Query" && field.name === "image") keys.add(String(args.key));
      if (type === "Subscription" && field.name === "tiles") keys.add(String((args.input as Arguments).imageKey));
      if (rule?.cost) {
        const inline = selectsBelow(nodes, INLINE_FIELDS, reading);
        const image = options.images.get(String((args.input as Arguments | undefined)?.imageKey));
        sum += place.times * rule.cost(args, image ? { ...place, image } : place, inline);
      }
      const result = getNamedType(field.type);
      if (!isCompositeType(result)) continue;
      sum += visit(nodes, { ...place, type: result.name, ...rule?.below?.(args, place, options) });
    }
    return sum;
  };

  const root: FieldNode = { ...ROOT, selectionSet: operation.selectionSet };
  const { name } = schema.getRootType(operation.operation) ?? { name: "Query" };
  return { cost: visit([root], { type: name, times: 1, image: undefined }), keys };
}

const ROOT = { kind: "Field", name: { kind: "Name", value: "query" } } as FieldNode;

function fieldOf(schema: GraphQLSchema, typeName: string, name: string): GraphQLField<unknown, unknown> | undefined {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

/** Tiles that a `tiles` field asks for; of an open image, those that exist. */
function tileCount(args: Arguments, { image }: Place): number {
  const { from: fromX, to: toX } = args.x as Range;
  const { from: fromY, to: toY } = args.y as Range;
  const grid = image && gridOf(args, image);
  const columns = span(fromX, toX, grid?.columns);
  return columns * span(fromY, toY, grid?.rows);
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function gridOf({ level, zoom, tileSize }: Arguments, image: ServedImage): ReturnType<typeof tileGrid> {
  const index = typeof level === "number" ? level : flipLevel(image.levels, Number(zoom ?? 0));
  // What is no level or tile size of this image yields an error, not tiles: any grid will do.
  const size = typeof tileSize === "number" && tileSize >= 1 ? tileSize : 256;
  return tileGrid(levelSize(image.info, Math.min(Math.max(index, 0), image.levels - 1)), size);
}

function span(from: number, to: number, count: number | undefined): number {
  const first = count === undefined ? from : Math.max(from, 0);
  const last = count === undefined ? to : Math.min(to, count - 1);
  return Math.max(0, last - first + 1);
}
