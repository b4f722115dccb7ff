import { BandloomError } from "../../../core/errors.ts";
import { shownName, type ToldChannel } from "./told-channel.ts";
import { readXml } from "./xml.ts";

const ROOT = "PerkinElmer-QPI-ImageDescription";

/** Whether the beginning of an ImageDescription is that of a page of QPTIFF (PerkinElmer, Akoya). */
export function looksLikeQptiff(text: string): boolean {
  return text.includes(`<${ROOT}`);
}

/** What the description of one page tells: its marker, or the name of its dye. Null: the XML is damaged or another. */
export function parseQptiff(text: string): ToldChannel | null {
  const values = new Map<string, string>();
  let isRoot = false;
  try {
    readXml(text, {
      open: (path) => {
        isRoot ||= path === ROOT;
      },
      close: (path, value) => {
        if (!values.has(path)) values.set(path, value.trim());
      },
    });
  } catch (error) {
    if (error instanceof BandloomError) return null;
    throw error;
  }
  if (!isRoot) return null;
  const value = (name: string) => values.get(`${ROOT}/${name}`) ?? "";
  return { name: shownName(value("Biomarker")) ?? shownName(value("Name")), color: colorOf(value("Color")) };
}

/** `255,0,0`. */
function colorOf(text: string): string | null {
  const parts = /^(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts?.every((part) => part <= 255)) return null;
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
