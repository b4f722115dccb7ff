import fc from "fast-check";
import type { DataType } from "../../src/core/dtype.ts";
import { channelText } from "../../src/formula/check/names.ts";
import { BLENDS } from "../../src/formula/functions/blend-modes.ts";
import { callName, type FunctionRow, functionTable, type ScopeChannel } from "../../src/formula/index.ts";
import { channel, scopeOf } from "./support.ts";

/** Random formulas, made from the function table itself: a new row is tried without anybody thinking of it. */

/** A formula before it is written: the same tree can be written in many ways. */
export type Tree =
  | { readonly kind: "leaf"; readonly text: string }
  | { readonly kind: "call"; readonly row: FunctionRow; readonly args: readonly Tree[] };

const TYPES: readonly DataType[] = [
  "bit",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float16",
  "float32",
  "float64",
];
const NAMES = ["bit", "red", "UV-1", "a+b", "__proto__", "B(1", "twice", "ünï", "twice", "b3"];

/** Every stored type, with and without missing data, under names that need care. */
export const EVERY_TYPE = scopeOf(
  TYPES.flatMap((dataType, index) => {
    const name = NAMES[index] ?? "";
    const facts: Partial<ScopeChannel> = index % 3 === 0 ? { scale: 0.25, offset: -3 } : {};
    const window = index % 2 === 1 ? ([-20, 300] as const) : undefined;
    return [
      channel(name, dataType, { ...facts, nan: dataType.startsWith("float") }),
      channel(`${name} with gaps`, dataType, { nan: true, ...(window ? { window } : {}) }),
    ];
  }),
);

const CONSTANTS = [
  "0",
  "-0",
  "1",
  "2",
  "0.5",
  "-1",
  "3",
  "255",
  "1e-3",
  "1e38",
  "-3e38",
  "1e-40",
  "1e999",
  "-1e999",
  "(0/0)",
  "pi",
];

const leaf = (text: string): Tree => ({ kind: "leaf", text });
const leaves = (texts: fc.Arbitrary<string>) => texts.map(leaf);
const channelNumbers = EVERY_TYPE.channels.map((_, index) => index);
const channelLeaf = fc.constantFrom(...channelNumbers).map((index) => leaf(channelText(EVERY_TYPE, index, 0, 0)));
const normalised = channelNumbers.filter((index) => {
  const one = EVERY_TYPE.channels[index];
  return one && (!one.dataType.startsWith("float") || one.window);
});
const finite = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value).replace("e+", "e")),
);
const colourText = fc.constantFrom('"#ff8800"', '"#F80"', '"orange"', "'navy'", '"#0102fe"');
const colormapText = fc.constantFrom('"gray"', '"viridis_r"', '"Turbo"', "'rdylgn'", '"jet"');
const partText = fc.constantFrom(
  '"red"',
  '"hue"',
  '"saturation"',
  '"value"',
  '"hsl-saturation"',
  '"lightness"',
  '"l"',
  "'A'",
  '"b"',
);
const modeText = fc.constantFrom(...Object.keys(BLENDS).map((mode) => JSON.stringify(mode)));
const texts: ReadonlyMap<string, fc.Arbitrary<string>> = new Map([
  ["colormap", colormapText],
  ["component", partText],
  ["blend", modeText],
]);
const orderedPair = fc
  .tuple(fc.integer({ min: -100, max: 400 }), fc.integer({ min: 1, max: 300 }))
  .map(([low, step]) => [String(low), String(low + step)] as const);

type Kind = "number" | "shade" | "color";

/** What a row can give, by the kind of its arguments of any type. */
function kindsOf(row: FunctionRow): readonly Kind[] {
  if (typeof row.result === "string") return [row.result];
  if (isTone(row)) return ["shade", "color"];
  return row.name === "where" ? ["number", "shade", "color"] : ["number", "color"];
}

/** Changes shades, and the components of colours. */
function isTone(row: FunctionRow): boolean {
  return row.category === "display" && row.componentwise === true;
}

const roots = new Map<FunctionRow, fc.Arbitrary<Tree>[]>();

export const trees: Record<Kind, fc.Arbitrary<Tree>> = fc.letrec<Record<Kind, Tree>>((tie) => {
  const depthIdentifier = fc.createDepthIdentifier();
  const among = (...options: fc.Arbitrary<Tree>[]) =>
    fc.oneof({ maxDepth: 4, depthSize: "small", depthIdentifier }, ...options);
  const [number, shade, color] = [tie("number"), tie("shade"), tie("color")];

  /** The arguments of a row that need more than their type. */
  const special = (row: FunctionRow, kind: Kind): fc.Arbitrary<readonly Tree[]> | null => {
    const toned = kind === "color" ? color : shade;
    const strength = fc.oneof(leaves(fc.constantFrom("2.2", "0.45", "1", "12")), channelLeaf);
    switch (row.name) {
      case "^":
        return fc.tuple(number, fc.oneof(leaves(fc.integer({ min: -18, max: 18 }).map(String)), number));
      case "window":
        return fc.oneof(
          number.map((x) => [x]),
          fc.tuple(number, orderedPair).map(([x, [low, high]]) => [x, leaf(low), leaf(high)]),
          fc.tuple(number, channelLeaf, number),
        );
      case "stretch":
        return fc.oneof(
          number.map((x) => [x]),
          number.map((x) => [x, leaf("2"), leaf("98.5")]),
        );
      case "gamma":
      case "contrast":
        return fc.tuple(toned, strength);
      case "sigmoid":
        return fc.oneof(fc.tuple(toned, strength), fc.tuple(toned, strength, number));
      case "invert":
        return fc.tuple(toned);
      case "shift":
        return fc.tuple(number, fc.oneof(leaves(fc.integer({ min: -24, max: 24 }).map(String)), number));
      case "bit":
        return fc.tuple(number, fc.oneof(leaves(fc.integer({ min: 0, max: 24 }).map(String)), number));
      case "ramp":
      case "intervals":
      case "classes":
        return fc
          .tuple(number, fc.uniqueArray(fc.integer({ min: -50, max: 300 }), { minLength: 2, maxLength: 5 }), colourText)
          .map(([x, places, colour]) => {
            const rising = places.toSorted((a, b) => a - b);
            return [x, ...rising.map((at, index) => leaf(`${at}: ${index % 2 === 0 ? colour : '"#00ff80"'}`))];
          });
      case "phys":
        return fc.tuple(channelLeaf);
      case "zscale":
        return fc.oneof(fc.tuple(number), fc.tuple(number, leaves(fc.constantFrom("0.1", "1"))));
      case "percentile":
        return fc.tuple(number, leaves(fc.constantFrom("0", "12.5", "100")));
      case "cdf":
        return fc
          .tuple(number, fc.array(fc.integer({ min: -50, max: 300 }), { minLength: 2, maxLength: 5 }))
          .map(([x, quantiles]) => [x, ...quantiles.toSorted((a, b) => a - b).map((one) => leaf(String(one)))]);
      case "zmax":
      case "zmin":
      case "zmean":
      case "zsum":
        return fc.oneof(fc.tuple(channelLeaf), fc.tuple(channelLeaf, leaves(fc.constant("0"))));
      case "norm":
        return fc.tuple(fc.constantFrom(...normalised).map((index) => leaf(channelText(EVERY_TYPE, index, 0, 0))));
      default:
        return null;
    }
  };

  const call = (row: FunctionRow, kind: Kind): fc.Arbitrary<Tree> => {
    let coloured = false;
    const argument = (type: string): fc.Arbitrary<Tree> => {
      switch (type) {
        case "number":
          return number;
        case "shade":
          return fc.oneof(number, shade);
        case "color":
          return fc.oneof({ arbitrary: color, weight: 3 }, shade, number);
        case "stop":
          return leaves(colourText);
        case "text":
          return leaves(texts.get(row.name) ?? colourText);
        default: {
          if (kind !== "color") return kind === "shade" ? shade : fc.oneof({ arbitrary: number, weight: 3 }, shade);
          const first = !coloured;
          coloured = true;
          return first ? color : fc.oneof(color, number);
        }
      }
    };
    const fixed = row.parameters.map(({ type }) => argument(type));
    const last = row.parameters.at(-1);
    const more = last?.rest ? fc.array(argument(last.type), { maxLength: 2 }) : fc.constant([]);
    const args = special(row, kind) ?? fc.tuple(fc.tuple(...fixed), more).map(([some, others]) => [...some, ...others]);
    return args.map((made) => ({ kind: "call", row, args: made }));
  };
  // Neighbourhoods are calculated of planes, and tested apart.
  const ofOnePixel = functionTable.filter(({ category }) => category !== "neighbourhood");
  const rows = (kind: Kind) =>
    ofOnePixel
      .filter((row) => kindsOf(row).includes(kind))
      .map((row) => {
        const made = call(row, kind);
        roots.set(row, [...(roots.get(row) ?? []), made]);
        return made;
      });
  const numberLeaf = fc.oneof(
    { arbitrary: channelLeaf, weight: 4 },
    leaves(fc.constantFrom(...CONSTANTS)),
    leaves(finite),
  );
  return {
    number: among(numberLeaf, ...rows("number")),
    shade: among(
      channelLeaf.map((text) => ({ kind: "call", row: rowNamed("window"), args: [text, leaf("3"), leaf("190")] })),
      ...rows("shade"),
    ),
    color: among(
      colourText.map((text) => ({ kind: "call", row: rowNamed("colour"), args: [leaf(text)] })),
      ...rows("color"),
    ),
  };
});

/** For each function of one pixel, trees at whose root it stands, of every kind that it gives. */
export const treesOf: readonly { readonly name: string; readonly tree: fc.Arbitrary<Tree> }[] = [...roots].map(
  ([{ name }, made]) => ({ name, tree: fc.oneof(...made) }),
);

/** A picture, or the numbers of one. */
export const anyTree: fc.Arbitrary<Tree> = fc.oneof(trees.number, trees.shade, trees.color);

function rowNamed(name: string): FunctionRow {
  const row = functionTable.find((one) => one.name === name);
  if (!row) throw new Error(`no row ${name}`);
  return row;
}

/** Written plainly, every operation in parentheses. */
export function write(tree: Tree): string {
  if (tree.kind === "leaf") return tree.text;
  return callText(tree.row, tree.args.map(write));
}

function callText(row: FunctionRow, args: readonly string[], name = callName(row)): string {
  if (name !== null) return `${name}(${args.join(", ")})`;
  const [a, b] = args;
  return b === undefined ? `(${row.name === "neg" ? "-" : row.name}(${a}))` : `((${a}) ${row.name} (${b}))`;
}

const SPACES = ["", " ", "  ", "\n", "\t", " /* why */ ", " /* so\n */"];

/**
 * The same formula in other words: operands of commutative rows change places, parts move into `let`, spaces and comments
 * come in, other spellings and superfluous parentheses are used. `seed` decides.
 */
export function writeDifferently(tree: Tree, seed: number): string {
  const random = generator(seed);
  const pick = <T>(items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0];
  const bindings: string[] = [];
  const space = () => pick(["", "", ...SPACES]);
  const visit = (node: Tree): string => {
    if (node.kind === "leaf") return `${space()}${node.text}${space()}`;
    const { row } = node;
    const args = node.args.map(visit);
    const swaps = row.commutative === "all" || (row.commutative === "pair" && args.length === 2);
    const ordered = swaps && random() < 0.5 ? [...args].reverse() : args;
    const names = [row.name, ...(row.aliases ?? [])].filter((one) => /^\w+$/.test(one) && one !== "neg");
    const spelling = names.length === 0 ? null : (names[Math.floor(random() * names.length)] ?? null);
    const text = callText(row, ordered, spelling);
    if (random() < 0.15) {
      bindings.push(`let part${bindings.length}${space()} = ${text};`);
      return `part${bindings.length - 1}`;
    }
    return random() < 0.15 ? `(${text})` : text;
  };
  const body = visit(tree);
  return [...bindings, body].join(space());
}

/** Numbers from 0 to 1, the same for a seed (Marsaglia's xorshift32). */
export function generator(seed: number): () => number {
  let state = Math.imul(seed | 0, 2654435761) ^ 0x9e3779b9 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
