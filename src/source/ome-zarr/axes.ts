import { unreadable } from "../unreadable.ts";

/** Axes that an image may have, in the order that the specification demands of them; x and y it must have. */
export const AXES = ["t", "c", "z", "y", "x"] as const;
export type AxisName = (typeof AXES)[number];

export interface GivenAxis {
  readonly name: string;
  readonly type?: string | undefined;
  readonly unit?: string | null | undefined;
}

const TYPES: Readonly<Record<AxisName, string>> = { t: "time", c: "channel", z: "space", y: "space", x: "space" };
const KNOWN_TYPES: readonly (string | undefined)[] = Object.values(TYPES);
const SPACE = ["x", "y", "z"] as const;

/**
 * What each axis is. OME-NGFF 0.4 and 0.5 leave names free, and let an axis of a type of its own, or of none, stand where channels do: its planes
 * are channels then. SOURCE_UNREADABLE for axes that contradict each other, or are not in order.
 */
export function readAxes(given: readonly GivenAxis[]): readonly AxisName[] {
  const named = given.map(byName);
  // Axes of space with names of their own are, from the last, x, y and z.
  const free = SPACE.filter((name) => !named.includes(name));
  const axes = given.toReversed().map((one, index): AxisName => {
    const known = named[given.length - 1 - index];
    if (known) return known;
    if (one.type === "time") return "t";
    if (one.type !== "space") return "c";
    const next = free.shift();
    if (!next) throw broken("there are more than three axes of space");
    return next;
  });
  axes.reverse();
  assertOrder(axes, given);
  return axes;
}

function byName({ name, type }: GivenAxis): AxisName | null {
  const found = AXES.find((one) => one === name.toLowerCase());
  if (!found) return null;
  const isItsOwn = found === "c" && !KNOWN_TYPES.includes(type);
  if (type !== undefined && type !== TYPES[found] && !isItsOwn)
    throw broken(`the axis ${found} has the type ${JSON.stringify(type.slice(0, 40))}`);
  return found;
}

/** OME-NGFF: time before channels before space, space by z, y, x. */
function assertOrder(axes: readonly AxisName[], given: readonly GivenAxis[]): void {
  const places = axes.map((name) => AXES.indexOf(name));
  if (places.some((place, index) => index > 0 && place <= (places[index - 1] ?? -1)))
    throw broken(`the axes ${given.map(shown).join(", ")} are not in the order ${AXES.join(", ")}, each once`);
  if (!axes.includes("x") || !axes.includes("y")) throw broken("there is no axis x, or no axis y");
}

function shown({ name }: GivenAxis): string {
  return AXES.some((one) => one === name) ? name : JSON.stringify(name.slice(0, 40));
}

export function broken(what: string) {
  return unreadable(`its multiscales break a rule of OME-NGFF: ${what}`);
}
