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
import { flipLevel, levelSize, type Size, tileGrid } from "../../core/geometry.ts";
import { DEFAULT_TILE_SIZE } from "../../core/picture-defaults.ts";
import { CONSTANTS, callName, colormapNames, functionTable } from "../../formula/index.ts";
import type { ServedImage } from "../../service/types/image.ts";
import { DEFAULT_REGION_SIDE } from "../address.ts";
import { pageRequest } from "../page.ts";
import { collectFields, INLINE_FIELDS, type Reading, selectsBelow, subselections } from "../selections.ts";
import { printedValues } from "./introspection.ts";
import { fittedSize, measurePrice, PRINTED, picturesPrice, probePrice, REFERENCE } from "./price.ts";

/** Channels of an image that is not known yet. */
const ASSUMED_CHANNELS = 64;

export interface CostOptions {
  readonly schema: GraphQLSchema;
  readonly reading: Reading;
  /** Images that are already open: ranges are cut to what exists in them. */
  readonly images: ReadonlyMap<string, ServedImage>;
  /** What is beyond need not be counted to its end. */
  readonly limit: number;
}

export interface OperationCost {
  readonly cost: number;
  /** The part of it that is known for sure: what lists print. The rest is charged when it is done, by what it takes. */
  readonly printed: number;
  /** Keys of the images that the operation names. */
  readonly keys: ReadonlySet<string>;
}

/** What is known at one place of the operation. */
interface Place {
  readonly type: string;
  /** How often this place is executed: the product of the lists above it. */
  readonly times: number;
  readonly image: ServedImage | undefined;
  /** What stands here is of a list that the server makes up: each value of it costs. */
  readonly printed: boolean;
  /** Of the histogram here. */
  readonly bins: number;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What a field costs by itself, and how it changes the place for what is below. */
interface FieldCost {
  readonly cost?: (args: Arguments, place: Place, inline: boolean) => number;
  readonly below?: (args: Arguments, place: Place, options: CostOptions) => Partial<Place>;
}

const list = (entries: number) => ({ below: (_args: Arguments, { times }: Place) => ({ times: times * entries }) });
/** By the level and region that the text names; the least where it names none, as only the image tells. */
const statistics: FieldCost = {
  cost: (args, place) => measurePrice({ pixels: pixelsRead(args, place), channels: 1, cost: 0 }),
  below: ({ bins }) => ({ bins: Number(bins) }),
};
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
  "Query.colormaps": { below: (_args, { times }) => ({ times: times * colormapNames.length, printed: true }) },
  "Colormap.colors": { cost: ({ count }) => PRINTED * (Math.max(Number(count), 1) - 1) },
  "Query.formulaLanguage": { below: () => ({ printed: true }) },
  "FormulaLanguage.functions": list(functionTable.filter((row) => callName(row) !== null).length),
  "FormulaLanguage.operators": list(functionTable.filter(({ category }) => category === "operator").length),
  "FormulaLanguage.constants": list(CONSTANTS.size),
  "Histogram.counts": { cost: (_args, { bins }) => PRINTED * Math.max(0, bins) },
  "Image.channels": channels,
  "Image.thumbnail": {
    cost: ({ maxSize }, { image }, inline) => {
      const side = Number(maxSize);
      return inline ? picturesPrice(1, fittedSize(image?.info ?? { width: side, height: side }, side)) : REFERENCE;
    },
  },
  "Subscription.tiles": {
    // Every tile is rendered, whatever is selected of it.
    cost: ({ input }, place) => tilesPrice(input as Arguments, place, true),
    below: ({ input }, _place, { images }) => ({ image: images.get(String((input as Arguments).imageKey)) }),
  },
  "Rendering.channels": channels,
  "Rendering.tiles": { cost: tilesPrice },
  "Rendering.tile": {
    cost: ({ tileSize }, _place, inline) => (inline ? picturesPrice(1, square(tileSize)) : REFERENCE),
  },
  "Rendering.region": {
    cost: ({ region, maxSize }, _place, inline) =>
      inline ? picturesPrice(1, fittedSize(region as Size, Number(maxSize ?? DEFAULT_REGION_SIDE))) : REFERENCE,
  },
  "Rendering.probe": {
    cost: ({ points }) => probePrice({ pixels: (points as readonly unknown[]).length, channels: 1, cost: 0 }),
  },
  "Rendering.statistics": statistics,
  "Channel.statistics": statistics,
};

/**
 * Cost of an operation, from its text and variables alone: pictures by number and size, readings by their pixels, lists by what they print. What
 * a formula costs it does not tell. Throws BAD_REQUEST for impossible pages, which decide how often everything below is executed.
 */
export function operationCost(operation: OperationDefinitionNode, options: CostOptions): OperationCost {
  const keys = new Set<string>();
  const { schema, reading, limit } = options;
  let printed = 0;

  const visit = (fields: readonly FieldNode[], place: Place): number => {
    let sum = 0;
    for (const selected of collectFields(subselections(fields), reading).values()) {
      const [first] = selected;
      if (!first) continue;
      const type = first.onType ?? place.type;
      const nodes = selected.map(({ node }) => node);
      const field = fieldOf(schema, type, first.node.name.value);
      if (!field) {
        printed += PRINTED * printedValues(nodes, options, limit / PRINTED);
        continue;
      }
      const rule = FIELDS[`${type}.${field.name}`];
      const args = rule ? getArgumentValues(field, first.node, reading.variableValues) : {};
      if (type === "Query" && field.name === "image") keys.add(String(args.key));
      if (type === "Subscription" && field.name === "tiles") keys.add(String((args.input as Arguments).imageKey));
      if (rule?.cost) {
        const inline = selectsBelow(nodes, INLINE_FIELDS, reading);
        const image = options.images.get(String((args.input as Arguments | undefined)?.imageKey));
        const price = place.times * rule.cost(args, image ? { ...place, image } : place, inline);
        if (place.printed) printed += price;
        else sum += price;
      }
      const result = getNamedType(field.type);
      if (!isCompositeType(result)) {
        if (place.printed) printed += PRINTED * place.times;
        continue;
      }
      sum += visit(nodes, { ...place, type: result.name, ...rule?.below?.(args, place, options) });
    }
    return sum;
  };

  const root: FieldNode = { ...ROOT, selectionSet: operation.selectionSet };
  const { name } = schema.getRootType(operation.operation) ?? { name: "Query" };
  const pixels = visit([root], { type: name, times: 1, image: undefined, printed: false, bins: 0 });
  return { cost: Math.ceil(pixels + printed), printed: Math.ceil(printed), keys };
}

const ROOT = { kind: "Field", name: { kind: "Name", value: "query" } } as FieldNode;

function fieldOf(schema: GraphQLSchema, typeName: string, name: string): GraphQLField<unknown, unknown> | undefined {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

function tilesPrice(args: Arguments, place: Place, inline: boolean): number {
  const count = tileCount(args, place);
  return inline ? picturesPrice(count, square(args.tileSize)) : REFERENCE * count;
}

/** A size that is not served yields an error. */
function square(tileSize: unknown): Size {
  const side = Math.max(1, Number(tileSize ?? DEFAULT_TILE_SIZE));
  return { width: side, height: side };
}

/** Pixels of a level that statistics read, as far as the text tells. */
function pixelsRead({ level, region }: Arguments, { image }: Place): number {
  const asked = (region ?? image?.info) as Size | undefined;
  if (typeof level !== "number" || !asked) return 0;
  const { width, height } = image?.info ?? asked;
  const cut = { width: Math.min(asked.width, width), height: Math.min(asked.height, height) };
  const read = levelSize(cut, Math.max(0, level));
  return Math.max(0, read.width) * Math.max(0, read.height);
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
  const size = typeof tileSize === "number" && tileSize >= 1 ? tileSize : DEFAULT_TILE_SIZE;
  return tileGrid(levelSize(image.info, Math.min(Math.max(index, 0), image.levels - 1)), size);
}

function span(from: number, to: number, count: number | undefined): number {
  const first = count === undefined ? from : Math.max(from, 0);
  const last = count === undefined ? to : Math.min(to, count - 1);
  return Math.max(0, last - first + 1);
}
