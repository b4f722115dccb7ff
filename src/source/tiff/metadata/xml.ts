import { SaxesParser } from "saxes";
import { unreadable } from "../../unreadable.ts";

/** Characters of XML that are parsed: a long OME-XML describes every plane of thousands. */
const MAX_LENGTH = 16 * 2 ** 20;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 500_000;
/** Characters of a name or value: a name is shown to people, and a number needs few. */
export const MAX_VALUE_LENGTH = 64 * 2 ** 10;
/** As XML Schema writes numbers: no hexadecimal, no infinity. */
const DECIMAL = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;

export type Attributes = Readonly<Record<string, string>>;

/**
 * What a reader wants to know of a document, in document order. `path` is the element's place, `OME/Image/Pixels`: names
 * without their namespace prefixes, from the root.
 */
export interface XmlReader {
  open(path: string, attributes: Attributes): void;
  /** `text` is what stood directly in the element. */
  close(path: string, text: string): void;
}

/**
 * Read a document. SOURCE_UNREADABLE where it is no well-formed XML, is too long or too deep, or has a DTD: entities of its own
 * could grow without bound or name other files.
 */
export function readXml(text: string, reader: XmlReader): void {
  if (text.length > MAX_LENGTH)
    throw unreadable(`its XML has ${text.length} characters, where ${MAX_LENGTH} are the most`);
  const parser = new SaxesParser();
  const paths: string[] = [];
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
    const above = paths.at(-1);
    const path = above === undefined ? localName(name) : `${above}/${localName(name)}`;
    paths.push(path);
    texts.push("");
    if (texts.length > MAX_DEPTH) throw unreadable("its XML is nested too deep");
    if (elements > MAX_ELEMENTS) throw unreadable(`its XML has more than ${MAX_ELEMENTS} elements`);
    if (name.length > MAX_VALUE_LENGTH) throw unreadable("its XML has a name that is too long");
    const values = attributes as Attributes;
    for (const attribute in values) {
      if (attribute.length > MAX_VALUE_LENGTH || (values[attribute] ?? "").length > MAX_VALUE_LENGTH)
        throw unreadable(`its XML has an attribute of more than ${MAX_VALUE_LENGTH} characters`);
    }
    reader.open(path, values);
  });
  const append = (part: string) => {
    const at = texts.length - 1;
    if (at >= 0) texts[at] += part;
  };
  parser.on("text", append);
  parser.on("cdata", append);
  parser.on("closetag", () => reader.close(paths.pop() ?? "", texts.pop() ?? ""));
  parser.write(text).close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** A finite decimal number, or null for anything else. */
export function finiteNumber(text: string | undefined): number | null {
  if (text === undefined || !DECIMAL.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
