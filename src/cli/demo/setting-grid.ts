import { emptySetting, type Setting } from "./gas.ts";

/** Settings at the points of a square grid, linear between them. */
export class SettingGrid {
  readonly #side: number;
  readonly #points: readonly Setting[];

  /** `survey` fills in the point of a column and a row. */
  constructor(side: number, survey: (column: number, row: number, out: Setting) => void) {
    this.#side = side;
    this.#points = Array.from({ length: side * side }, (_, i) => {
      const setting = emptySetting();
      survey(i % side, Math.floor(i / side), setting);
      return setting;
    });
  }

  /** At (x, y) counted in steps of the grid. */
  at(x: number, y: number, out: Setting): void {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const first = row * this.#side + column;
    const a = this.#points[first];
    const b = this.#points[first + 1];
    const c = this.#points[first + this.#side];
    const d = this.#points[first + this.#side + 1];
    if (!a || !b || !c || !d) throw new RangeError("Outside the grid.");
    const fx = x - column;
    const fy = y - row;
    const wa = (1 - fx) * (1 - fy);
    const wb = fx * (1 - fy);
    const wc = (1 - fx) * fy;
    const wd = fx * fy;
    // Property by property: a loop over names would cost more than the noise that is saved here.
    out.dx = wa * a.dx + wb * b.dx + wc * c.dx + wd * d.dx;
    out.dy = wa * a.dy + wb * b.dy + wc * c.dy + wd * d.dy;
    out.gas = wa * a.gas + wb * b.gas + wc * c.gas + wd * d.gas;
    out.light = wa * a.light + wb * b.light + wc * c.light + wd * d.light;
    out.cavity = wa * a.cavity + wb * b.cavity + wc * c.cavity + wd * d.cavity;
    out.dust = wa * a.dust + wb * b.dust + wc * c.dust + wd * d.dust;
    out.dustX = wa * a.dustX + wb * b.dustX + wc * c.dustX + wd * d.dustX;
    out.dustY = wa * a.dustY + wb * b.dustY + wc * c.dustY + wd * d.dustY;
    out.reflection = wa * a.reflection + wb * b.reflection + wc * c.reflection + wd * d.reflection;
    out.shell = wa * a.shell + wb * b.shell + wc * c.shell + wd * d.shell;
  }
}
