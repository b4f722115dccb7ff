import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { writeLargeStack } from "../fixtures/large-stack.ts";
import { endsBehind, Latch } from "../fixtures/latch.ts";
import { startRangeServer } from "../fixtures/range-server.ts";
import { mountSmallDisk, needsDisk } from "../fixtures/small-disk.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { bandloom, cleanEnvironment, PROGRAM, runHere } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-ingest-cli-"));
const small = join(folder, "small.tif");
/** Of several units for each of several threads. */
const large = join(folder, "large.ome.tif");
/** Noise, which packs to hardly less than it is; its channels are read one after the other. */
const noise = join(folder, "noise.tif");

beforeAll(async () => {
  writeFileSync(small, buildTiff({ directories: [{ width: 700, height: 600, type: "uint16", rowsPerStrip: 50 }] }));
  await writeLargeStack(large, { width: 1536, height: 1536 }, 3);
  const layout = { width: 1024, height: 1024, type: "uint16", samples: 4, planar: true, tile: [256, 256] } as const;
  writeFileSync(noise, buildTiff({ directories: [layout] }));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own for what a test writes. */
function emptyFolder(): string {
  return mkdtempSync(join(folder, "out-"));
}

/** Bytes of all files below a folder. */
function bytesBelow(path: string): number {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  return names.reduce((sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** A conversion in its middle: the rest of its source comes when a test lets it. */
async function halfWay(output: string) {
  const bytes = readFileSync(noise);
  const latch = new Latch(endsBehind(bytes.length * 0.6));
  const server = await startRangeServer(new Map([["noise.tif", bytes]]), { hold: latch.hold });
  onTestFinished(() => server.close());
  const patient = { BANDLOOM_SOURCE_TIMEOUT_MS: "600000" };
  const child = spawn(process.execPath, [PROGRAM, "ingest", `${server.url}/noise.tif`, "-o", output], {
    env: cleanEnvironment(patient),
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await expect
    .poll(() => latch.held > 0 && bytesBelow(dirname(output)) > bytes.length / 32, { interval: 5 })
    .toBe(true);
  return { child, exit, latch };
}

describe("bandloom ingest", () => {
  it("writes what the ending of the output says, and tells what it is", async () => {
    const out = emptyFolder();
    const path = join(out, "a.ome.tif");
    const { code, stdout, stderr } = await bandloom(["ingest", small, "-o", path, "--chunk", "256"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /a\.ome\.tif: 700 × 600 pixels, 1 channel, 3 levels, [\d.]+ KiB, in [\d.]+ s; all chunks verified\n$/,
    );
    expect(readdirSync(out)).toEqual(["a.ome.tif"]);
    const inspected = JSON.parse((await runHere(["inspect", path, "--json"])).stdout);
    expect(inspected).toMatchObject({ format: "OME-TIFF", width: 700, levels: [{ chunkWidth: 256 }, {}, {}] });
  });

  it("writes OME-Zarr whose folder is a picture at once", async () => {
    const path = join(emptyFolder(), "a.zarr");
    expect((await bandloom(["ingest", small, "-o", path, "--shard", "1024", "--compression", "zstd"])).code).toBe(0);
    const inspected = JSON.parse((await runHere(["inspect", path, "--json"])).stdout);
    expect(inspected).toMatchObject({ format: "OME-Zarr 0.5", width: 700, channels: [{ dataType: "uint16" }] });
    expect(inspected.warnings).toEqual([]);
  });

  it("tells the same as JSON", async () => {
    const path = join(emptyFolder(), "a.tif");
    const { stdout } = await runHere(["ingest", small, "-o", path, "--json", "--effort", "1"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      output: path,
      width: 700,
      height: 600,
      channels: 1,
      levels: 3,
      chunks: 6,
      verified: 6,
    });
    expect(report.bytes).toBe(statSync(path).size);
  });

  it("makes the same file of the same sources", async () => {
    const out = emptyFolder();
    const paths = [1, 3].map((threads) => ({ threads: `${threads}`, path: join(out, `by-${threads}.ome.tif`) }));
    for (const { threads, path } of paths)
      expect((await runHere(["ingest", large, "-o", path, "--effort", "1", "--threads", threads])).code).toBe(0);
    const [one, other] = paths.map(({ path }) => readFileSync(path));
    expect(other && one?.equals(other)).toBe(true);
  });

  it("keeps what is there unless it is told to replace it", async () => {
    const path = join(emptyFolder(), "kept.tif");
    writeFileSync(path, "mine");
    const { code, stderr } = await runHere(["ingest", small, "-o", path]);
    expect([code, readFileSync(path, "utf8")]).toEqual([2, "mine"]);
    expect(stderr).toContain("--force");
    expect((await runHere(["ingest", small, "-o", path, "--force"])).code).toBe(0);
    expect(statSync(path).size).toBeGreaterThan(1000);
  });

  it("replaces a file by what is made of it", async () => {
    const path = join(emptyFolder(), "same.tif");
    writeFileSync(path, readFileSync(small));
    expect((await runHere(["ingest", path, "-o", path, "--force"])).code).toBe(0);
    expect(JSON.parse((await runHere(["inspect", path, "--json"])).stdout).levels).toHaveLength(3);
  });
});

describe("wrong usage", () => {
  it.each([
    [[small], "-o, --output"],
    [[small, "-o", "x.png"], ".ome.tif, .tif or .zarr"],
    [[small, "-o", "x.tif", "--chunk", "300"], "256, 512 or 1024"],
    [[small, "-o", "x.tif", "--compression", "blosc"], "deflate or zstd"],
    [[small, "-o", "x.zarr", "--compression", "deflate"], "zstd or gzip or blosc"],
    [[small, "-o", "x.tif", "--effort", "12"], "--effort"],
    [[small, "-o", "x.tif", "--names", "a,,b"], "--names"],
    [[small, "-o", "x.tif", "--names", "a,b"], "1 channels and 2 names"],
    [[small, "-o", "x.zarr", "--shard", "1000"], "no power of two times a chunk"],
    [[small, "-o", "x.zarr", "--zarr-version", "0.4", "--shard", "1024"], "0.4 has no shards"],
    [[small, "-o", "x.tif", "--shard", "1024"], "--shard and --zarr-version are for OME-Zarr"],
  ])("is told in a sentence with exit code 2, and nothing is written: %j", async (args, message) => {
    const out = emptyFolder();
    const { code, stdout, stderr } = await runHere(["ingest", ...args], { cwd: out });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bandloom: /);
    expect(stderr).toContain(message);
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("what cannot be done", () => {
  beforeAll(() => {
    writeFileSync(join(folder, "text.tif"), "no image at all");
    const replaceChunk = (chunk: number, stored: Uint8Array) =>
      chunk === 30 ? stored.map((byte) => byte ^ 0x55) : stored;
    const layout = { width: 1500, height: 1500, tile: [256, 256], codec: "deflate" } as const;
    writeFileSync(join(folder, "damaged.tif"), buildTiff({ directories: [{ ...layout, replaceChunk }] }));
  });

  it.each([
    ["missing.tif", "There is no file"],
    ["text.tif", "cannot be read"],
    ["damaged.tif", "cannot be read"],
  ])("fails with a reason and leaves nothing: %s", async (name, reason) => {
    const source = join(folder, name);
    const out = emptyFolder();
    for (const output of ["x.ome.tif", "x.tif"]) {
      const { code, stderr } = await runHere(["ingest", source, "-o", join(out, output)]);
      expect(code).toBe(1);
      expect(stderr).toContain(reason);
      expect(readdirSync(out)).toEqual([]);
    }
  });

  it("names the one of several sources that cannot be read", async () => {
    const { code, stderr } = await runHere([
      "ingest",
      small,
      join(folder, "text.tif"),
      "-o",
      join(emptyFolder(), "x.tif"),
    ]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("text.tif: ")]);
  });

  it("is to write into a folder that is not there", async () => {
    const { code, stderr } = await runHere(["ingest", small, "-o", join(folder, "no", "x.tif")]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no folder");
  });

  const disk = mountSmallDisk(1);
  afterAll(() => disk?.unmount());

  it("is to fill a disk beyond its end: it says so and leaves nothing", needsDisk(disk), async () => {
    for (const output of ["x.ome.tif", "x.tif", "x.zarr"]) {
      const { code, stderr } = await runHere([
        "ingest",
        noise,
        "-o",
        join(disk?.folder ?? "", output),
        "--effort",
        "1",
      ]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("The disk is full")]);
      expect(readdirSync(disk?.folder ?? "")).toEqual([]);
    }
  });
});

describe("a conversion that is interrupted at half", () => {
  it.each([
    ["SIGINT", "x.ome.tif", 130],
    ["SIGTERM", "x.tif", 143],
    ["SIGINT", "x.zarr", 130],
  ] as const)("by %s leaves nothing of %s", async (signal, name, code) => {
    const out = emptyFolder();
    const { child, exit } = await halfWay(join(out, name));
    child.kill(signal);
    expect(await exit).toEqual([code, null]);
    expect(readdirSync(out)).toEqual([]);
  });

  it.each(["x.ome.tif", "x.tif", "x.zarr"])(
    "by SIGKILL leaves nothing that looks whole, and the next run makes %s",
    async (name) => {
      const out = emptyFolder();
      const output = join(out, name);
      const { child, exit } = await halfWay(output);
      child.kill("SIGKILL");
      await exit;
      const left = readdirSync(out);
      expect(left.length).toBeGreaterThan(0);
      expect(left.filter((one) => !one.startsWith("."))).toEqual([]);
      for (const partial of left) {
        expect((await runHere(["inspect", join(out, partial)])).code).toBe(1);
      }
      expect((await runHere(["ingest", noise, "-o", output, "--effort", "1"])).code).toBe(0);
      expect(readdirSync(out)).toEqual([name]);
    },
  );

  it("does not take what another run is writing for its own", async () => {
    const out = emptyFolder();
    const output = join(out, "x.ome.tif");
    const { exit, latch } = await halfWay(output);
    expect((await bandloom(["ingest", small, "-o", output])).code).toBe(0);
    expect(existsSync(output)).toBe(true);
    latch.open();
    // What has come first stays: the slower run finds its place taken.
    expect((await exit)[0]).toBe(2);
    expect(readdirSync(out)).toEqual(["x.ome.tif"]);
  });
});
