import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";

/** A reference system as PROJ's text. */
export interface RegistryEntry {
  readonly text: string;
  /** The geographic system that it is made from: its code, null where the registry does not tell, and its name. */
  readonly base: { readonly code: number | null; readonly name: string };
}

/** An entry of the EPSG registry; what is no reference system (a datum, an operation) has no PROJ text. */
const ENTRY = z.object({
  kind: z.string().startsWith("CRS"),
  name: z.string().default(""),
  proj4: z.string().min(1),
  wkt: z.string().nullish(),
});
const CODE = /^EPSG:([1-9]\d{3,5})$/;
const BASE = /\bGEOGCS\[.*?\bAUTHORITY\["EPSG","(\d{4,5})"\]\](?:,PROJECTION\[|$)/;
const resolve = createRequire(import.meta.url).resolve;

/** Null for what is no code, and for a code that is not known. */
export async function registryEntry(crs: string): Promise<RegistryEntry | null> {
  const [, code] = CODE.exec(crs) ?? [];
  if (code === undefined) return null;
  const text = await entryText(code).catch(() => null);
  const entry = text === null ? undefined : ENTRY.safeParse(JSON.parse(text)).data;
  if (!entry) return null;
  const [, base] = BASE.exec(entry.wkt ?? "") ?? [];
  // EPSG names projected systems after their base: "NAD27 / UTM zone 11N".
  const [name = ""] = entry.name.split(" / ");
  return { text: entry.proj4, base: { code: base === undefined ? null : Number(base), name } };
}

async function entryText(code: string): Promise<string> {
  return readFile(resolve(`epsg-index/s/${code}.json`), "utf8");
}
