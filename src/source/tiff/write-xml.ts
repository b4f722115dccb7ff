/** ` name="value"` of each, escaped. */
export function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join("");
}

export function escapeXml(text: string): string {
  // XML 1.0 has no way to write control characters.
  const clean = text.replace(/[^\P{Cc}\t\n\r]/gu, "");
  return clean.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
