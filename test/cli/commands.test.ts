import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRangeServer } from "../fixtures/range-server.ts";
import { buildTiff, double, short, TAG } from "../fixtures/tiff-builder.ts";
import { picture, writeTileFolder } from "../fixtures/tile-folders.ts";
import { bandloom, cleanEnvironment, PROGRAM, runHere } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-commands-"));
const demo = join(folder, "demo.ome.tif");

beforeAll(async () => {
  const { code } = await bandloom(["demo", "--size", "512", "-o", demo]);
  expect(code).toBe(0);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe("help", () => {
  it.each([
    ["serve"],
    ["demo"],
    ["inspect"],
    ["render"],
    ["export"],
    ["formula", "check"],
    ["formula", "translate"],
    ["cache", "stats"],
    ["cache", "purge"],
    ["cache", "verify"],
    ["key", "create"],
    ["key", "list"],
    ["key", "revoke"],
  ])("of %s %s has examples and exit codes", async (...command) => {
    const { code, stdout } = await runHere([...command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples:\n  $ bandloom ${command.join(" ")}`);
    expect(stdout).toMatch(/Exit codes:\n {2}0 {2}done\n {2}1 .*\n {2}2 /);
  });

  it("names every command, and does not load the server", async () => {
    const { stdout } = await bandloom(["--help"], { environment: { NODE_V8_COVERAGE: join(folder, "coverage") } });
    for (const command of ["serve", "demo", "inspect", "render", "export", "formula", "cache", "key"])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    const [report = ""] = readdirSync(join(folder, "coverage"));
    const { result } = json(readFileSync(join(folder, "coverage", report), "utf8")) as { result: { url: string }[] };
    expect(result.filter(({ url }) => /fastify|graphql|sharp|zod|dist\/(service|http)/.test(url))).toEqual([]);
  });

  it("comes with wrong usage when there is no command at all", async () => {
    const { code, stdout, stderr } = await bandloom([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: bandloom");
  });

  it("leaves the version to --version", async () => {
    const { version } = json(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await bandloom(["--version"])).stdout).toBe(`${version}\n`);
  });
});

describe("wrong usage", () => {
  it.each([
    [["nope"], "unknown command 'nope'"],
    [["serve", "--prot", "80"], "Did you mean --port?"],
    [["serve", "--port", "many"], '--port: the value "many" cannot be used'],
    [["demo", "--size", "63"], "--size"],
    [["demo", "--size", "1e3"], "--size"],
    [["render", demo], "-o, --output"],
    [["render", demo, "-o", "x.gif"], ".png, .jpg, .jpeg, .webp, .avif, .npy"],
    [["render", demo, "-o", "x.png", "--lossless"], "--lossless is for webp and avif"],
    [["render", demo, "-o", "x.png", "--quality", "0"], "--quality"],
    [["render", demo, "-o", "x.png", "--region", "0,0,10"], "x,y,width,height"],
    [["render", demo, "-o", "x.png", "--region", "500,0,13,1"], "512 × 512"],
    [["formula", "check", "red", "--channels", "a,,b"], "--channels"],
    [["formula", "translate", "b1", "--from", "qgis"], "--from is one of rio-tiler, gdal, omero, iip, large-image"],
    [["formula", "check", "red", "--channels", "a", "--image", demo], "exclude each other"],
  ])("is told in a sentence with exit code 2: %j", async (args, message) => {
    const { code, stdout, stderr } = await runHere(args, { cwd: folder });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bandloom: /);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("refuses a variable of the environment that is no setting", async () => {
    const { code, stderr } = await runHere(["serve"], { environment: { BANDLOOM_PROT: "1" }, cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe("bandloom: BANDLOOM_PROT in the environment is no setting. Did you mean BANDLOOM_PORT?\n");
  });

  it("is JSON where JSON was asked for", async () => {
    const { code, stdout, stderr } = await bandloom(["inspect", "--json", "--nope"]);
    expect([code, stderr]).toEqual([2, ""]);
    expect(json(stdout)).toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("--nope") as string });
  });
});

describe("inspect", () => {
  it("shows channels, levels and how they are stored", async () => {
    const { code, stdout } = await bandloom(["inspect", demo]);
    expect(code).toBe(0);
    expect(stdout).toContain("512 × 512 pixels");
    expect(stdout).toMatch(/^ {2}7 +Red +uint8 +660 nm +#ff0000$/m);
    expect(stdout).toMatch(/^ {2}1 +0 +256 × 256 +256 × 256 +deflate$/m);
  });

  it("gives the same as JSON", async () => {
    const { stdout } = await runHere(["inspect", demo, "--json"]);
    const info = json(stdout);
    expect(info).toMatchObject({ source: demo, format: "OME-TIFF", width: 512, height: 512 });
    expect(info.channels).toHaveLength(15);
    expect(info.pyramid).toEqual([
      { level: 0, zoom: 1, width: 512, height: 512, stored: 0 },
      { level: 1, zoom: 0, width: 256, height: 256, stored: 1 },
    ]);
    expect([info.warnings, info.advice, info.conversion]).toEqual([[], [], null]);
  });

  it("tells what is slow to show, and the command that makes it fast", async () => {
    const path = join(folder, "strips of mine.tif");
    const image = { width: 4096, height: 64, rowsPerStrip: 1, samples: 1, type: "uint8" } as const;
    writeFileSync(path, buildTiff({ directories: [image] }));
    const { stdout } = await runHere(["inspect", path]);
    expect(stdout).toMatch(/^ {2}• It has no pyramid: /m);
    expect(stdout).toContain(`→ bandloom ingest '${path}' -o 'strips of mine.ome.tif'
`);
    expect(stdout).toMatch(/^ {2}1 +3 +2048 × 32 +computed$/m);
    const { advice, conversion } = json((await runHere(["inspect", path, "--json"])).stdout);
    expect(advice).toHaveLength(2);
    expect(conversion).toMatch(/^bandloom ingest /);
  });

  it("tells where on Earth an image lies, its images, masks and what is shown", async () => {
    const path = join(folder, "place.tif");
    const place = {
      [TAG.modelPixelScale]: double(160, 160, 0),
      [TAG.modelTiepoint]: double(0, 0, 0, 399_960, 5_400_000, 0),
      [TAG.geoKeyDirectory]: short(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_619),
    };
    const image = { width: 687, height: 687, tile: [256, 256], samples: 1, type: "uint16" } as const;
    writeFileSync(
      path,
      buildTiff({
        directories: [
          { ...image, tags: place },
          { ...image, width: 30 },
        ],
      }),
    );
    const { stdout } = await runHere(["inspect", path]);
    expect(stdout).toMatch(/^ {2}place +EPSG:32619$/m);
    expect(stdout).toMatch(/^ {2}extent +x 399960 to 509880, y 5290080 to 5400000$/m);
    expect(stdout).toMatch(/^ {2}bounds +70\.3608° W to 68\.8656° W, 47\.7563° N to 48\.7530° N$/m);
    expect(stdout).toMatch(/^ {2}images +2 in it, #0 to #1 behind its name$/m);
    const second = json((await runHere(["inspect", `${path}#1`, "--json"])).stdout);
    expect([second.width, second.georeference]).toEqual([30, null]);
  });

  it("reads folders and addresses too", async () => {
    const tiles = join(folder, "tiles");
    mkdirSync(tiles);
    await writeTileFolder(tiles, "zoomify", picture(300, 200));
    expect((await runHere(["inspect", tiles])).stdout).toMatch(/^ {2}format +Zoomify$/m);
    const server = await startRangeServer(folder);
    try {
      const info = json((await runHere(["inspect", `${server.url}/tiles/`, "--json"])).stdout);
      expect(info).toMatchObject({ source: `${server.url}/tiles/`, format: "Zoomify", width: 300 });
    } finally {
      await server.close();
    }
  });

  it("ends with 1 for a file that is not there, or is no image", async () => {
    const missing = await bandloom(["inspect", join(folder, "missing.tif")]);
    expect([missing.code, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toMatch(/^bandloom: There is no file .*missing\.tif\.\n$/);
    writeFileSync(join(folder, "text.tif"), "no image at all");
    const text = await runHere(["inspect", join(folder, "text.tif"), "--json"]);
    expect(text.code).toBe(1);
    expect(json(text.stdout)).toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("shows names of a hostile file without their control characters", async () => {
    const path = join(folder, "escape.tif");
    const gdalMetadata = `<GDALMetadata><Item name="DESCRIPTION" sample="0" role="description">a&#x9b;2Jb</Item></GDALMetadata>`;
    const image = { width: 16, height: 16, type: "uint8", samples: 1, tile: [16, 16], gdalMetadata } as const;
    writeFileSync(path, buildTiff({ directories: [image] }));
    const { code, stdout } = await runHere(["inspect", path]);
    expect(code).toBe(0);
    expect(stdout).toContain("a\uFFFD2Jb");
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("render", () => {
  it("writes the picture of a formula, as large as the image", async () => {
    const out = join(folder, "out.png");
    const { code, stdout } = await bandloom(["render", demo, "--formula", "red + 2*(uv1 - green)", "-o", out]);
    expect(code).toBe(0);
    expect(stdout).toContain("512 × 512 pixels");
    const { width, height, format } = await sharp(out).metadata();
    expect([width, height, format]).toEqual([512, 512, "png"]);
  });

  it("writes a region, scaled to fit, with facts as JSON", async () => {
    const out = join(folder, "out.JPG");
    const args = ["--region", "128,64,256,128", "--max-size", "100", "--quality", "60", "--json"];
    const { code, stdout } = await runHere(["render", demo, "--formula", "red;green;blue", "-o", out, ...args]);
    expect(code).toBe(0);
    const region = { x: 128, y: 64, width: 256, height: 128 };
    expect(json(stdout)).toMatchObject({
      file: out,
      width: 100,
      height: 50,
      region,
      hash: expect.any(String) as string,
    });
    expect(await sharp(out).metadata()).toMatchObject({ width: 100, height: 50, format: "jpeg" });
  });

  it("writes values as npy", async () => {
    const out = join(folder, "values.npy");
    expect((await runHere(["render", demo, "--formula", "red/4", "-o", out])).code).toBe(0);
    expect(readFileSync(out).subarray(0, 6).toString("latin1")).toBe("\u0093NUMPY");
  });

  it("measures no window for npy, and those of a picture, with a word where not all could be read", async () => {
    const damaged = join(folder, "damaged.tif");
    const image = {
      width: 128,
      height: 64,
      type: "uint16",
      tile: [64, 64] as [number, number],
      codec: "deflate",
    } as const;
    const replaceChunk = (chunk: number, stored: Uint8Array) => (chunk === 1 ? new Uint8Array(9) : stored);
    writeFileSync(damaged, buildTiff({ directories: [{ ...image, value: (x, y) => 1000 + x * y, replaceChunk }] }));
    const rendered = (name: string, ...more: readonly string[]) =>
      runHere(["render", damaged, "--region", "0,0,64,64", "--formula", "@1", "-o", join(folder, name), ...more]);
    expect(await rendered("sound.npy")).toMatchObject({ code: 0, stderr: "" });
    expect(await rendered("sound.png")).toMatchObject({ code: 0, stderr: expect.stringContaining("MEASURED_IN_PART") });
    expect((await rendered("sound.npy", "--json")).stdout).toContain("MEASURED_IN_PART");
  });

  it("lays other images over the first, by names that are given to them", async () => {
    const out = join(folder, "difference.png");
    const args = ["--with", `twin=${demo}`, "--formula", "window(abs(red - twin.red), 0, 1)", "-o", out];
    expect((await runHere(["render", demo, ...args])).code).toBe(0);
    const { channels } = await sharp(out).stats();
    expect(channels[0]).toMatchObject({ min: 0, max: 0 });
    const unnamed = await runHere(["render", demo, "--with", demo, "--formula", "red", "-o", out]);
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining("before=scene-2019.tif")]);
  });

  it("renders a preset by its name, and says which channels are missing", async () => {
    const out = join(folder, "preset.png");
    const { code, stdout } = await runHere(["render", demo, "--preset", "True-Colour", "-o", out, "--json"]);
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ canonical: expect.stringMatching(/^rgb\(.*Red/) as string });
    const lacking = await runHere(["render", demo, "--preset", "SHO", "-o", out]);
    expect([lacking.code, lacking.stderr]).toEqual([1, expect.stringContaining("lacks a channel")]);
    const both = await runHere(["render", demo, "--preset", "NDVI", "--formula", "red", "-o", out]);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("exclude each other")]);
  });

  it("shows what is wrong with a formula, and writes nothing", async () => {
    const out = join(folder, "never.png");
    const { code, stderr } = await runHere(["render", demo, "--formula", "red + gren", "-o", out]);
    expect(code).toBe(2);
    expect(stderr).toContain(" 1 | red + gren\n   |       ^^^^");
    expect(existsSync(out)).toBe(false);
  });

  it("ends with 1 where the picture cannot be written", async () => {
    const { code, stderr } = await runHere(["render", demo, "--formula", "red", "-o", join(folder, "no", "x.png")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: .*x\.png: no such file or directory\.\n$/);
  });
});

describe("formula translate", () => {
  it("prints our text for another server's", async () => {
    const { code, stdout } = await runHere(["formula", "translate", "--from", "gdal", "(A - B) / (A + B)"]);
    expect([code, stdout]).toEqual([0, "(@1 - @2) / (@1 + @2)\n"]);
  });
});

describe("formula check", () => {
  it("gives canonical text and hash, the same for equivalent texts", async () => {
    const one = await runHere(["formula", "check", "red + 2*(uv1 - green)"]);
    const other = await runHere(["formula", "check", "(uv1-green)*2+red"]);
    expect([one.code, other.code]).toEqual([0, 0]);
    expect(one.stdout).toMatch(/^canonical {2}window\(.*\)\nhash {7}[0-9a-f]{64}\n$/);
    expect(other.stdout).toBe(one.stdout);
    expect(one.stderr).toContain("Checked against the demo image's channels: FIR-2");
  });

  it("finds the same on the image itself", async () => {
    const names = await runHere(["formula", "check", "red - green", "--json"]);
    const image = await runHere(["formula", "check", "red - green", "--json", "--image", demo]);
    expect(json(image.stdout).hash).toBe(json(names.stdout).hash);
  });

  it("checks against channels of given names", async () => {
    const { code, stdout } = await runHere([
      "formula",
      "check",
      "nir/vis > 2 ? 1 : 0",
      "--channels",
      "nir, vis",
      "--json",
    ]);
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ valid: true, channels: ["nir", "vis"], diagnostics: [] });
  });

  it("says that only pixels can complete a percentile window", async () => {
    const { code, stdout } = await runHere(["formula", "check", "nir/vis", "--channels", "nir,vis"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("--image")]);
  });

  it("ends with 2 for an invalid formula, with diagnostics as text or JSON", async () => {
    const text = await bandloom(["formula", "check", "red + gren"]);
    expect([text.code, text.stdout]).toEqual([2, ""]);
    expect(text.stderr).toContain("^^^^");
    const data = await runHere(["formula", "check", "red + gren", "--json"]);
    expect(data.code).toBe(2);
    expect(json(data.stdout)).toMatchObject({ valid: false, canonical: null, hash: null });
    expect(json(data.stdout).diagnostics).toMatchObject([{ code: "UNKNOWN_NAME", from: 6, to: 10 }]);
  });
});

describe("demo", () => {
  it("goes into the data folder under the name of its size", async () => {
    const data = join(folder, "data");
    const { code, stdout, stderr } = await bandloom(["demo", "--size", "1000", "--json"], {
      environment: { BANDLOOM_DATA: data },
    });
    expect([code, stderr]).toEqual([0, ""]);
    const { file, bytes } = json(stdout);
    expect(file).toBe(join(data, "demo-1k.ome.tif"));
    expect(readFileSync(String(file)).length).toBe(bytes);
  });

  it("ends with 1 and leaves nothing where it cannot write", async () => {
    const { code, stderr } = await bandloom(["demo", "--size", "64", "-o", join(folder, "none", "x.ome.tif")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bandloom: .*no such file or directory\.\n$/);
    mkdirSync(join(folder, "taken.ome.tif"));
    expect((await bandloom(["demo", "--size", "64", "-o", join(folder, "taken.ome.tif")])).code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const target = mkdtempSync(join(folder, "interrupted-"));
    // So large that it is far from its end whenever the signal comes.
    const args = ["demo", "--size", "32768", "-o", join(target, "x.ome.tif")];
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: cleanEnvironment(), stdio: "ignore" });
    const exit = once(child, "exit") as Promise<[number | null]>;
    await expect.poll(() => readdirSync(target).length).toBeGreaterThan(0);
    child.kill("SIGINT");
    const [code] = await exit;
    expect([code, readdirSync(target)]).toEqual([130, []]);
  });
});
