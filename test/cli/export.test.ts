import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bandloom, runHere } from "./program.ts";

/** No power of two, so that edges are cut. */
const SIDE = 700;

let folder: string;
let demo: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-export-"));
  demo = join(folder, "demo.ome.tif");
  await bandloom(["demo", "--size", String(SIDE), "-o", demo]);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FORMULA = ["--formula", "rgb(red, green, uv1)"];

async function pixels(path: string): Promise<Buffer> {
  return sharp(path).removeAlpha().raw().toBuffer();
}

function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
}

/** Names of what is never written are in the folder of the test, should they be. */
const placed = (argument: string) => (argument === "never" || argument === ".dzi" ? join(folder, argument) : argument);

describe("export", () => {
  it("writes Deep Zoom, from one pixel up, whose finest level is the picture", async () => {
    const out = join(folder, "sky.dzi");
    const { code, stdout } = await bandloom(["export", demo, ...FORMULA, "--format", "png", "-o", out]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/sky\.dzi: 22 tiles, .* written in/)]);
    expect(readFileSync(out, "utf8")).toContain(
      'TileSize="256" Overlap="0" Format="png"><Size Width="700" Height="700"/>',
    );
    const levels = readdirSync(join(folder, "sky_files")).filter((name) => !name.startsWith("."));
    expect(levels.map(Number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (let level = 0; level <= 8; level++) {
      const side = Math.ceil(SIDE / 2 ** (10 - level));
      const { width, height } = await sharp(join(folder, `sky_files/${level}/0_0.png`)).metadata();
      expect([width, height], `level ${level}`).toEqual([side, side]);
    }
    // Read as an image of its own, by our reader of Deep Zoom, it is the picture.
    const [whole, again] = [join(folder, "whole.png"), join(folder, "again.png")];
    await runHere(["render", demo, ...FORMULA, "-o", whole]);
    const rgb = ["--formula", "rgb(window(@1, 0, 255), window(@2, 0, 255), window(@3, 0, 255))"];
    expect((await runHere(["render", out, ...rgb, "-o", again])).code).toBe(0);
    expect((await pixels(again)).equals(await pixels(whole))).toBe(true);
  });

  it("cuts every level into tiles of the size that is asked for", async () => {
    const out = join(folder, "small.dzi");
    expect((await runHere(["export", demo, ...FORMULA, "--tile-size", "64", "-o", out])).code).toBe(0);
    expect(filesBelow(join(folder, "small_files/10"))).toHaveLength(121);
    expect([...filesBelow(join(folder, "small_files/7"))].sort()).toEqual(["0_0.jpg", "0_1.jpg", "1_0.jpg", "1_1.jpg"]);
    const { width, height } = await sharp(join(folder, "small_files/7/1_1.jpg")).metadata();
    expect([width, height]).toEqual([88 - 64, 88 - 64]);
  });

  it("writes XYZ tiles with TileJSON, the edge tiles filled up", async () => {
    const out = join(folder, "tiles");
    const { code } = await runHere(["export", demo, "--preset", "NDVI", "--format", "webp", "--lossless", "-o", out]);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(join(out, "tiles.json"), "utf8"))).toMatchObject({
      ...{ tilejson: "2.2.0", tiles: ["{z}/{x}/{y}.webp"], minzoom: 0, maxzoom: 2, tileSize: 256, format: "webp" },
    });
    expect(filesBelow(out)).toHaveLength(1 + 4 + 9 + 1);
    const corner = await sharp(join(out, "2/2/2.webp")).metadata();
    expect([corner.width, corner.height, corner.hasAlpha]).toEqual([256, 256, true]);
  });

  it("goes on where it was, and never mixes two pictures", async () => {
    const out = join(folder, "resumed");
    const args = ["export", demo, "-o", out, "--json"];
    const first = JSON.parse((await runHere([...args, ...FORMULA])).stdout) as { tiles: number; kept: number };
    expect(first).toMatchObject({ tiles: 14, kept: 0 });
    rmSync(join(out, "2/1/1.jpg"));
    expect(JSON.parse((await runHere([...args, ...FORMULA])).stdout)).toMatchObject({ tiles: 14, kept: 13 });
    expect(existsSync(join(out, "2/1/1.jpg"))).toBe(true);
    const other = await bandloom([...args, "--formula", "red"]);
    expect([other.code, other.stdout + other.stderr]).toEqual([2, expect.stringContaining("--force")]);
    expect(JSON.parse((await runHere([...args, "--formula", "red", "--force"])).stdout)).toMatchObject({ kept: 0 });
  });

  it("keeps no tile of another picture when it is interrupted while it writes over one, and is started again", async () => {
    const [out, fresh] = [join(folder, "over"), join(folder, "fresh")];
    const other = ["--formula", "red"];
    expect((await runHere(["export", demo, ...FORMULA, "-o", out])).code).toBe(0);
    expect((await runHere(["export", demo, ...other, "-o", fresh])).code).toBe(0);
    // A file where a folder must be ends the run in its middle.
    const [finest, aside] = [join(out, "2"), join(folder, "aside")];
    renameSync(finest, aside);
    writeFileSync(finest, "");
    const args = ["export", demo, ...other, "--json", "-o", out];
    expect((await runHere([...args, "--force"])).code).toBe(1);
    rmSync(finest);
    renameSync(aside, finest);
    expect(JSON.parse((await runHere(args)).stdout)).toMatchObject({ tiles: 14, kept: 0 });
    for (const name of ["0/0/0.jpg", "1/1/1.jpg", "2/0/0.jpg", "2/2/2.jpg"])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(fresh, name))), name).toBe(true);
    // From then on it is an export like any other.
    expect(JSON.parse((await runHere(args)).stdout)).toMatchObject({ tiles: 14, kept: 14 });
  });

  it("writes over nothing that it did not write, unless it is forced, and never over the image itself", async () => {
    const out = join(folder, "foreign.dzi");
    expect((await runHere(["export", demo, ...FORMULA, "-o", out])).code).toBe(0);
    const record = join(folder, "foreign_files/.bandloom-export.json");
    rmSync(record);
    const args = ["export", demo, "--formula", "red", "-o", out];
    const refused = await runHere(args);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--force")]);
    expect(existsSync(record)).toBe(false);
    expect((await runHere([...args, "--force"])).code).toBe(0);
    const before = readFileSync(join(folder, "foreign_files/10/0_0.jpg"));
    const self = await runHere(["export", out, "--formula", "@1", "--force", "-o", out]);
    expect([self.code, self.stderr]).toEqual([2, expect.stringContaining("the image itself")]);
    expect(readFileSync(join(folder, "foreign_files/10/0_0.jpg")).equals(before)).toBe(true);
    // Beside what is somebody's own.
    const site = join(folder, "site");
    mkdirSync(site);
    writeFileSync(join(site, "index.html"), "");
    expect((await runHere(["export", demo, ...FORMULA, "-o", site])).code).toBe(0);
  });

  it.each([
    [["-o", "never", "--tile-size", "63"], "--tile-size"],
    [["-o", "never", "--format", "gif"], "--format"],
    [["-o", "never", "--quality", "101"], "--quality"],
    [[], "--output"],
    [["-o", "never", "--formula", "redd"], "Did you mean Red"],
    [["-o", ".dzi"], "write a name"],
  ])("tells in a sentence what is wrong with %j", async (args, message) => {
    const { code, stderr } = await runHere(["export", demo, ...args.map(placed)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(placed("never")) || existsSync(placed(".dzi"))).toBe(false);
  });
});
