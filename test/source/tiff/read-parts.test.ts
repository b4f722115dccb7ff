import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryFolder } from "../../fixtures/memory-folder.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const SIZE = { width: 40, height: 30 };

const uuid = (part: number) => `urn:uuid:0000${part}`;
const plane = (part: number, seed: number): DirectorySpec => ({ ...SIZE, seed: part * 100 + seed });

interface PartData {
  readonly name: string;
  readonly c: number;
  readonly z?: number;
  readonly uuid?: string;
}

function xml(own: number, sizeC: number, data: readonly PartData[], sizeZ = 1): string {
  const elements = data.map(
    ({ name, c, z = 0, uuid: id = "" }) =>
      `<TiffData IFD="0" PlaneCount="1" FirstC="${c}" FirstZ="${z}"><UUID FileName="${name}">${id}</UUID></TiffData>`,
  );
  return `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="${uuid(own)}">
<Image><Pixels DimensionOrder="XYCZT" Type="uint8" SizeX="40" SizeY="30" SizeC="${sizeC}" SizeZ="${sizeZ}" SizeT="1">${elements.join("")}</Pixels></Image></OME>`;
}

/** Three files of a channel each, all with the whole description and a UUID of their own. */
function threeFiles() {
  const data = [0, 1, 2].map((c) => ({ name: `${c}.ome.tif`, c, uuid: uuid(c) }));
  return Object.fromEntries(
    data.map(({ name, c }) => [name, buildTiff({ directories: [{ ...plane(c, 0), description: xml(c, 3, data) }] })]),
  );
}

const bytesOf = (files: Readonly<Record<string, Uint8Array>>, name: string) => files[name] ?? new Uint8Array();

describe("an OME-TIFF of several files", () => {
  it("is read whole from any of them, without descriptions of its channels", async () => {
    const files = threeFiles();
    for (const name of Object.keys(files)) {
      const siblings = new MemoryFolder(files);
      const source = await openTiff(new MemoryStore(bytesOf(files, name)), { siblings });
      expect(source.info.channels).toHaveLength(3);
      expect(source.info.warnings).toEqual([]);
      for (const channel of [0, 1, 2]) {
        const found = await decoder.plane(source, { channel });
        expect(planeDifference(found, expectedPlane(plane(channel, 0), 0))).toBeNull();
      }
      await source.close();
      expect([siblings.openNow, siblings.closed]).toEqual([0, true]);
    }
  });

  it("is as new as its newest part", async () => {
    const files = threeFiles();
    const revision = async (name: string, all: Readonly<Record<string, Uint8Array>>) => {
      const source = await openTiff(new MemoryStore(bytesOf(all, name)), { siblings: new MemoryFolder(all) });
      return source.identity.revision;
    };
    const before = await revision("0.ome.tif", files);
    expect(await revision("0.ome.tif", files)).toBe(before);
    const other = bytesOf(files, "2.ome.tif").slice();
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    expect(await revision("0.ome.tif", { ...files, "2.ome.tif": other })).not.toBe(before);
  });

  it.each<[string, (files: Record<string, Uint8Array>) => void]>([
    ["missing", (files) => delete files["1.ome.tif"]],
    ["no TIFF", (files) => Object.assign(files, { "1.ome.tif": new TextEncoder().encode("not an image at all") })],
    ["empty", (files) => Object.assign(files, { "1.ome.tif": new Uint8Array() })],
    ["of another image", (files) => Object.assign(files, { "1.ome.tif": files["2.ome.tif"] })],
  ])("lacks the planes of a part that is %s, and says so", async (_, change) => {
    const files = threeFiles();
    change(files);
    const siblings = new MemoryFolder(files);
    const source = await openTiff(new MemoryStore(bytesOf(files, "0.ome.tif")), { siblings });
    expect(source.info.channels).toHaveLength(3);
    expect(source.info.warnings).toEqual([
      expect.objectContaining({
        code: "PLANES_MISSING",
        message: expect.stringMatching(/^1 of its 3 planes cannot be read/),
      }),
    ]);
    const last = await decoder.plane(source, { channel: 2 });
    expect(planeDifference(last, expectedPlane(plane(2, 0), 0))).toBeNull();
    await expect(decoder.plane(source, { channel: 1 })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("shows its own planes where its folder cannot be reached", async () => {
    const source = await openTiff(new MemoryStore(bytesOf(threeFiles(), "1.ome.tif")));
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "PLANES_MISSING", message: expect.stringMatching(/^2 of its 3 planes/) }),
    ]);
    const own = await decoder.plane(source, { channel: 1 });
    expect(planeDifference(own, expectedPlane(plane(1, 0), 0))).toBeNull();
  });

  it.each(["../1.ome.tif", "/etc/passwd", "a/../../b.tif", "C:\\b.tif", "..", "./x.tif", "", "file:///etc/passwd"])(
    "never asks for a file outside of its folder: %s",
    async (name) => {
      const own = { name: "0.ome.tif", c: 0, uuid: uuid(0) };
      const description = xml(0, 2, [own, { name, c: 1, uuid: uuid(1) }]);
      const siblings = new MemoryFolder({ [name]: new Uint8Array(10) });
      const file = buildTiff({ directories: [{ ...plane(0, 0), description }] });
      const source = await openTiff(new MemoryStore(file), { siblings });
      expect(siblings.asked).toEqual([]);
      expect(source.info.warnings).toEqual([
        expect.objectContaining({ code: "PLANES_MISSING", message: expect.stringMatching(/^1 of its 2 planes/) }),
      ]);
    },
  );

  it("is refused where none of its planes can be read, and closes what it opened", async () => {
    const siblings = new MemoryFolder({ "1.tif": buildTiff({ directories: [{ width: 7, height: 7 }] }) });
    const description = xml(0, 1, [{ name: "../x.tif", c: 0, uuid: uuid(1) }], 1);
    const file = buildTiff({ directories: [{ ...plane(0, 0), description }] });
    await expect(openTiff(new MemoryStore(file), { siblings })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    const other = xml(0, 1, [{ name: "1.tif", c: 0, uuid: uuid(1) }], 1);
    const shaped = buildTiff({ directories: [{ ...plane(0, 0), description: other }] });
    await expect(openTiff(new MemoryStore(shaped), { siblings })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(siblings.openNow).toBe(0);
  });

  it("may have files that name each other in a ring: none is followed", async () => {
    const ring = (own: number, next: number) => xml(own, 1, [{ name: `${next}.ome.tif`, c: 0, uuid: uuid(next) }]);
    const files = Object.fromEntries(
      [0, 1].map((part) => [
        `${part}.ome.tif`,
        buildTiff({ directories: [{ ...plane(part, 0), description: ring(part, 1 - part) }] }),
      ]),
    );
    const source = await openTiff(new MemoryStore(bytesOf(files, "0.ome.tif")), { siblings: new MemoryFolder(files) });
    const found = await decoder.plane(source, { channel: 0 });
    expect(planeDifference(found, expectedPlane(plane(1, 0), 0))).toBeNull();
  });

  it("of hundreds of files holds few of them open, and tells what is missing without opening it", async () => {
    const count = 150;
    const names = Array.from({ length: count }, (_, z) => ({ name: `${z}.tif`, c: 0, z, uuid: uuid(z) }));
    const description = xml(9999, 1, names, count);
    const files = Object.fromEntries(
      names.flatMap(({ name, z }) => (z === 140 ? [] : [[name, buildTiff({ directories: [plane(0, z)] })]])),
    );
    const siblings = new MemoryFolder(files);
    const own = buildTiff({ directories: [{ ...plane(0, 7), description }] });
    const source = await openTiff(new MemoryStore(own), { siblings });
    expect(source.info.depth).toBe(count);
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "PLANES_MISSING", message: expect.stringMatching(/^1 of its 150 planes/) }),
    ]);
    expect(siblings.asked.length).toBeLessThan(count);
    for (const z of [149, 3, 77, 149]) {
      const found = await decoder.plane(source, { channel: 0, z });
      expect(planeDifference(found, expectedPlane(plane(0, z), 0))).toBeNull();
    }
    expect(siblings.mostOpen).toBeLessThanOrEqual(17);
  });

  it("notices that a part was replaced after it was closed", async () => {
    const count = 40;
    const names = Array.from({ length: count }, (_, z) => ({ name: `${z}.tif`, c: 0, z, uuid: uuid(z) }));
    const files = new Map(names.map(({ name, z }) => [name, buildTiff({ directories: [plane(0, z)] })]));
    const siblings = new MemoryFolder(files);
    const own = buildTiff({ directories: [{ ...plane(0, 7), description: xml(9999, 1, names, count) }] });
    const source = await openTiff(new MemoryStore(own), { siblings });
    files.set("0.tif", buildTiff({ directories: [plane(0, 99)] }));
    await expect(decoder.plane(source, { channel: 0, z: 0 })).rejects.toThrow(/changed/);
  });

  it("may have its metadata in a file of their own", async () => {
    const data = [0, 1].map((c) => ({ name: `${c}.tif`, c, uuid: uuid(c) }));
    const binary = (part: number) =>
      `<?xml version="1.0"?><OME xmlns="x" UUID="${uuid(part)}"><BinaryOnly MetadataFile="all.companion.ome" UUID="${uuid(9)}"/></OME>`;
    const files: Record<string, Uint8Array> = Object.fromEntries(
      [0, 1].map((part) => [
        `${part}.tif`,
        buildTiff({ directories: [{ ...plane(part, 0), description: binary(part) }] }),
      ]),
    );
    const companion = { ...files, "all.companion.ome": new TextEncoder().encode(xml(9, 2, data)) };
    const source = await openTiff(new MemoryStore(bytesOf(files, "1.tif")), { siblings: new MemoryFolder(companion) });
    for (const channel of [0, 1]) {
      const found = await decoder.plane(source, { channel });
      expect(planeDifference(found, expectedPlane(plane(channel, 0), 0))).toBeNull();
    }
    for (const siblings of [null, new MemoryFolder(files)]) {
      const opened = openTiff(new MemoryStore(bytesOf(files, "1.tif")), { siblings });
      await expect(opened).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    }
  });
});
