import { gaussian, seededRandom } from "../../../src/cli/demo/random.ts";
import type { Popularity } from "./popularity.ts";

/** What there is to look at, and how people look. */
export interface World {
  readonly seed: number;
  /** Images and formulas, by how much they are wanted. */
  readonly images: Popularity;
  readonly formulas: Popularity;
  /** Places in an image that people go to; each image has its own. */
  readonly places: Popularity;
  /** Zoom of full resolution: an image is 256 · 2^zooms pixels wide and high. */
  readonly zooms: number;
}

/** One look at the screen. Pixels are those of the zoom. */
export interface View {
  readonly image: number;
  readonly formula: number;
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** An image opens at the zoom at which it fills the screen: 2048 pixels. */
const OVERVIEW = 3;
/** People stop zooming in at full resolution or a few levels before. */
const TARGET_ZOOMS = 4;
/** So far from the place they meant, in screens. */
const MISS = 0.15;
/** A drag of the picture goes this far, in screens, and mostly on in the same direction. */
const DRAG = 0.3;
const MOMENTUM = 0.7;
/** Chances of each look at a place: to be the last there, to change the formula. */
const LEAVE = 0.15;
const OTHER_FORMULA = 0.06;
/** Of a look that is the last at its place: to be the last at the image. */
const OTHER_IMAGE = 0.3;
export const SCREEN = { width: 1920, height: 1080 } as const;

/** Where the n-th place of an image is, as a share of its sides: chance, but the same for all viewers. */
function placeOf({ seed }: World, image: number, place: number): { readonly x: number; readonly y: number } {
  const random = seededRandom(seed + image * 1009 + place * 9176 + 1);
  // The first numbers of neighbouring seeds are alike.
  for (let n = 0; n < 4; n++) random();
  return { x: 0.05 + random() * 0.9, y: 0.05 + random() * 0.9 };
}

/** One person, without end: an image, its places one after another (in along a path, about, out again), then another image. */
export function* viewsOf(world: World, viewer: number): Generator<View, never> {
  const random = seededRandom(world.seed * 7919 + viewer);
  for (;;) {
    const image = world.images.draw(random);
    let formula = world.formulas.draw(random);
    // Of the image, from 0 to 1.
    let [x, y, zoom] = [0.5, 0.5, OVERVIEW];
    const view = (): View => ({ image, formula, zoom, x: x * 256 * 2 ** zoom, y: y * 256 * 2 ** zoom });
    const screen = () => SCREEN.width / (256 * 2 ** zoom);
    yield view();
    do {
      const place = placeOf(world, image, world.places.draw(random));
      const target = world.zooms - Math.floor(random() * TARGET_ZOOMS);
      while (zoom < target) {
        zoom++;
        x = inside(place.x + gaussian(random) * MISS * screen());
        y = inside(place.y + gaussian(random) * MISS * screen());
        yield view();
      }
      let [dx, dy] = [gaussian(random), gaussian(random)];
      while (random() >= LEAVE) {
        if (random() < OTHER_FORMULA) formula = world.formulas.draw(random);
        else {
          dx = MOMENTUM * dx + (1 - MOMENTUM) * gaussian(random);
          dy = MOMENTUM * dy + (1 - MOMENTUM) * gaussian(random);
          x = inside(x + dx * DRAG * screen());
          y = inside(y + dy * DRAG * screen());
        }
        yield view();
      }
      while (zoom > OVERVIEW + 1) {
        zoom -= 2;
        yield view();
      }
    } while (random() >= OTHER_IMAGE);
  }
}

function inside(share: number): number {
  return Math.min(1, Math.max(0, share));
}
