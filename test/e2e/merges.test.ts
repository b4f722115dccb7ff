import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectGolden } from "../fixtures/golden.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff, type DirectorySpec } from "../fixtures/tiff-builder.ts";

const WIDTH = 480;
const HEIGHT = 360;
const LAYERS = 40;
const DEPTH = 12;

const root = mkdtempSync(join(tmpdir(), "bandloom-merges-"));
let server: RunningServer;

function put(name: string, content: string | DirectorySpec | readonly DirectorySpec[]): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  const directories = Array.isArray(content) ? content : [content as DirectorySpec];
  writeFileSync(path, typeof content === "string" ? content : buildTiff({ directories }));
}

const TILE = [128, 96] as const;

/** Hills and a river, in the pixels of full resolution. */
function ground(x: number, y: number): number {
  const river = Math.abs(y - 180 - 70 * Math.sin(x / 70)) < 14;
  return river ? 300 : Math.round(2400 + 900 * Math.sin(x / 41) * Math.cos(y / 37) + 500 * Math.sin((x + y) / 13));
}

/** Round cells on a grid, their middles bright. */
function cells(x: number, y: number): number {
  const [dx, dy] = [(x % 48) - 24, (y % 45) - 22];
  return Math.max(0, Math.round(255 - 18 * Math.hypot(dx, dy)));
}

/** A warm place, and no data beyond a circle around it. */
function warmth(x: number, y: number): number {
  const distance = Math.hypot(x - 700, y - 420);
  return distance > 380 ? Number.NaN : 1 - distance / 380;
}

/** Fields of a plain, each of its own green, as red light and near infrared see them. */
function reflectance(x: number, y: number, nir: boolean): number {
  const green = ((Math.floor(x / 60) * 7 + Math.floor(y / 45) * 13) % 11) / 10;
  return Math.round(10_000 * (nir ? 0.12 + 0.38 * green : 0.18 - 0.14 * green));
}

/** A spiral that rises through the planes. */
function spiral(x: number, y: number, z: number): number {
  const angle = (z / DEPTH) * 4 * Math.PI;
  const radius = 40 + 9 * z;
  const distance = Math.hypot(x - 240 - radius * Math.cos(angle), y - 180 - radius * Math.sin(angle));
  return Math.max(0, Math.round(4000 * Math.exp(-((distance / 16) ** 2))) + 60);
}

function stackDescription(): string {
  const pixels = `DimensionOrder="XYCZT" Type="uint16" SizeX="${WIDTH}" SizeY="${HEIGHT}" SizeC="1" SizeZ="${DEPTH}" SizeT="1"`;
  return `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels ${pixels}><Channel Name="fibre"/><TiffData/></Pixels></Image></OME>`;
}

beforeAll(async () => {
  put("ground.tif", { width: WIDTH, height: HEIGHT, type: "uint16", tile: TILE, value: ground });
  put("cells.tif", { width: WIDTH / 2, height: HEIGHT / 2, type: "uint8", value: (x, y) => cells(2 * x, 2 * y) });
  put("heat.tif", { width: 1200, height: 900, type: "float32", tile: [256, 256], value: warmth });
  const field = { type: "uint16", tile: [64, 64] } as const;
  put("plain/B04.tif", { width: WIDTH, height: HEIGHT, ...field, value: (x, y) => reflectance(x, y, false) });
  put("plain/B08.tif", {
    ...{ width: WIDTH / 2, height: HEIGHT / 2, ...field },
    value: (x: number, y: number) => reflectance(2 * x, 2 * y, true),
  });
  const members = [
    "{ file: B04.tif, wavelength: 665, scale: 0.0001 }",
    "{ file: B08.tif, wavelength: 842, scale: 0.0001 }",
  ];
  put(
    "plain.channels.yaml",
    `files:\n  - ${members.map((one) => one.replace("file: ", "file: plain/")).join("\n  - ")}\n`,
  );
  put("forty.tif", {
    ...{ width: WIDTH, height: HEIGHT, type: "uint16", tile: TILE, samples: LAYERS, planar: true },
    value: (x: number, y: number, sample: number) => {
      const [cx, cy] = [(sample % 8) * 60 + 30, Math.floor(sample / 8) * 72 + 36];
      return Math.max(0, Math.round(3000 * Math.exp(-((Math.hypot(x - cx, y - cy) / 24) ** 2))));
    },
  });
  put(
    "stack.ome.tif",
    Array.from({ length: DEPTH }, (_, z) => ({
      ...{ width: WIDTH, height: HEIGHT, type: "uint16" as const, tile: TILE },
      ...(z === 0 ? { description: stackDescription() } : {}),
      value: (x: number, y: number) => spiral(x, y, z),
    })),
  );
  server = await startServer({ data: root });
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly image: {
    readonly render: {
      readonly valid: boolean;
      readonly diagnostics: readonly { readonly message: string }[];
      readonly region: { readonly url: string } | null;
    };
  };
}

/** The whole picture as the API gives it, by its URL. */
async function picture(
  key: string,
  argument: string,
  variables: Record<string, unknown> = {},
  types = "",
): Promise<Uint8Array> {
  const { image } = await server.query<Answer>(
    `query${types} { image(key: "${key}") { render(${argument}) {
      valid diagnostics { message }
      region(region: { x: 0, y: 0, width: ${WIDTH}, height: ${HEIGHT} }, maxSize: ${WIDTH}, encoding: { format: PNG }) { url }
    } } }`,
    variables,
  );
  expect(image.render.diagnostics.filter(({ message }) => !message.includes("float32"))).toEqual([]);
  const response = await fetch(server.url + image.render.region?.url);
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, expect.stringContaining("immutable")]);
  return new Uint8Array(await response.arrayBuffer());
}

const formula = (key: string, text: string) => picture(key, "formula: $f", { f: text }, "($f: String!)");

describe("a picture", () => {
  it("merges three images of different sizes and sample types", async () => {
    const text = `
      use cells = image("cells", scale=2);
      use heat = image("heat", dx=-40, dy=12, scale=0.4);
      let land = gray(stretch(@1, 1, 99));
      screen(over(colormap(window(heat.b1, 0, 1.3), "inferno"), land), tint(window(cells.b1, 60, 255), "#00c8ff"))`;
    await expectGolden("merge-of-three-images", await formula("ground", text));
  });

  it("shows a vegetation index of a channel set, found by wavelengths", async () => {
    const shown = await picture("plain", 'preset: "NDVI", display: { colormap: "rdylgn", window: [-0.2, 0.9] }');
    await expectGolden("ndvi-of-a-channel-set", shown);
  });

  it("merges forty channels, each in its colour", async () => {
    const layers = Array.from({ length: LAYERS }, (_, index) => {
      const hue = (index / LAYERS) * 2 * Math.PI;
      const part = (turn: number) => Math.round(140 + 110 * Math.cos(hue + turn));
      const color = `#${[0, 2.1, 4.2].map((turn) => part(turn).toString(16).padStart(2, "0")).join("")}`;
      return { expression: `@${index + 1}`, color, window: [0, 3000] };
    });
    const shown = await picture("forty", "layers: $layers", { layers }, "($layers: [LayerInput!]!)");
    await expectGolden("forty-channels", shown);
  });

  it("projects the planes of a stack onto one", async () => {
    await expectGolden(
      "projection-of-a-stack",
      await formula("stack", 'colormap(window(zmax(fibre), 0, 4000), "magma")'),
    );
    const three =
      "rgb(window(zmax(fibre, 0, 3), 0, 4000), window(zmax(fibre, 4, 7), 0, 4000), window(zmax(fibre, 8, 11), 0, 4000))";
    await expectGolden("projections-by-depth", await formula("stack", three));
  });
});
