import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Identity, remoteUnchanged } from "../../../src/source/identity.ts";
import { openSource } from "../../../src/source/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { Latch } from "../../fixtures/latch.ts";
import { type Misbehaviour, type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { type DirectorySpec, double, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../../fixtures/tiff-pixels.ts";
import { remoteFor, until } from "../remote/support.ts";
import { codes, pam, tiff } from "./support.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 80, height: 60, samples: 3, tile: [32, 32], codec: "deflate" };
const HALF: DirectorySpec = { ...IMAGE, width: 40, height: 30, planar: true, seed: 2 };
const PLACED: Partial<DirectorySpec> = {
  tags: { [TAG.modelPixelScale]: double(10, 10, 0), [TAG.modelTiepoint]: double(0, 0, 0, 5, 5, 0) },
};
const MASK: DirectorySpec = { width: 80, height: 60, value: (x, y) => (x + y) % 4 };
const SIDECARS = {
  "all.tif.msk": tiff(MASK),
  "all.tif.msk.ovr": tiff({ ...MASK, width: 40, height: 30, seed: 3 }),
  "all.tif.ovr": tiff(HALF),
  "all.tif.aux.xml": Buffer.from(pam(["<Description>near</Description>"])),
  "all.tfw": Buffer.from("10 0 0 -10 5 -5"),
  "all.prj": Buffer.from('PROJCS["x",AUTHORITY["EPSG","32619"]]'),
};

describe("files beside an image behind a network", () => {
  const files = new Map<string, Uint8Array>([
    ["plain.tif", tiff(IMAGE)],
    ["whole.tif", tiff({ ...IMAGE, ...PLACED, children: [{ ...HALF, planar: false, reduced: true }] })],
    ["all.tif", tiff(IMAGE)],
    ...Object.entries(SIDECARS),
  ]);
  let server: RangeServer;
  beforeAll(async () => {
    server = await startRangeServer(files);
  });
  afterAll(() => server.close());

  async function openAt(path: string, remote = remoteFor(server.url, { freshMs: 1 }), from = server.url) {
    const source = await openSource({ kind: "url", url: `${from}/${path}`, series: 0 }, { remote });
    onTestFinished(() => source.close());
    return source;
  }

  it("are read: mask, levels, metadata and place", async () => {
    const source = await openAt("all.tif");
    expect(codes(source)).toEqual([]);
    expect(source.info.channels[0]?.name).toBe("near");
    expect(source.info.georeference).toMatchObject({ crs: "EPSG:32619", affine: [10, 0, 0, 0, -10, 0] });
    for (const [level, [image, mask]] of [
      [IMAGE, MASK],
      [HALF, { ...MASK, width: 40, height: 30 }],
    ].entries()) {
      if (!image || !mask) throw new Error("no such level");
      const expected = Float32Array.from(expectedPlane(image, 1), (value, at) =>
        pixel(mask, at % image.width, Math.floor(at / image.width), 0) === 0 ? Number.NaN : value,
      );
      expect(planeDifference(await decoder.plane(source, { channel: 1, level }), expected)).toBeNull();
    }
  });

  it.each([
    ["plain", [".tfw", ".tif.aux.xml", ".tif.msk", ".tif.ovr", ".wld"]],
    ["whole", [".tif.aux.xml", ".tif.msk"]],
  ])("are looked for at once, as far as they may be of use, and no tile costs more: %s", async (name, endings) => {
    const latch = new Latch(({ url }) => url !== `/${name}.tif`);
    const held = await startRangeServer(files, { hold: latch.hold });
    onTestFinished(() => held.close());
    const opening = openAt(`${name}.tif`, remoteFor(held.url), held.url);
    // None of them is answered before all of them are there.
    await until(() => latch.held === endings.length);
    latch.open();
    const source = await opening;
    const paths = endings.map((ending) => `/${name}${ending}`);
    const beside = held.requests.filter((one) => !one.startsWith(`GET /${name}.tif `));
    expect(beside.toSorted()).toEqual(paths.map((path) => `GET ${path} bytes=0-65535`));
    const known = held.requests.length;
    await decoder.plane(source, { channel: 0 });
    expect(held.requests.slice(known).filter((one) => !one.startsWith(`GET /${name}.tif `))).toEqual([]);
  });

  it("are not looked for where the server does not give the image", async () => {
    const failing = await startBeside("slow-down", "none.tif");
    const remote = remoteFor(failing.url);
    await expect(openAt("plain.tif", remote, failing.url)).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    expect(failing.requests).toHaveLength(3);
  });

  it("are another revision when they come, change and go", async () => {
    const remote = remoteFor(server.url, { freshMs: 1 });
    const look = async () => {
      const { identity } = await openAt("plain.tif", remoteFor(server.url));
      expect(await remoteUnchanged(identity, remote)).toBe(true);
      return identity;
    };
    const revisions = new Set<string>();
    for (const name of ["plain.tif.msk", "plain.tif.ovr", "plain.tif.aux.xml", "plain.tfw"]) {
      const seen: Identity[] = [await look()];
      for (const content of ["one", "other", null]) {
        if (content === null) files.delete(name);
        else files.set(name, Buffer.from(content));
        const before = seen.at(-1);
        expect(before && (await remoteUnchanged(before, remote))).toBe(false);
        seen.push(await look());
      }
      const [none, first, second, again] = seen.map(({ revision }) => revision);
      expect(again).toBe(none);
      expect(new Set([none, first, second]).size).toBe(3);
      for (const one of [none, first, second]) if (one) revisions.add(one);
    }
    expect(revisions.size).toBe(1 + 4 * 2);
  });

  it("are none where the server refuses them, or the address is not allowed", async () => {
    const remote = remoteFor(`${server.url}/plain.tif`);
    const source = await openAt("plain.tif", remote);
    expect(codes(source)).toEqual([]);
    for (const status of ["401", "403", "404", "access-denied"] as const) {
      const refusing = await startBeside(status);
      expect(codes(await openAt("plain.tif", remoteFor(refusing.url), refusing.url))).toEqual([]);
    }
  });

  it("are told where the server fails, and looked for again", async () => {
    const failing = await startBeside("500");
    const remote = remoteFor(failing.url, { freshMs: 1 });
    const source = await openAt("plain.tif", remote, failing.url);
    expect(new Set(codes(source))).toEqual(new Set(["SIDECAR_NOT_READ"]));
    expect(JSON.stringify(source.info.warnings)).not.toContain(failing.url);
    expect(await remoteUnchanged(source.identity, remote)).toBe(true);
  });

  /** Serves the image, and everything else as badly as said. */
  async function startBeside(bad: Misbehaviour, image = "plain.tif"): Promise<RangeServer> {
    const one = await startRangeServer(files, { bad: (path) => (path === image ? null : bad) });
    onTestFinished(() => one.close());
    return one;
  }
});
