import { type Attributes, finiteNumber } from "../tiff/metadata/xml.ts";
import type { ChannelClass } from "../types.ts";

type Rgb = readonly [red: number, green: number, blue: number];
/** Parts of 0 to 255; an alpha of 0 is transparent. */
export type PaletteColor = readonly [...Rgb, alpha: number];

/** Of a table: its codes are 16 bits at most. */
const MAX_ROWS = 65_536;
const MAX_FIELDS = 256;
/** What columns of a table are for (GDAL's GDALRATFieldUsage). */
const USAGE = { name: 2, least: 3, greatest: 4, value: 5, red: 6, green: 7, blue: 8 } as const;
/** Of a field (GDALRATFieldType): its colors are 0 to 1. */
const REAL = 1;
const TABLE = "GDALRasterAttributeTable";

const BLACK = "#000000";
/** Of columns that are known by their use alone. */
const NEVER = /^(?!)/;

/** A column of a table. */
interface Field {
  readonly name: string;
  readonly usage: number;
  readonly type: number;
}

const NO_FIELD: Field = { name: "", usage: 0, type: 0 };

/** What codes of a band mean: names of categories, a color table, a table of attributes. */
export class ClassTable {
  readonly #names: string[] = [];
  readonly #colors: (Rgb | null)[] = [];
  readonly #palette: PaletteColor[] = [];
  readonly #fields: Field[] = [];
  readonly #rows: ChannelClass[] = [];
  #field = NO_FIELD;
  #row: string[] = [];
  #count = 0;
  /** The value of the first row and what each adds to it, where no column has values; null: nothing tells. */
  #bins: readonly [first: number, size: number] | null = null;
  #hasRanges = false;

  /** A table names ranges of values, of which no classes are made. */
  get hasRanges(): boolean {
    return this.#hasRanges;
  }

  open(path: string, attributes: Attributes): void {
    if (path === "ColorTable/Entry" && this.#palette.length < MAX_ROWS) this.#addColor(attributes);
    if (path === TABLE) this.#bins = binsOf(attributes);
    if (path === `${TABLE}/FieldDefn`) this.#field = NO_FIELD;
    if (path === `${TABLE}/Row`) this.#row = [];
  }

  close(path: string, text: string): void {
    const value = text.trim();
    if (path === "CategoryNames/Category" && this.#names.length < MAX_ROWS) this.#names.push(value);
    if (path === `${TABLE}/FieldDefn/Name`) this.#field = { ...this.#field, name: value.toLowerCase() };
    if (path === `${TABLE}/FieldDefn/Usage`) this.#field = { ...this.#field, usage: finiteNumber(value) ?? 0 };
    if (path === `${TABLE}/FieldDefn/Type`) this.#field = { ...this.#field, type: finiteNumber(value) ?? 0 };
    if (path === `${TABLE}/FieldDefn` && this.#fields.length < MAX_FIELDS) this.#fields.push(this.#field);
    if (path === `${TABLE}/Row/F` && this.#row.length < MAX_FIELDS) this.#row.push(value);
    if (path === `${TABLE}/Row` && this.#count < MAX_ROWS) this.#addRow(this.#count++);
  }

  /** By rising value; null: none are told. */
  classes(): readonly ChannelClass[] | null {
    const all = new Map(this.#rows.map((one) => [one.value, one]));
    const count = Math.max(this.#names.length, this.#usedColors());
    for (let value = 0; value < count; value++) {
      const before = all.get(value);
      const name = this.#names[value] || before?.name || null;
      const color = this.#colors[value] ?? before?.color ?? null;
      if (name !== null || value < this.#usedColors())
        all.set(value, { value, name, color: typeof color === "string" ? color : color && hexOf(color) });
    }
    return all.size === 0 ? null : [...all.values()].sort((a, b) => a.value - b.value);
  }

  palette(): readonly PaletteColor[] | null {
    return this.#palette.length > 0 ? this.#palette : null;
  }

  #addColor({ c1, c2, c3, c4 }: Attributes): void {
    const [red = 0, green = 0, blue = 0, alpha = 0] = [c1, c2, c3, c4 ?? "255"].map((one) => byteOf(one));
    this.#palette.push([red, green, blue, alpha]);
    this.#colors.push(alpha === 0 ? null : [red, green, blue]);
  }

  #addRow(index: number): void {
    const columnOf = (usage: number, pattern: RegExp) => {
      const byUsage = this.#fields.findIndex((field) => field.usage === usage);
      return byUsage >= 0 ? byUsage : this.#fields.findIndex(({ name }) => pattern.test(name));
    };
    const value = columnOf(USAGE.value, /^value$/);
    const name = this.#row[columnOf(USAGE.name, /^(class_?names?|class|names?|categor(y|ies)|labels?)$/)] || null;
    const parts = [columnOf(USAGE.red, /^red$/), columnOf(USAGE.green, /^green$/), columnOf(USAGE.blue, /^blue$/)];
    const color = this.#colorOf(parts);
    if (name === null && color === null) return;
    const [first, size] = this.#bins ?? [Number.NaN, 0];
    const isRange = value < 0 && [USAGE.least, USAGE.greatest].every((usage) => columnOf(usage, NEVER) >= 0);
    const number = value >= 0 ? finiteNumber(this.#row[value]) : isRange ? null : first + index * size;
    this.#hasRanges ||= isRange;
    // A table of bins has a row for each code that there could be.
    const isUnused = value < 0 && name === null && color === BLACK;
    if (number !== null && Number.isFinite(number) && !isUnused) this.#rows.push({ value: number, name, color });
  }

  #colorOf(columns: readonly number[]): string | null {
    const numbers = columns.map((at) => finiteNumber(this.#row[at]));
    if (numbers.includes(null)) return null;
    const isShare = columns.some((at) => this.#fields[at]?.type === REAL) && numbers.every((one) => (one ?? 0) <= 1);
    const [red = 0, green = 0, blue = 0] = numbers.map((one) => byteOf(String((one ?? 0) * (isShare ? 255 : 1))));
    return hexOf([red, green, blue]);
  }

  /** The black ones at the end stand for codes that are not used: GDAL writes a color for each that there could be. */
  #usedColors(): number {
    const isUsed = (one: Rgb | null | undefined) => one?.some((part) => part > 0) ?? false;
    return this.#colors.findLastIndex(isUsed) + 1;
  }
}

/** Rows that stand for equal steps of values. */
function binsOf({ Row0Min: first, BinSize: size }: Attributes): readonly [number, number] | null {
  const [least, step] = [finiteNumber(first), finiteNumber(size)];
  return least === null || step === null || step <= 0 ? null : [least, step];
}

function byteOf(text: string | undefined): number {
  return Math.min(255, Math.max(0, Math.round(finiteNumber(text) ?? 0)));
}

function hexOf(color: Rgb): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
