import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openPlain } from "../../../src/source/plain/open.ts";
import { toldColorWarnings } from "../../../src/source/plain/told-colors.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";

const WIDTH = 4;
const HEADER_END = 8 + 25;
const SRGB_PLACES = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
const WIDE_PLACES = [31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600];

type Chunk = readonly [type: string, data: Buffer];

function numbers(...values: readonly number[]): Buffer {
  const data = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) data.writeUInt32BE(value, 4 * at);
  return data;
}

const gamma = (value: number): Chunk => ["gAMA", numbers(value)];
const places = (values: readonly number[]): Chunk => ["cHRM", numbers(...values)];
const srgb: Chunk = ["sRGB", Buffer.of(0)];
const code = (primaries: number, curve: number): Chunk => ["cICP", Buffer.of(primaries, curve, 0, 1)];

/** With these chunks behind its header. */
async function pngWith(chunks: readonly Chunk[], profile?: string): Promise<Buffer> {
  const image = sharp(Buffer.alloc(WIDTH * WIDTH * 3, 90), { raw: { width: WIDTH, height: WIDTH, channels: 3 } });
  const png = await (profile ? image.withIccProfile(profile) : image).png().toBuffer();
  const more = chunks.map(([type, data]) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    return Buffer.concat([numbers(data.length), body, numbers(crc32(body))]);
  });
  return Buffer.concat([png.subarray(0, HEADER_END), ...more, png.subarray(HEADER_END)]);
}

async function warningsOf(file: Buffer): Promise<readonly string[]> {
  const source = await openPlain(new MemoryStore(new Uint8Array(file)));
  await source.close();
  return source.info.warnings.map(({ code, message }) => `${code}: ${message}`);
}

describe("what a PNG says of its colors without a profile", () => {
  it.each<[string, readonly Chunk[], string]>([
    ["linear light", [gamma(100_000)], "(gAMA)"],
    ["a gamma of 1.8", [gamma(55_556), places(SRGB_PLACES)], "(gAMA)"],
    ["wide primaries", [gamma(45_455), places(WIDE_PLACES)], "(cHRM)"],
    ["both", [gamma(100_000), places(WIDE_PLACES)], "(gAMA, cHRM)"],
    ["high dynamic range", [code(9, 16)], "(cICP)"],
    ["that, though the chunks of old say sRGB", [code(9, 16), srgb, gamma(45_455)], "(cICP)"],
  ])("is told where it is not applied: %s", async (_, chunks, named) => {
    const warnings = await warningsOf(await pngWith(chunks));
    expect(warnings).toEqual([expect.stringContaining("PROFILE_NOT_APPLIED")]);
    expect(warnings[0]).toContain(named);
  });

  it.each<[string, readonly Chunk[]]>([
    ["nothing", []],
    ["sRGB, as most writers spell it", [gamma(45_455), places(SRGB_PLACES)]],
    ["sRGB, rounded", [gamma(45_000), places(SRGB_PLACES.map((one) => one + 400))]],
    ["sRGB, whatever its gamma is", [srgb, gamma(100_000)]],
    ["sRGB in code", [code(1, 13), gamma(100_000)]],
    ["chunks that are cut", [["gAMA", Buffer.of(1)]]],
  ])("is not where it is sRGB: %s", async (_, chunks) => {
    expect(await warningsOf(await pngWith(chunks))).toEqual([]);
  });

  it("does not count beside a profile, which is applied", async () => {
    const warnings = await warningsOf(await pngWith([gamma(100_000)], "p3"));
    expect(warnings).toEqual([expect.stringContaining("COLORS_CONVERTED")]);
  });
});

describe("the code of colors in AVIF", () => {
  const withCode = (primaries: number, curve: number, more = "") =>
    Buffer.concat([Buffer.from(`ftypavif....${more}colrnclx`, "latin1"), Buffer.of(0, primaries, 0, curve, 0, 1, 128)]);

  it.each([
    ["wide primaries", 12, 13],
    ["high dynamic range", 9, 16],
    ["linear light", 1, 8],
  ])("is told where it is not that of sRGB: %s", (_, primaries, curve) => {
    const [warning, ...others] = toldColorWarnings(withCode(primaries, curve), "AVIF");
    expect([warning?.code, others.length]).toEqual(["PROFILE_NOT_APPLIED", 0]);
    expect(warning?.message).toContain("(nclx)");
  });

  it("is not where it is, says nothing, is cut, or stands beside a profile", () => {
    const files = [withCode(1, 13), withCode(2, 2), withCode(9, 16).subarray(0, 23), withCode(9, 16, "colrprof")];
    for (const file of files) expect(toldColorWarnings(file, "AVIF")).toEqual([]);
    expect(toldColorWarnings(withCode(9, 16), "JPEG")).toEqual([]);
  });
});
