import { type Attributes, finiteNumber } from "../tiff/metadata/xml.ts";
import type { ChannelClass } from "../types.ts";

type Rgb = readonly [red: number, green: number, blue: number];

/** Of a table: its codes are 16 bits at most. */
const MAX_ROWS = 65_536;
const MAX_FIELDS = 256;
/** What columns of a table are for (GDAL's GDALRATFieldUsage). */
const USAGE = { name: 2, value: 5, red: 6, green: 7, blue: 8 } as const;
const TABLE = "GDALRasterAttributeTable";

/** What codes of a band mean: names of categories, a color table, a table of attributes. */
export class ClassTable {
  readonly #names: string[] = [];
  readonly #colors: (Rgb | null)[] = [];
  readonly #palette: Rgb[] = [];
  readonly #fields: { readonly name: string; readonly usage: number }[] = [];
  readonly #rows: ChannelClass[] = [];
  #field = { name: "", usage: 0 };
  #row: string[] = [];

  open(path: string, attributes: Attributes): void {
    if (path === "ColorTable/Entry" && this.#palette.length < MAX_ROWS) this.#addColor(attributes);
    if (path === `${TABLE}/FieldDefn`) this.#field = { name: "", usage: 0 };
    if (path === `${TABLE}/Row`) this.#row = [];
  }

  close(path: string, text: string): void {
    const value = text.trim();
    if (path === "CategoryNames/Category" && this.#names.length < MAX_ROWS) this.#names.push(value);
    if (path === `${TABLE}/FieldDefn/Name`) this.#field = { ...this.#field, name: value.toLowerCase() };
    if (path === `${TABLE}/FieldDefn/Usage`) this.#field = { ...this.#field, usage: finiteNumber(value) ?? 0 };
    if (path === `${TABLE}/FieldDefn` && this.#fields.length < MAX_FIELDS) this.#fields.push(this.#field);
    if (path === `${TABLE}/Row/F` && this.#row.length < MAX_FIELDS) this.#row.push(value);
    if (path === `${TABLE}/Row` && this.#rows.length < MAX_ROWS) this.#addRow();
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

  palette(): readonly Rgb[] | null {
    return this.#palette.length > 0 ? this.#palette : null;
  }

  #addColor({ c1, c2, c3, c4 }: Attributes): void {
    const [red, green, blue, alpha] = [c1, c2, c3, c4 ?? "255"].map((one) => byteOf(one));
    const color = [red ?? 0, green ?? 0, blue ?? 0] as const;
    this.#palette.push(color);
    this.#colors.push(alpha === 0 ? null : color);
  }

  #addRow(): void {
    const cell = (usage: number, pattern: RegExp) => {
      const byUsage = this.#fields.findIndex((field) => field.usage === usage);
      return this.#row[byUsage >= 0 ? byUsage : this.#fields.findIndex(({ name }) => pattern.test(name))];
    };
    const value = finiteNumber(cell(USAGE.value, /^value$/));
    const name = cell(USAGE.name, /^(class_?names?|class|names?|categor(y|ies)|labels?)$/) || null;
    const parts = [cell(USAGE.red, /^red$/), cell(USAGE.green, /^green$/), cell(USAGE.blue, /^blue$/)];
    const [red, green, blue] = parts.map((one) => byteOf(one));
    const isColored = parts.every((one) => finiteNumber(one) !== null);
    const color = isColored ? hexOf([red ?? 0, green ?? 0, blue ?? 0]) : null;
    if (value !== null && (name !== null || color !== null)) this.#rows.push({ value, name, color });
  }

  /** The black ones at the end stand for codes that are not used: GDAL writes a color for each that there could be. */
  #usedColors(): number {
    const isUsed = (one: Rgb | null | undefined) => one?.some((part) => part > 0) ?? false;
    return this.#colors.findLastIndex(isUsed) + 1;
  }
}

function byteOf(text: string | undefined): number {
  return Math.min(255, Math.max(0, Math.round(finiteNumber(text) ?? 0)));
}

function hexOf(color: Rgb): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
