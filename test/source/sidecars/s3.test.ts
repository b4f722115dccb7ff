import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { remoteUnchanged } from "../../../src/source/identity.ts";
import { openSource } from "../../../src/source/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { type SignedS3, startSignedS3 } from "../../fixtures/signed-s3.ts";
import type { DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../../fixtures/tiff-pixels.ts";
import { remoteFor, stubAwsEnvironment } from "../remote/support.ts";
import { codes, pam, tiff } from "./support.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 80, height: 60, samples: 3, tile: [32, 32], codec: "deflate" };
const HALF: DirectorySpec = { ...IMAGE, width: 40, height: 30, seed: 2 };
const MASK: DirectorySpec = { width: 80, height: 60, value: (x, y) => (x + y) % 4 };
const HALF_MASK: DirectorySpec = { ...MASK, width: 40, height: 30, seed: 3 };
/** Keys of S3 are plain text: nothing in them is a notation of an address. */
const NAME = "one scan+a%20b (ä)";
const BESIDE: Readonly<Record<string, readonly [before: Uint8Array, after: Uint8Array]>> = {
  ".tif.msk": [tiff(MASK), tiff({ ...MASK, value: (x) => x % 2 })],
  ".tif.msk.ovr": [tiff(HALF_MASK), tiff({ ...HALF_MASK, value: (x) => x % 3 })],
  ".tif.ovr": [tiff(HALF), tiff({ ...HALF, seed: 4 })],
  ".tif.aux.xml": [pam(["<Description>near</Description>"]), pam(["<Description>far</Description>"])].map(bytesOf) as [
    Buffer,
    Buffer,
  ],
  ".tfw": [bytesOf("10 0 0 -10 5 -5"), bytesOf("20 0 0 -20 5 -5")],
  ".prj": [bytesOf('PROJCS["x",AUTHORITY["EPSG","32619"]]'), bytesOf('PROJCS["x",AUTHORITY["EPSG","32620"]]')],
};
const ENDINGS = Object.keys(BESIDE);

function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

describe("files beside an image in a bucket", () => {
  let s3: SignedS3;
  beforeAll(async () => {
    s3 = await startSignedS3();
  });
  afterAll(() => s3.close());
  beforeEach(() => {
    stubAwsEnvironment(s3.environment);
    s3.objects.clear();
    s3.requests.length = 0;
    s3.misbehave(null);
    s3.objects.set(`scans/${NAME}.tif`, tiff(IMAGE));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const putAll = () => {
    for (const [ending, [bytes]] of Object.entries(BESIDE)) s3.objects.set(`scans/${NAME}${ending}`, bytes);
  };
  const remoteIn = (place: string, freshMs?: number) =>
    remoteFor(place, { ...(freshMs && { freshMs }), s3: { endpoint: s3.endpoint, pathStyle: true } });
  const address = () => `s3://${s3.bucket}/scans/${NAME}.tif`;

  async function open(remote = remoteIn(`s3://${s3.bucket}/scans/`)) {
    const source = await openSource({ kind: "url", url: address(), series: 0 }, { remote });
    onTestFinished(() => source.close());
    return source;
  }

  it("are read: mask, levels, metadata and place", async () => {
    putAll();
    const source = await open();
    expect(codes(source)).toEqual([]);
    expect(source.info.channels[0]?.name).toBe("near");
    expect(source.info.georeference).toMatchObject({ crs: "EPSG:32619", affine: [10, 0, 0, 0, -10, 0] });
    for (const [level, [image, mask]] of [[IMAGE, MASK] as const, [HALF, HALF_MASK] as const].entries()) {
      const expected = Float32Array.from(expectedPlane(image, 1), (value, at) =>
        pixel(mask, at % image.width, Math.floor(at / image.width), 0) === 0 ? Number.NaN : value,
      );
      expect(planeDifference(await decoder.plane(source, { channel: 1, level }), expected)).toBeNull();
    }
  });

  it.each(ENDINGS)("are another revision when one comes, changes and goes: %s", async (ending) => {
    // A mask's levels and a reference system are of use beside the mask and the place only.
    putAll();
    s3.objects.delete(`scans/${NAME}${ending}`);
    const key = `scans/${NAME}${ending}`;
    const remote = remoteIn(`s3://${s3.bucket}/scans/`, 1);
    const look = async () => (await open()).identity;
    const none = await look();
    expect(await remoteUnchanged(none, remote)).toBe(true);
    const [before = new Uint8Array(), after = new Uint8Array()] = BESIDE[ending] ?? [];
    s3.objects.set(key, before);
    expect(await remoteUnchanged(none, remote)).toBe(false);
    const first = await look();
    expect(await remoteUnchanged(first, remote)).toBe(true);
    s3.objects.set(key, after);
    expect(await remoteUnchanged(first, remote)).toBe(false);
    const second = await look();
    s3.objects.delete(key);
    expect(await remoteUnchanged(second, remote)).toBe(false);
    expect(new Set([none, first, second].map(({ revision }) => revision)).size).toBe(3);
    expect((await look()).revision).toBe(none.revision);
  });

  it("are never asked for outside of the addresses that are allowed", async () => {
    putAll();
    const source = await open(remoteIn(address()));
    expect(new Set(s3.requests.map(({ key }) => key))).toEqual(new Set([`scans/${NAME}.tif`]));
    expect(codes(source)).toEqual([]);
    expect(source.info).toMatchObject({ georeference: null, channels: [{ masked: false }, {}, {}] });
  });

  it("are none where the bucket denies access to what is not there", async () => {
    s3.misbehave("deny-missing");
    const source = await open();
    expect(codes(source)).toEqual([]);
    expect(await remoteUnchanged(source.identity, remoteIn(`s3://${s3.bucket}/scans/`, 1))).toBe(true);
  });
});
