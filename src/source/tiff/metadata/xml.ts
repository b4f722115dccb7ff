import { SaxesParser } from "saxes";
import { unreadable } from "../../unreadable.ts";

/** Characters of XML that are parsed: a long OME-XML describes every plane of thousands. */
const MAX_LENGTH = 16 * 2 ** 20;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 500_000;

export type Attributes = Readonly<Record<string, string>>;

/** What a reader wants to know of a document, in document order. Names come without their namespace prefix. */
export interface XmlReader {
  open(name: string, attributes: Attributes): void;
  /** `text` is what stood directly in the element. */
  close(name: string, text: string): void;
}

/**
 * Read a document. SOURCE_UNREADABLE where it is no well-formed XML, is too long or too deep, or has a DTD: entities of its own
 * could grow without bound or name other files.
 */
export function readXml(text: string, reader: XmlReader): void {
  if (text.length > MAX_LENGTH)
    throw unreadable(`its XML has ${text.length} characters, where ${MAX_LENGTH} are the most`);
  const parser = new SaxesParser();
  const texts: string[] = [];
  let elements = 0;
  parser.on("doctype", () => {
    throw unreadable("its XML has a DTD, which is refused");
  });
  parser.on("error", () => {
    throw unreadable(`its XML is not well-formed at line ${parser.line}`);
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements++;
    texts.push("");
    if (texts.length > MAX_DEPTH) throw unreadable("its XML is nested too deep");
    if (elements > MAX_ELEMENTS) throw unreadable(`its XML has more than ${MAX_ELEMENTS} elements`);
    reader.open(localName(name), attributes as Attributes);
  });
  const append = (part: string) => {
    const at = texts.length - 1;
    if (at >= 0) texts[at] += part;
  };
  parser.on("text", append);
  parser.on("cdata", append);
  parser.on("closetag", ({ name }) => reader.close(localName(name), texts.pop() ?? ""));
  parser.write(text.replace(/^\uFEFF/, "")).close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** A finite number, or null for anything else. */
export function finiteNumber(text: string | undefined): number | null {
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
