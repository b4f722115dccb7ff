import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameHash, readZipDirectory } from "../../../src/source/store/zip-directory.ts";
import { zipFolder } from "../../../src/source/store/zip-folder.ts";
import type { Store } from "../../../src/source/types.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildZip, endRecords, type ZipEnd, type ZipLie } from "../../fixtures/zip-builder.ts";
import { failureOf } from "../ome-zarr/support.ts";

const text = (name: string) => ({ name, bytes: new TextEncoder().encode(`in ${name}`) });

async function read(store: Store, path: string): Promise<string | null> {
  const found = await (await zipFolder(store)).get(path, 1000);
  return found && new TextDecoder().decode(found.bytes);
}

/** The directory of so many empty files, and the records at its end, in a file that is as long as it says. */
function emptyFiles(count: number, nameOf: (index: number) => string, end: ZipEnd = {}) {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  const directory = Buffer.alloc(names.reduce((sum, name) => sum + 46 + name.length, 0));
  let at = 0;
  for (const name of names) {
    directory.writeUInt32LE(0x02014b50, at);
    directory.writeUInt16LE(name.length, at + 28);
    directory.write(name, at + 46, "latin1");
    at += 46 + name.length;
  }
  const told = { count, size: at, offset: 0, zip64: true, ...end };
  return new MemoryStore(Buffer.concat([directory, endRecords(told, at)]));
}

describe("the directory of a zip archive", () => {
  it.each([false, true])("finds each file by its name, and nothing else (Zip64: %s)", async (zip64) => {
    const name = fc.stringMatching(/^[a-z0-9_é]{1,9}(\/[a-z0-9_]{1,9}){0,2}$/);
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(names, fc.constantFrom("stored", "deflated"), async (all, method) => {
        // Two at the top: else the first folder would be left out.
        const files = [text("top"), ...all.map((one) => text(`below/${one}`))];
        const store = new MemoryStore(buildZip(files, method, {}, { zip64 }));
        for (const file of files) expect(await read(store, file.name)).toBe(`in ${file.name}`);
        for (const one of all) {
          expect(await read(store, one)).toBeNull();
          expect(await read(store, `below/${one}x`)).toBeNull();
        }
      }),
      { numRuns: 30 },
    );
  });

  it("leaves out the folder that all files lie in, and entries that are folders", async () => {
    const files = ["image.zarr/", "image.zarr/0/", "image.zarr/0/c", "image.zarr/zarr.json"].map(text);
    const store = new MemoryStore(buildZip(files, "stored"));
    expect(await read(store, "zarr.json")).toBe("in image.zarr/zarr.json");
    expect(await read(store, "0/c")).toBe("in image.zarr/0/c");
    expect(await read(store, "image.zarr/zarr.json")).toBeNull();
  });

  it("means the last of two files of one name", async () => {
    const [old, young] = [text("a"), { name: "a", bytes: new TextEncoder().encode("new") }];
    expect(await read(new MemoryStore(buildZip([old, young], "stored")), "a")).toBe("new");
  });

  it("may be followed by a comment, which may look like its end", async () => {
    const sound = Buffer.from(buildZip([text("a")], "stored"));
    const comment = sound.subarray(-22);
    sound.writeUInt16LE(comment.length + 4, sound.length - 2);
    const store = new MemoryStore(Buffer.concat([sound, Buffer.from(comment), Buffer.from("more")]));
    expect(await read(store, "a")).toBe("in a");
  });
});

describe("a zip archive of very many files", () => {
  it("is opened by two reads beside its end, and takes no object for each", async () => {
    const count = 300_000;
    const store = emptyFiles(count, (index) => `image.zarr/0/${index % 15}/${index}`);
    let reads = 0;
    const counted: Store = {
      size: store.size,
      identity: store.identity,
      read: (offset, length) => {
        reads++;
        return store.read(offset, length);
      },
      close() {},
    };
    const before = process.memoryUsage().heapUsed;
    const directory = await readZipDirectory(counted);
    // An object for each would take 100 bytes and more.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(count * 50);
    expect(reads).toBe(3);
    for (const index of [0, 1, 77_777, count - 1])
      expect(directory.find(`0/${index % 15}/${index}`)).toMatchObject({ size: 0, method: 0 });
    expect(directory.find(`0/1/${count}`)).toBeNull();
  });
});

describe("a zip archive that means harm", () => {
  const refusal = async (store: Store) => {
    const { code, message } = await failureOf(zipFolder(store));
    expect(code).toBe("SOURCE_UNREADABLE");
    return message;
  };
  const few = (end: ZipEnd, lie: ZipLie = {}) =>
    new MemoryStore(buildZip(["a", "b/c", "d"].map(text), "stored", lie, end));

  it("is refused by its end record before its directory is read: too many entries, or too long", async () => {
    for (const end of [
      { count: 1_000_001, zip64: true },
      { count: 2 ** 40, zip64: true },
      { size: 2 ** 27 + 1, zip64: true },
      { size: 2 ** 31 },
    ]) {
      const store = few(end);
      expect(await refusal(store)).toMatch(/where \d+ are the most/);
      expect(store.largestRead).toBeLessThan(100_000);
    }
  });

  it("is refused where its end record lies: of more entries than fit, of others than there are, past its end", async () => {
    for (const end of [
      { count: 4 },
      { count: 2 },
      { count: 0 },
      { count: 65_535, zip64: true },
      { size: 100 },
      { offset: 2 ** 31 },
      { offset: 2 ** 60, zip64: true },
      { offset: 1 },
    ])
      expect(await refusal(few(end))).toMatch(/damaged/);
  });

  it("is refused while its entries are counted, where more come than it says", async () => {
    // The end record of old writers counts modulo 65,536.
    const store = emptyFiles(1_000_001, () => "", { count: 1_000_001 % 2 ** 16, zip64: false });
    expect(await refusal(store)).toMatch(/1000001 entries or more/);
  });

  it("is refused where its names are chosen to fall together", async () => {
    const names: string[] = [];
    for (let index = 0; names.length < 300; index++) {
      const name = Buffer.from(`n${index}`);
      if ((nameHash(name, 0, name.length) & 1023) === 7) names.push(`n${index}`);
    }
    expect(await refusal(emptyFiles(names.length, (index) => names[index] ?? ""))).toMatch(/in bounded time/);
    await expect(zipFolder(emptyFiles(300, (index) => `n${index}`))).resolves.toBeDefined();
  });

  it("is read no further than a file may have bytes, whatever is packed in it", async () => {
    const files = [{ name: "a", bytes: new Uint8Array(500_000) }, text("b")];
    for (const method of ["stored", "deflated"] as const) {
      const store = new MemoryStore(buildZip(files, method, { size: 10, compressedSize: 400_000 }));
      const folder = await zipFolder(store);
      expect((await failureOf(Promise.resolve(folder.get("a", 1000)))).message).toMatch(/damaged/);
      expect(store.largestRead).toBeLessThan(100_000);
    }
  });
});
