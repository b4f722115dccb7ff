import { describe, expect, it } from "vitest";
import { canonical, channel, checked, diagnose, refusal, SCOPE, scopeOf, written } from "./support.ts";

describe("a channel's name", () => {
  const scope = scopeOf(["FIR-2", "Red", "UV-1", "uv 2", "DAPI/405"].map((name) => channel(name)));

  it("is found exactly, folded, by its number, or in backticks", () => {
    for (const [text, name] of [
      ["Red", "Red"],
      ["red", "Red"],
      ["RED", "Red"],
      ["uv1", "`UV-1`"],
      ["UV1", "`UV-1`"],
      ["uv2", "`uv 2`"],
      ["fir2", "`FIR-2`"],
      ["`UV-1`", "`UV-1`"],
      ["`DAPI/405`", "`DAPI/405`"],
      ["b3", "`UV-1`"],
      ["B3", "`UV-1`"],
      ["@3", "`UV-1`"],
      ["dapi405", "`DAPI/405`"],
    ] as const) {
      expect(written(text, scope), text).toBe(name);
    }
  });

  it("is refused when no channel has it, with what is near and what there is", () => {
    expect(refusal("gren + 1")).toMatchObject({ code: "UNKNOWN_NAME", from: 0, to: 4, line: 1, column: 1 });
    expect(refusal("gren + 1").suggestions).toEqual([{ label: "green", replacement: "green", from: 0, to: 4 }]);
    expect(refusal("nope").message).toContain("red, green, blue, UV-1, nir, heat");
    expect(refusal("nope").suggestions).toEqual([]);
    expect(refusal("B99").code).toBe("UNKNOWN_NAME");
    expect(refusal("@7").message).toContain("@1 to @6");
    expect(refusal("@0").code).toBe("UNKNOWN_NAME");
  });

  it("suggests backticks where - was read as minus", () => {
    const [first] = diagnose("UV-1 - green");
    expect(first?.suggestions[0]).toMatchObject({ replacement: "`UV-1`", from: 0, to: 2 });
  });

  it("says that a function's name stands for a call", () => {
    expect(refusal("sqrt + 1").message).toContain("sqrt is a function");
    expect(refusal("sqr(red)")).toMatchObject({ code: "UNKNOWN_FUNCTION", from: 0, to: 3 });
    expect(refusal("sqr(red)").suggestions[0]?.replacement).toBe("sqrt");
  });

  it("lists at most twenty of many channels", () => {
    const many = scopeOf(Array.from({ length: 500 }, (_, index) => channel(`channel number ${index}`)));
    const { message } = refusal("nope", many);
    expect(message).toContain("and 480 more");
    expect(message.length).toBeLessThan(800);
  });

  it("is refused where folding finds several, and tells them apart by number", () => {
    const twins = scopeOf([channel("UV-1"), channel("uv_1"), channel("red")]);
    const found = refusal("uv1 + red", twins);
    expect(found).toMatchObject({ code: "AMBIGUOUS_NAME", from: 0, to: 3 });
    expect(found.message).toContain("@1 (UV-1), @2 (uv_1)");
    expect(written("uv_1", twins)).toBe("uv_1");
    expect(written("`UV-1`", twins)).toBe("`UV-1`");
  });

  it("that several channels share is written by number", () => {
    const same = scopeOf([channel("dapi"), channel("dapi"), channel("")]);
    expect(refusal("dapi", same).code).toBe("AMBIGUOUS_NAME");
    expect(written("@2 - @1", same)).toBe("@2 - @1");
    expect(written("b3", same)).toBe("@3");
  });

  it("such as b7 is warned about when the channel has another number", () => {
    const bands = scopeOf([channel("B2"), channel("B3"), channel("B04"), channel("B1")]);
    expect(diagnose("B2", bands)).toMatchObject([
      { severity: "warning", code: "MISLEADING_NAME", from: 0, to: 2, message: expect.stringContaining("@2") },
    ]);
    expect(written("b2", bands)).toBe("B2");
    expect(written("@2", bands)).toBe("B3");
    expect(diagnose("B04", bands)).toMatchObject([{ code: "MISLEADING_NAME" }]);
    expect(diagnose("@1 + `B2`", bands)).toEqual([]);
    expect(diagnose("b1", bands)).toMatchObject([{ code: "MISLEADING_NAME" }]);
    expect(diagnose("B2 + B2 + B2", bands)).toHaveLength(1);
  });

  it("is matched by code points: composed and decomposed letters are two names, and neither hides the other", () => {
    const composed = "\u00e9";
    const decomposed = "e\u0301";
    const both = scopeOf([channel(composed), channel(decomposed)]);
    expect(canonical(composed, both)).not.toBe(canonical(decomposed, both));
    expect(written(composed, both)).toBe(composed);
    const one = scopeOf([channel(decomposed)]);
    expect(written(composed, one)).toBe(decomposed);
  });

  it("distinguishes upper and lower case where both are stored", () => {
    const cases = scopeOf([channel("B4"), channel("b4"), channel("B4 ")]);
    expect([written("B4", cases), written("b4", cases), written("`B4 `", cases)]).toEqual(["B4", "b4", "`B4 `"]);
  });
});

describe("names that mean something elsewhere", () => {
  const IN_JAVASCRIPT = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype"];

  it.each(IN_JAVASCRIPT)("%s is no channel unless there is one", (name) => {
    expect(refusal(name).code).toBe("UNKNOWN_NAME");
    expect(refusal(`${name}(red)`).code).toBe("UNKNOWN_FUNCTION");
    expect(refusal(`tint(red, "${name}")`).code).toBe("BAD_ARGUMENT");
    expect(refusal(`colormap(red, "${name}")`).code).toBe("BAD_ARGUMENT");
    expect(refusal(`red[${name}=1]`).code).toBe("BAD_ARGUMENT");
    expect(Reflect.get({}, "x")).toBeUndefined();
  });

  it.each(IN_JAVASCRIPT)("a channel %s is read by its name, in backticks and by number", (name) => {
    const scope = scopeOf([channel("red"), channel(name)]);
    for (const text of [name, `\`${name}\``, "@2", "b2"]) expect(checked(text, scope).outputs[0]?.text).toBe(name);
    expect(written(`let ${name} = red; ${name}`, scope)).toBe("red");
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each([
    "process.exit()",
    "require('fs')",
    "globalThis",
    'red.constructor("x")()',
    "red`x`",
    "eval('1')",
    "import(...)",
    "red => red",
    "new Function()",
    "this",
    "red.x.y",
    "[red]",
    "{}",
  ])("refuses the JavaScript %s", (text) => {
    expect(diagnose(text).some(({ severity }) => severity === "error")).toBe(true);
  });

  it.each(["B(1", "a+b", "B-4", "(a+)+$", ".*", "[z=1]", "a`b", "50% grey", "let", "use", "1st", "// no", '"quoted"'])(
    "a channel %s is read in backticks only, and canonical text reads back",
    (name) => {
      const scope = scopeOf([channel("red"), channel(name)]);
      const quoted = `\`${name.replaceAll("`", "``")}\``;
      expect(written(quoted, scope)).toBe(quoted);
      expect(written(`${quoted} * 2 - red`, scope)).toBe(`2 * ${quoted} - red`);
      expect(checked(canonical(quoted, scope), scope).outputs[0]?.type).toBe("shade");
    },
  );

  it("a channel whose name cannot be written is written by number", () => {
    for (const name of ["", "a\u0000b", "a\nb", "\ud800", "\u0085"]) {
      expect(written("b2", scopeOf([channel("red"), channel(name)])), JSON.stringify(name)).toBe("@2");
    }
  });
});

describe("let", () => {
  it("names a part, which may be used again and in the next let", () => {
    expect(canonical("let d = uv1 - green; let e = 2 * d; red + e")).toBe(canonical("red + 2 * (uv1 - green)"));
  });

  it("wins over a channel of the same name, with a warning; backticks still mean the channel", () => {
    expect(diagnose("let red = green; red")).toMatchObject([
      { severity: "warning", code: "SHADOWED_NAME", from: 4, to: 7 },
    ]);
    expect(written("let red = green; red - `red`")).toBe("green - red");
    expect(diagnose("let uv1 = green; uv1")).toMatchObject([{ code: "SHADOWED_NAME" }]);
  });

  it("is refused twice for one name", () => {
    expect(refusal("let a = 1; let a = 2; a * red")).toMatchObject({ code: "REDEFINED_NAME", from: 15, to: 16 });
  });

  it("cannot be used before it stands", () => {
    expect(refusal("let a = b + 1; let b = red; a")).toMatchObject({ code: "UNKNOWN_NAME", from: 8 });
  });

  it("wins over constants, and channels win over constants", () => {
    expect(written("let pi = 3; pi * red")).toBe("3 * red");
    expect(written("pi * red")).toBe("3.1415927 * red");
    expect(written("e - 1", scopeOf([channel("e")]))).toBe("e - 1");
  });
});

describe("planes", () => {
  const stack = scopeOf([channel("dapi"), channel("gfp")], { depth: 5, times: 3, plane: { z: 2, t: 1 } });

  it("are projected along z, all of them or some, at the time that is shown", () => {
    const planes = (text: string) => [0, 1, 2, 3, 4].map((z) => text.replace("z", `z=${z}`)).join(", ");
    expect(written("zmax(dapi)", stack)).toBe(`max(${planes("dapi[z, t=1]")})`);
    expect(written("zmin(dapi[t=0])", stack)).toBe(`min(${planes("dapi[z, t=0]")})`);
    expect(written("zmean(dapi, 1, 2)", stack)).toBe("(dapi[z=1, t=1] + dapi[z=2, t=1]) / 2");
    expect(written("zsum(gfp, 3) - gfp", stack)).toBe("gfp[z=3, t=1] + gfp[z=4, t=1] - gfp[z=2, t=1]");
    expect(written("zmax(dapi, 4, 4)", stack)).toBe("dapi[z=4, t=1]");
    expect(written("zmean(red)")).toBe("red");
  });

  it.each([
    "zmax(dapi, 3, 2)",
    "zmax(dapi, -1)",
    "zmax(dapi, 0.5)",
    "zmax(dapi, 0, 5)",
    "zmax(dapi, gfp)",
    "zmax(dapi, nan)",
  ])("are projected between planes that there are: %s", (text) => {
    expect(refusal(text, stack)).toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/whole numbers from 0 to 4/),
    });
  });

  it("are projected of channels only", () => {
    expect(refusal("zmax(dapi + 1)", stack).message).toBe(
      "zmax takes a channel, such as zmax(red), not a calculation.",
    );
  });

  it("are chosen in brackets, and the default plane is written out", () => {
    expect(written("dapi[z=3]", stack)).toBe("dapi[z=3, t=1]");
    expect(written("dapi[t=0]", stack)).toBe("dapi[z=2, t=0]");
    expect(written("dapi[t=0, z=4]", stack)).toBe("dapi[z=4, t=0]");
    expect(written("@1[z=0]", stack)).toBe("dapi[z=0, t=1]");
    expect(written("dapi", stack)).toBe("dapi[z=2, t=1]");
    expect(written("let d = dapi; d[z=0] - d", stack)).toBe("dapi[z=0, t=1] - dapi[z=2, t=1]");
  });

  it("are not written where there is only one", () => {
    expect(written("red[z=0, t=0]")).toBe("red");
  });

  it("are refused where they do not exist", () => {
    expect(refusal("dapi[z=5]", stack)).toMatchObject({ code: "BAD_ARGUMENT", from: 5, to: 8 });
    expect(refusal("dapi[z=5]", stack).message).toContain("z=0 to 4");
    expect(refusal("dapi[c=1]", stack).code).toBe("BAD_ARGUMENT");
    expect(refusal("dapi[z=1, z=2]", stack).message).toContain("twice");
    expect(refusal("(dapi + gfp)[z=1]", stack).code).toBe("TYPE_MISMATCH");
    expect(refusal("dapi[z=4294967296]", stack).code).toBe("BAD_NUMBER");
  });

  it("count as channels of their own", () => {
    const limits = { length: 1000, depth: 64, nodes: 100, channels: 2, halo: 8, taps: 100 };
    expect(checked("dapi[z=0] + dapi[z=1]", stack, limits).outputs).toHaveLength(1);
    expect(refusal("dapi[z=0] + dapi[z=1] + dapi[z=2]", stack, limits).code).toBe("TOO_MANY_CHANNELS");
  });
});

describe("a scope", () => {
  it("without channels still refuses names politely", () => {
    expect(refusal("red", scopeOf([])).code).toBe("UNKNOWN_NAME");
    expect(refusal("@1", scopeOf([])).code).toBe("UNKNOWN_NAME");
    expect(SCOPE.channels).toHaveLength(6);
  });
});
