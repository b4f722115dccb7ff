import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runHere } from "../cli/program.ts";
import { FIFTEEN, fifteenValue, interleavedFifteen, planarFifteen, writeFifteenSet } from "../fixtures/fifteen.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { type S3Server, startS3 } from "../fixtures/s3-server.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";

/** Every way in which the same picture is stored; names of files or folders in the originals. */
const FORMS = {
  planar: "planar.tif",
  interleaved: "interleaved.tif",
  ome: "ome.ome.tif",
  cog: "cog.tif",
  zarr04: "zarr04.ome.zarr",
  zarr05: "zarr05.ome.zarr",
  sharded: "sharded.ome.zarr",
  set: "set/set.channels.yaml",
} as const;
type Form = keyof typeof FORMS;
const MEDIA = ["file", "http", "s3"] as const;
type Medium = (typeof MEDIA)[number];

const FORMULAS = [
  "window(@1 + 2*(@9 - @5), 0, 16000)",
  "window(@15, 8000, 18000); window(@8, 4000, 16000); window(@2, 2000, 12000)",
];
/** Level, x, y: full resolution inside and at the corner, and both levels of the pyramid. */
const TILES = [
  [0, 0, 0],
  [0, 1, 1],
  [0, 2, 1],
  [1, 1, 0],
  [2, 0, 0],
] as const;

describe("one picture of fifteen channels on every road", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-roads-"));
  const originals = join(folder, "originals");
  const data = join(folder, "data");
  let http: RangeServer;
  let s3: S3Server;
  let server: RunningServer;
  const pictures = new Map<string, Buffer>();

  beforeAll(async () => {
    mkdirSync(originals);
    writeFileSync(join(originals, FORMS.planar), planarFifteen());
    writeFileSync(join(originals, FORMS.interleaved), interleavedFifteen());
    writeFifteenSet(join(originals, "set"), "set");
    await convert(FORMS.ome, "--chunk", "256");
    await convert(FORMS.cog, "--chunk", "256");
    await convert(FORMS.zarr04, "--chunk", "256", "--zarr-version", "0.4");
    await convert(FORMS.zarr05, "--chunk", "256");
    await convert(FORMS.sharded, "--chunk", "256", "--shard", "512");
    cpSync(originals, join(data, "file"), { recursive: true });
    [http, s3] = await Promise.all([startRangeServer(originals), startS3()]);
    for (const path of filesUnder(originals)) await s3.put(path, readFileSync(join(originals, path)));
    writeFileSync(join(data, "catalogue.yaml"), catalogue());
    server = await startServer({
      data,
      environment: {
        BANDLOOM_ALLOWED_SOURCES: `${http.url}/,s3://${s3.bucket}`,
        BANDLOOM_S3_ENDPOINT: s3.endpoint,
        BANDLOOM_S3_PATH_STYLE: "true",
        ...s3.environment,
      },
    });
  });

  afterAll(async () => {
    await server?.stop();
    await Promise.all([http?.close(), s3?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function convert(output: string, ...options: readonly string[]): Promise<void> {
    const source = join(originals, FORMS.planar);
    expect(await runHere(["ingest", source, "-o", join(originals, output), ...options])).toMatchObject({ code: 0 });
  }

  function catalogue(): string {
    const entries = MEDIA.filter((medium) => medium !== "file").flatMap((medium) =>
      (Object.keys(FORMS) as Form[]).map((form) => {
        const base = medium === "http" ? http.url : `s3://${s3.bucket}`;
        return `  ${medium}/${form}:\n    source: ${base}/${FORMS[form]}\n`;
      }),
    );
    return `images:\n${entries.join("")}`;
  }

  async function tile(key: string, formula: string, [level, x, y]: (typeof TILES)[number]): Promise<Buffer> {
    const zoom = FIFTEEN.levels - 1 - level;
    const address = `${server.url}/tiles/${key}/${zoom}/${x}/${y}.png?f=${encodeURIComponent(formula)}`;
    const response = await fetch(address);
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.status, `${key}: ${response.status === 200 ? "" : body.toString()}`).toBe(200);
    return body;
  }

  const keyOf = (form: Form, medium: Medium) =>
    medium === "file"
      ? `file/${FORMS[form].replace(/(\.ome)?\.(tif|zarr)$|\.channels\.yaml$/, "")}`
      : `${medium}/${form}`;

  it("is what the formula says, pixel by pixel", async () => {
    for (const place of TILES) {
      const [level, tx, ty] = place;
      const {
        width,
        height,
        data: pixels,
      } = PNG.sync.read(await tile(keyOf("planar", "file"), FORMULAS[0] ?? "", place));
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const value = (channel: number) => fifteenValue(level, channel - 1, tx * 256 + x, ty * 256 + y);
          const shade = Math.min(1, Math.max(0, (value(1) + 2 * (value(9) - value(5))) / 16_000));
          const expected = roundHalfEven(Math.fround(255 * Math.fround(shade)));
          if (pixels[(y * width + x) * 4] !== expected)
            expect.fail(`level ${level}, pixel ${x},${y}: ${pixels[(y * width + x) * 4]} in place of ${expected}`);
        }
    }
  });

  for (const form of Object.keys(FORMS) as Form[])
    for (const medium of MEDIA)
      it(`is the same by ${form} from ${medium}`, async () => {
        for (const formula of FORMULAS)
          for (const place of TILES) {
            const picture = await tile(keyOf(form, medium), formula, place);
            const name = `${formula} ${place}`;
            const first = pictures.get(name) ?? (await tile(keyOf("planar", "file"), formula, place));
            pictures.set(name, first);
            expect(picture.equals(first), name).toBe(true);
          }
      });
});

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => relative(folder, join(folder, name)));
}
