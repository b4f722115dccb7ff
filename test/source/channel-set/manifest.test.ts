import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChannelSet } from "../../../src/source/channel-set/parse.ts";
import { effort } from "../../fixtures/effort.ts";

const told = {
  name: null,
  wavelengthNm: null,
  color: null,
  nodata: null,
  unit: null,
  scale: null,
  offset: null,
  window: null,
  kind: null,
};

function reason(text: string): string {
  try {
    parseChannelSet(text);
    return "no error";
  } catch (error) {
    expect(error).toMatchObject({ code: "SOURCE_UNREADABLE" });
    return (error as Error).message.replace("The image file cannot be read: its manifest, ", "");
  }
}

describe("a manifest of a channel set", () => {
  it("lists files, with words on their channels", () => {
    const text = `
name: Olinda
description: A morning in May
files:
  - pan.tif
  - file: B04.tif
    name: red
    wavelength: 665
    color: "#f00"
    scale: 1e-4
    offset: -0.1
    nodata: 0
    unit: reflectance
    window: [0, 3000]
    kind: categorical
  - file: rest.tif
    resampling: nearest
    channels: [2, nir, { channel: 5, name: swir }]
`;
    const red = { name: "red", wavelengthNm: 665, color: "#ff0000", scale: 1e-4, offset: -0.1, nodata: 0 };
    expect(parseChannelSet(text)).toEqual({
      ...{ name: "Olinda", description: "A morning in May", kind: null },
      members: [
        { file: "pan.tif", resampling: "bilinear", channels: null },
        {
          ...{ file: "B04.tif", resampling: "bilinear" },
          channels: [{ channel: null, ...red, unit: "reflectance", window: [0, 3000], kind: "categorical" }],
        },
        {
          ...{ file: "rest.tif", resampling: "nearest" },
          channels: [
            { channel: "2", ...told },
            { channel: "nir", ...told },
            { channel: "5", ...told, name: "swir" },
          ],
        },
      ],
    });
  });

  it("has a pattern, and what stands in it for each channel: texts as they are written, never numbers", () => {
    const { members } = parseChannelSet(
      "resampling: nearest\npattern: s_{channel}.tif\nchannels: [01, B8A, {channel: $&, name: x}]",
    );
    expect(members.map(({ file }) => file)).toEqual(["s_01.tif", "s_B8A.tif", "s_$&.tif"]);
    expect(members.map(({ channels }) => channels?.[0]?.name)).toEqual(["01", "B8A", "x"]);
    expect(members.map(({ resampling }) => resampling)).toEqual(["nearest", "nearest", "nearest"]);
  });

  it.each([
    [
      "",
      "line 1: it is no channel set. Write a map with the keys name, description, kind, resampling, files, pattern, channels.",
    ],
    ["files:\n", 'line 1, files: "" is no list of files. Write one a line, each after a dash.'],
    ["files: []", "line 1, files: is empty. Name a file a line, each after a dash."],
    ["name: x\n", "line 1: it names no files. Write files, or pattern with channels."],
    ["files:\n - a.tif\nfils: 3\n", 'line 3: it has no key "fils". Write files.'],
    ["files:\n - {fil: a.tif}", 'line 2, files[1]: has no key "fil". Write file.'],
    [
      "files:\n - a.tif\n - file: b.tif\n   wavelenght: 665",
      'line 4, files[2]: has no key "wavelenght". Write wavelength.',
    ],
    [
      "files:\n - file: b.tif\n   wavelength: blue",
      'line 3, files[1].wavelength: "blue" is no wavelength. Write nanometres, such as 665.',
    ],
    [
      "files:\n - file: b.tif\n   wavelength: -1",
      'line 3, files[1].wavelength: "-1" is no wavelength. Write nanometres, such as 665.',
    ],
    [
      "files:\n - file: b.tif\n   scale: 1e999",
      'line 3, files[1].scale: "1e999" is no scale. Write a number, such as 0.0001.',
    ],
    [
      "files:\n - file: b.tif\n   window: [3, 2]",
      "line 3, files[1].window: begins above its end. Write the lower value first.",
    ],
    [
      "files:\n - file: b.tif\n   window: 3",
      'line 3, files[1].window: "3" is no window. Write its two ends, such as [0, 3000].',
    ],
    [
      "files:\n - file: b.tif\n   color: ultra",
      'line 3, files[1].color: "ultra" is no colour. Write one such as "#ff8800" or orange, the former in quotes.',
    ],
    [
      "files:\n - file: b.tif\n   resampling: cubic",
      'line 3, files[1].resampling: "cubic" is no way to resample. Write bilinear or nearest.',
    ],
    ["files: [/etc/passwd]", "line 1, files[1].file: is an absolute path. Write it from the folder of this file."],
    [
      'files: ["a\\\\b.tif"]',
      "line 1, files[1].file: holds a backslash or a control character. Separate folders with /.",
    ],
    [
      "files: [self.channels.yaml]",
      "line 1, files[1].file: is a channel set itself. Name the files that it is made of.",
    ],
    [
      "pattern: '{channel}'\nchannels: [self.channels.yaml]",
      "line 2, channels[1]: names a channel set. Name the files that it is made of.",
    ],
    [
      "files:\n - file: a.tif\n   name: x\n   channels: [1]",
      "line 4, files[1].channels: stands beside words on one channel. Write them under the channel.",
    ],
    [
      "files:\n - file: a.tif\n   channels:\n    - name: x",
      "line 4, files[1].channels[1]: lacks its channel. Write its name or number.",
    ],
    ["pattern: a.tif\nchannels: [x]", "line 1, pattern: needs {channel} once. Write it where the files' names differ."],
    [
      "pattern: a{channel}.tif",
      "line 1, pattern: stands alone. Write under channels what stands for {channel}, one a line, each after a dash.",
    ],
    [
      "channels: [x]\nfiles: [a]",
      "line 2, files: stands beside pattern or channels. Use files alone, or pattern with channels.",
    ],
    ["files: [a]\nfiles: [b]", "line 2: files stands there twice; remove one."],
    ["a: &x 1\nfiles: [*x]", "line 1: it uses an alias (*name); write out what it stands for."],
    ["files: [a]\n---\nfiles: [b]", "line 2: --- begins a second document; keep one."],
    [
      "__proto__: {a: 1}\nfiles: [a]",
      'line 1: it has no key "__proto__". The keys here are name, description, kind, resampling, files, pattern, channels.',
    ],
    ["files:\n\t- a", "line 2: it is no YAML: Tabs are not allowed as indentation."],
    [
      "files: [a",
      "line 1: it is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ].",
    ],
  ])("tells the line, the key and what to write: %j", (text, message) => {
    expect(reason(text)).toBe(message);
  });

  it("is refused with a reason or understood, whatever is cut out of it or put into it", () => {
    const good =
      "name: x\nfiles:\n- a.tif\n- {file: b.tif, channels: [1, {channel: nir, window: [0, 1]}]}\n- file: c.tif\n  color: '#f00'\n";
    const piece = fc.constantFrom(
      "",
      "[",
      "]",
      "{",
      "}",
      ":",
      "-",
      "\n",
      "  ",
      "'",
      "&a ",
      "*a",
      "!!x ",
      "|",
      "? ",
      "#",
      "\t",
      "\0",
      "files:",
      "__proto__: ",
    );
    const cut = fc.nat({ max: good.length });
    fc.assert(
      fc.property(fc.array(fc.tuple(cut, fc.nat({ max: 6 }), piece), { minLength: 1, maxLength: 4 }), (edits) => {
        const text = edits.reduce(
          (before, [at, length, put]) => before.slice(0, at) + put + before.slice(at + length),
          good,
        );
        try {
          expect(parseChannelSet(text).members.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({
            code: "SOURCE_UNREADABLE",
            message: expect.stringMatching(/manifest, line \d+/),
          });
        }
      }),
      { numRuns: effort(400, 2000) },
    );
  });

  it.each([
    ["a million brackets", "[".repeat(2 ** 20), /nested too deep/],
    ["brackets that close and open", "[".repeat(33) + "]".repeat(33), /nested too deep/],
    ["lists in lists", "- ".repeat(2 ** 19), /nested too deep/],
    ["keys in keys", "? ".repeat(2 ** 19), /nested too deep/],
    ["maps in maps", "{a: ".repeat(2 ** 18), /nested too deep/],
    ["keys of keys between brackets", `[${"a: ".repeat(2 ** 18)}b]`, /nested too deep/],
    [
      "an indent for each line",
      Array.from({ length: 1400 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /nested too deep/,
    ],
    ["brackets that close nothing", "}".repeat(2 ** 20), /closes nothing/],
    ["quotes alone", '"'.repeat(2 ** 20), /too long/],
    ["tags alone", "! ".repeat(2 ** 19), /too long/],
    ["a hundred thousand keys", Array.from({ length: 1e5 }, (_, i) => `k${i}:`).join("\n"), /too long/],
    ["two megabytes", "#".repeat(2 ** 21), /bytes, and the limit is 1048576/],
    ["a thousand files", `files: [${"a,".repeat(1000)}]`, /more than 256 files/],
    ["aliases of aliases", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", /alias/],
  ])("is refused before it takes time or memory: %s", (_, text, message) => {
    const start = performance.now();
    expect(reason(text)).toMatch(message);
    // A hang guard: a hundred times what it takes.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
