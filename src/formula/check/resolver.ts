import type { DataType } from "../../core/dtype.ts";
import type { Expr } from "../expr.ts";
import { given } from "../functions/define.ts";
import { callableNames, findRow } from "../functions/table.ts";
import type { Placement } from "../placement.ts";
import { isIdentifier } from "../print.ts";
import { shown } from "../problem.ts";
import type { FormulaScope, ScopeImage } from "../scope.ts";
import { suggest } from "../suggest.ts";
import type { ImageNode, MemberNode, NameNode, OrdinalNode, PlaneNode } from "../syntax/tree.ts";
import type { ExprBuilder } from "./builder.ts";
import { findImage, placementOf } from "./images.ts";
import { bandIn, ChannelNames, CONSTANTS, channelText, type FoundBy, fold } from "./names.ts";
import type { Meant, Problems } from "./problems.ts";

const WHOLE_NUMBERS = "whole numbers beyond 16,777,216 are rounded to the nearest of 24 bits.";
/** What float32 cannot hold of stored samples. */
const LOST_PRECISION: ReadonlyMap<DataType, string> = new Map([
  ["uint32", WHOLE_NUMBERS],
  ["int32", WHOLE_NUMBERS],
  ["float64", "about 7 digits of each number are left, and magnitudes beyond 3.4e38 are no data."],
]);
/** Names listed in a message at most. */
const LISTED_NAMES = 20;

/** An image that a formula reads channels of: the one that is shown (no placement), or another that is laid over it. */
interface ReadImage {
  readonly image: ScopeImage;
  readonly names: ChannelNames;
  readonly placement: Placement | null;
}

/** What a `let` or a `use` stands for; null: part of it is in error. */
export type Bound =
  | { readonly kind: "value"; readonly expr: Expr | null }
  | { readonly kind: "image"; readonly image: ReadImage | null };

/** Finds what names mean: bindings, channels, planes, other images, constants. Problems go into the list, null stands for them. */
export class Resolver {
  readonly #scope: FormulaScope;
  readonly #builder: ExprBuilder;
  readonly #problems: Problems;
  readonly #own: ReadImage;
  readonly #bound = new Map<string, Bound>();
  readonly #names = new Map<ScopeImage, ChannelNames>();

  constructor(scope: FormulaScope, builder: ExprBuilder, problems: Problems) {
    this.#scope = scope;
    this.#builder = builder;
    this.#problems = problems;
    this.#own = { image: scope, names: this.#namesOf(scope), placement: null };
  }

  bind(name: NameNode, bound: Bound): void {
    if (this.#bound.has(name.name)) {
      this.#problems.error("REDEFINED_NAME", `${shown(name.name)} is defined already: choose another name.`, name);
      return;
    }
    if (this.#own.names.find(name.name, false).kind !== "none")
      this.#problems.advise(
        "SHADOWED_NAME",
        `${shown(name.name)} hides the channel that this name would find; the channel can still be written in backticks or by its number.`,
        name,
      );
    this.#bound.set(name.name, bound);
  }

  name(node: NameNode): Expr | null {
    const bound = node.quoted ? undefined : this.#bound.get(node.name);
    if (bound?.kind === "value") return bound.expr;
    if (bound)
      return (
        bound.image && this.#notAChannel(`${shown(node.name)} is an image`, `${shown(node.name)}.`, bound.image, node)
      );
    const index = this.#channelIndex(this.#own, node);
    if (index !== null) return index < 0 ? null : this.#channel(this.#own, index, node);
    const constant = node.quoted ? undefined : CONSTANTS.get(node.name);
    return constant ? this.#builder.constant(constant.value) : this.#unknown(this.#own, node);
  }

  ordinal(node: OrdinalNode): Expr | null {
    return this.#ordinalOf(this.#own, node);
  }

  /** `before.red` */
  member({ object, member }: MemberNode): Expr | null {
    const read = object.kind === "image" ? this.image(object) : this.#namedImage(object);
    if (read === null) return null;
    if (member.kind === "ordinal") return this.#ordinalOf(read, member);
    const index = this.#channelIndex(read, member);
    if (index !== null) return index < 0 ? null : this.#channel(read, index, member);
    return this.#unknown(read, member);
  }

  /** `image("…")`; an image laid over itself, in place, is the image itself. */
  image(node: ImageNode): ReadImage | null {
    const image = findImage(this.#scope, node.key, node.keyAt, this.#problems);
    const placement = placementOf(node, this.#problems);
    return image && placement && this.#placed(image, placement);
  }

  /** An image where a value is due. */
  imageAsValue(node: ImageNode): null {
    const read = this.image(node);
    return read && this.#notAChannel("This is an image", 'image("…").', read, node);
  }

  /** `dapi[z=3]`, of the channel that `target` is. */
  plane(node: PlaneNode, target: Expr): Expr | null {
    if (target.kind !== "channel" && target.kind !== "placed")
      return this.#problems.error("TYPE_MISMATCH", "A plane is chosen of a channel, as in dapi[z=3].", node);
    const image = target.kind === "placed" ? this.#builder.imageOf(target.placement) : this.#scope;
    const sizes = new Map([
      ["z", image.depth],
      ["t", image.times],
    ]);
    const chosen = new Map<string, number>();
    for (const { axis, index, ...range } of node.axes) {
      const size = sizes.get(axis);
      if (size === undefined)
        return this.#problems.error("BAD_ARGUMENT", `There is no axis ${shown(axis)}: planes have z and t.`, range);
      if (chosen.has(axis)) return this.#problems.error("BAD_ARGUMENT", `${axis} is given twice.`, range);
      if (index >= size)
        return this.#problems.error(
          "BAD_ARGUMENT",
          size === 1
            ? `There is no plane ${axis}=${index}: this image has one plane along ${axis} only, number 0.`
            : `There is no plane ${axis}=${index}: this image has ${axis}=0 to ${size - 1}.`,
          range,
        );
      chosen.set(axis, index);
    }
    return this.#builder.onPlane(target, chosen.get("z") ?? target.z, chosen.get("t") ?? target.t);
  }

  #namedImage(node: NameNode): ReadImage | null {
    const bound = node.quoted ? undefined : this.#bound.get(node.name);
    if (bound?.kind === "image") return bound.image;
    const what = `${shown(node.name)} is a ${bound ? "value" : "channel"}`;
    if (bound || this.#own.names.find(node.name, node.quoted).kind !== "none")
      return this.#problems.error(
        "TYPE_MISMATCH",
        `${what}, and only images have channels behind a point, as in image("slide-2020").red.`,
        node,
      );
    const image = findImage(this.#scope, node.name, node, this.#problems);
    return image && this.#placed(image, { image: node.name, dx: 0, dy: 0, scale: 1, nearest: false });
  }

  #placed(image: ScopeImage, placement: Placement): ReadImage {
    const { dx, dy, scale } = placement;
    const inPlace = image === this.#scope && dx === 0 && dy === 0 && scale === 1;
    return inPlace ? this.#own : { image, names: this.#namesOf(image), placement };
  }

  #namesOf(image: ScopeImage): ChannelNames {
    const names = this.#names.get(image) ?? new ChannelNames(image);
    this.#names.set(image, names);
    return names;
  }

  /** Index of a channel, −1 after an error, null when no channel has that name. */
  #channelIndex({ image, names }: ReadImage, node: NameNode): number | null {
    const found = names.find(node.name, node.quoted);
    if (found.kind === "none") return null;
    if (found.kind === "ambiguous") {
      const places = found.indices
        .slice(0, LISTED_NAMES)
        .map((index) => `@${index + 1} (${shown(image.channels[index]?.name ?? "")})`);
      this.#problems.error(
        "AMBIGUOUS_NAME",
        `${shown(node.name)} could be several channels: write one of ${places.join(", ")}.`,
        node,
      );
      return -1;
    }
    this.#warnMisleading(image, node, found.index, found.by);
    return found.index;
  }

  #ordinalOf(read: ReadImage, node: OrdinalNode): Expr | null {
    const count = read.image.channels.length;
    if (node.ordinal >= 1 && node.ordinal <= count) return this.#channel(read, node.ordinal - 1, node);
    const message = `There is no channel @${node.ordinal}: this image has @1 to @${count}.`;
    return this.#problems.error("UNKNOWN_NAME", message, node);
  }

  /** At the plane that the request names; of an image with another number of planes along an axis, its own where the request names none. */
  #channel({ image, placement }: ReadImage, index: number, node: NameNode | OrdinalNode): Expr | null {
    const { z, t } = this.#scope.plane;
    this.#warnImprecise(image, index, node);
    if (placement === null) return this.#builder.channel(index, z, t);
    const plane = { z: this.#planeOf(image, "depth", "z"), t: this.#planeOf(image, "times", "t") };
    if (plane.z < image.depth && plane.t < image.times) return this.#builder.placed(placement, index, plane.z, plane.t);
    const message = `The other image has no plane z=${plane.z}, t=${plane.t}: it has z=0 to ${image.depth - 1} and t=0 to ${image.times - 1}.`;
    return this.#problems.error("BAD_ARGUMENT", message, node);
  }

  /** Of another image, along one axis. */
  #planeOf(image: ScopeImage, size: "depth" | "times", axis: "z" | "t"): number {
    const { plane, shownPlane, [size]: count } = this.#scope;
    if (image[size] === 1) return 0;
    const isNamed = plane[axis] !== (shownPlane?.[axis] ?? 0);
    return image[size] === count || isNamed ? plane[axis] : (image.shownPlane?.[axis] ?? 0);
  }

  #notAChannel(what: string, before: string, { image }: ReadImage, node: NameNode | ImageNode): null {
    const name = image.channels[0] ? channelText({ ...image, depth: 1, times: 1 }, 0, 0, 0) : "";
    const message = `${what}, and a value is due: write one of its channels, as in ${before}${shown(name)}.`;
    return this.#problems.error("TYPE_MISMATCH", message, node);
  }

  #unknown({ image, placement }: ReadImage, node: NameNode): null {
    const own = placement === null;
    const names = image.channels.map((one) => one.name);
    const similar = suggest(node.name, own ? [...names, ...this.#bound.keys()] : names);
    // `UV-1 - green` without backticks is UV minus 1 minus green.
    const begun = names.filter((one) => !isIdentifier(one) && fold(one).startsWith(fold(node.name)));
    const close = similar.length > 0 ? similar : begun.slice(0, 3);
    const listed = names.slice(0, LISTED_NAMES).map(shown).join(", ");
    const more = names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : "";
    const constant = own && CONSTANTS.has(node.name.toLowerCase()) ? node.name.toLowerCase() : null;
    const meant = close.map((label): Meant => ({ label, replacement: writable(image, label) }));
    const first = constant ?? meant[0]?.replacement;
    const hint = first ? ` Did you mean ${shown(first)}?` : "";
    const call = callableNames.includes(node.name)
      ? ` ${node.name} is a function: ${given(findRow(node.name)).example}.`
      : "";
    return this.#problems.error(
      "UNKNOWN_NAME",
      `There is no channel ${shown(node.name)}.${hint}${call} ${own ? "This" : "That"} image has ${listed}${more}.`,
      node,
      meant,
    );
  }

  #warnImprecise({ channels }: ScopeImage, index: number, node: NameNode | OrdinalNode): void {
    const { name, dataType } = given(channels[index]);
    const lost = LOST_PRECISION.get(dataType);
    if (lost === undefined) return;
    const message = `${shown(name)} holds ${dataType} samples, and formulas calculate in float32: ${lost}`;
    this.#problems.advise("PRECISION", message, node);
  }

  /** Where the name and the number that `b7` may be are two channels: the name was meant, and who counts is told. */
  #warnMisleading({ channels }: ScopeImage, node: NameNode, index: number, by: FoundBy): void {
    const number = Number(/^[bB]0*([1-9]\d*)$/.exec(node.name)?.[1] ?? 0);
    if (node.quoted || number === 0) return;
    const stored = given(channels[index]).name;
    if (by === "ordinal") {
      const band = bandIn(stored);
      // Beside bands that are named by their numbers, a number that none of them has is a band that is missing.
      const isNumbered = ({ name }: { readonly name: string }, at: number) =>
        bandIn(name) !== null && name !== `b${at + 1}`;
      if (band === String(number) || (band === null && !channels.some(isNumbered))) return;
      const message = `${shown(node.name)} is channel number ${number}, which the file names ${shown(stored)}: there is no band ${number}. Write @${number} where the number is meant.`;
      this.#problems.advise("MISLEADING_NAME", message, node);
      return;
    }
    if (number === index + 1 || number > channels.length) return;
    const name = by === "exact" || by === "folded" ? "the channel of that name" : `the channel ${shown(stored)}`;
    const message = `${shown(node.name)} is ${name}, which is number ${index + 1}; channel number ${number} is @${number}.`;
    this.#problems.advise("MISLEADING_NAME", message, node);
  }
}

/** A channel's name as a formula writes it; any other name as it is. */
function writable(image: ScopeImage, name: string): string {
  const index = image.channels.findIndex((one) => one.name === name);
  return index < 0 ? name : channelText({ ...image, depth: 1, times: 1 }, index, 0, 0);
}
