import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../src/cli/output/diagnostics.ts";
import { formatJson } from "../../src/cli/output/format.ts";
import { formatTable } from "../../src/cli/output/table.ts";
import { checkFormula, type Diagnostic } from "../../src/formula/index.ts";

const channel = (name: string) => ({ name, dataType: "uint8", nan: false, scale: 1, offset: 0 }) as const;
const SCOPE = { channels: [channel("Red"), channel("Green")], depth: 1, times: 1, plane: { z: 0, t: 0 } };

function lines(source: string): string[] {
  const result = checkFormula(source, SCOPE);
  const [first] = result.ok ? [] : result.diagnostics;
  if (!first) throw new Error(`The formula ${source} is valid.`);
  return formatDiagnostic(source, first).split("\n");
}

describe("a diagnostic at a terminal", () => {
  it("underlines the place in its line", () => {
    const [message, source, marks] = lines("red + 2*(gren - 1)");
    expect(message).toMatch(/^error: .*gren.*\(UNKNOWN_NAME\)$/);
    expect(source).toBe(" 1 | red + 2*(gren - 1)");
    expect(marks).toBe("   |          ^^^^");
  });

  it("shows the line of a longer text in which it is", () => {
    const [, source, marks] = lines("let a = red;\r\n\ta + gren");
    expect(source).toBe(" 2 |  a + gren");
    expect(marks).toBe("   |      ^^^^");
  });

  it("marks the place after the end when something is missing there", () => {
    const [, source, marks] = lines("red +");
    expect(source).toBe(" 1 | red +");
    expect(marks?.indexOf("^")).toBe(source?.length);
  });

  it("cuts a long line around the place", () => {
    const source = `${"red+".repeat(200)}gren${"+red".repeat(200)}`;
    const [, text = "", marks = ""] = lines(source);
    expect(text.length).toBeLessThan(120);
    expect(text.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1)).toBe("gren");
  });

  it("counts characters, so that a place after emoji is underlined where it stands", () => {
    const [, text = "", marks = ""] = lines("red /* 🌌🌌 */ + gren");
    expect([...text].slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1).join("")).toBe("gren");
  });

  it("lets no control character of a text through", () => {
    const diagnostic: Diagnostic = {
      ...{ severity: "error", code: "UNKNOWN_NAME", message: "\u001b[2J", from: 0, to: 1, line: 1, column: 1 },
      suggestions: [{ label: "\u009b1m", replacement: "x", from: 0, to: 1 }],
    };
    expect(formatDiagnostic("\u001b]0;title\u0007", diagnostic)).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("a table", () => {
  it("aligns its columns and leaves out those in which nothing stands", () => {
    const rows = [
      ["1", "", "α-β"],
      ["10", "", "x"],
    ];
    expect(formatTable(["no", "empty", "name"], rows)).toBe("  no  name\n  1   α-β\n  10  x");
  });
});

describe("JSON output", () => {
  it("writes numbers that JSON does not have as strings", () => {
    expect(JSON.parse(formatJson({ nodata: Number.NaN, window: [Number.NEGATIVE_INFINITY, 1] }))).toEqual({
      nodata: "NaN",
      window: ["-Infinity", 1],
    });
  });
});
