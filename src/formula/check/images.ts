import { MAX_SCALE, MAX_SHIFT, type Placement } from "../placement.ts";
import { shown } from "../problem.ts";
import type { FormulaScope, ScopeImage } from "../scope.ts";
import type { ImageNode, ImageOption, SyntaxNode, SyntaxTree } from "../syntax/tree.ts";
import type { Problems } from "./problems.ts";

const EXAMPLE_NAME = "before";
const EXAMPLE = 'image("slide-2020", dx=12, dy=-8, scale=2, nearest)';

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The image of a scope that has a key; null after an error. */
export function findImage(scope: FormulaScope, key: string, at: Range, problems: Problems): ScopeImage | null {
  if (key === scope.key) return scope;
  const found = scope.images?.get(key);
  if (found) return found;
  const similar = scope.similarKeys?.get(key) ?? [];
  const [close] = similar;
  const hint =
    close === undefined
      ? `Another image is named by its key: use ${EXAMPLE_NAME} = ${EXAMPLE};`
      : `Did you mean ${shown(close)}?`;
  const message = `There is no image ${shown(key)} here. ${hint}`;
  const meant = similar.map((label) => ({ label, replacement: JSON.stringify(label) }));
  return problems.error("UNKNOWN_IMAGE", message, at, meant);
}

const UNSHIFTED = { dx: 0, dy: 0, scale: 1 };

/** How an image is laid over this one, by what stands behind its key; null after an error. */
export function placementOf({ key, options }: ImageNode, problems: Problems): Placement | null {
  const numbers = { ...UNSHIFTED };
  let nearest = false;
  const seen = new Set<string>();
  for (const option of options) {
    const { name, value } = option;
    const word = name === "nearest" || name === "bilinear";
    const kind = word ? "interpolation" : name;
    if (seen.has(kind)) return problems.error("BAD_ARGUMENT", `${shown(kind)} is given twice.`, option);
    seen.add(kind);
    if (word && value === null) nearest = name === "nearest";
    else if (isAxis(name) && value !== null && isWithin(name, value)) numbers[name] = value + 0;
    else return problems.error("BAD_ARGUMENT", refusal(option), option);
  }
  return { image: key, ...numbers, nearest };
}

function isAxis(name: string): name is keyof typeof UNSHIFTED {
  return Object.hasOwn(UNSHIFTED, name);
}

function isWithin(name: string, value: number): boolean {
  return name === "scale" ? value >= 1 / MAX_SCALE && value <= MAX_SCALE : Math.abs(value) <= MAX_SHIFT;
}

function refusal({ name, value }: ImageOption): string {
  if (!isAxis(name))
    return `image has no ${shown(name)}: behind the key stand dx, dy, scale and nearest or bilinear, as in ${EXAMPLE}.`;
  if (value === null) return `Behind ${name} stands = and a number, as in ${EXAMPLE}.`;
  return name === "scale"
    ? `scale is the size of a pixel of that image in pixels of this one, from ${1 / MAX_SCALE} to ${MAX_SCALE}.`
    : `${name} is a number of pixels, up to ${MAX_SHIFT} to either side.`;
}

/** Keys of all images that a formula may mean: those of image(…), and names in front of a point that are bound to nothing. */
export function keysIn(tree: SyntaxTree): readonly string[] {
  const bound = new Set(tree.bindings.map(({ name }) => name.name));
  const keys = new Set<string>();
  const visit = (node: SyntaxNode): void => {
    switch (node.kind) {
      case "image":
        keys.add(node.key);
        break;
      case "member":
        if (node.object.kind === "image") visit(node.object);
        else if (node.object.quoted || !bound.has(node.object.name)) keys.add(node.object.name);
        break;
      case "unary":
        visit(node.argument);
        break;
      case "binary":
        visit(node.left);
        visit(node.right);
        break;
      case "conditional":
        visit(node.condition);
        visit(node.whenTrue);
        visit(node.whenFalse);
        break;
      case "plane":
        visit(node.target);
        break;
      case "call":
        node.args.forEach(visit);
        break;
      default:
        break;
    }
  };
  for (const { value } of tree.bindings) visit(value);
  tree.outputs.forEach(visit);
  return [...keys];
}
