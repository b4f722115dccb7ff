import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anonymousMemory, type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff, type DirectorySpec, long, short, TAG } from "../fixtures/tiff-builder.ts";

const GOOD: DirectorySpec = { width: 300, height: 200, type: "uint8", tile: [64, 64], codec: "deflate" };
const good = buildTiff({ directories: [GOOD] });
/** Ten times the second that a refusal may take. */
const HANG_MS = 10_000;
const MEMORY_RISE = 256 * 2 ** 20;

function tags(changed: DirectorySpec["tags"]): Uint8Array {
  return buildTiff({ directories: [{ ...GOOD, tags: changed ?? {} }] });
}

/** 900 kB of deflate that inflate to 900 MB, in place of each tile. */
function bomb(): Uint8Array {
  const packed = deflateSync(Buffer.alloc(900_000_000), { level: 9 });
  return buildTiff({ directories: [{ ...GOOD, replaceChunk: () => packed }] });
}

const FILES: Readonly<Record<string, () => Uint8Array>> = {
  "is empty": () => new Uint8Array(0),
  "holds text": () => Buffer.from("no image at all"),
  "ends in the middle": () => good.subarray(0, Math.floor(good.length / 2)),
  "comes back to its own directory": () => buildTiff({ directories: [{ ...GOOD, next: "self" }] }),
  "claims 4,294,967,295 pixels a side": () =>
    tags({ [TAG.imageWidth]: long(4294967295), [TAG.imageLength]: long(4294967295) }),
  "claims 65,535 channels": () => tags({ [TAG.samplesPerPixel]: short(65535) }),
  "claims tiles of 4 GiB": () => tags({ [TAG.tileByteCounts]: long(...new Array<number>(20).fill(4294967295)) }),
  "has tiles beyond its end": () => tags({ [TAG.tileOffsets]: long(...new Array<number>(20).fill(4000000000)) }),
  "is compressed in an unknown way": () => tags({ [TAG.compression]: short(34712) }),
  "inflates to a thousand times its size": bomb,
};

describe("a hostile file in the data folder", () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-hostile-"));
  let server: RunningServer;

  beforeAll(async () => {
    writeFileSync(join(data, "good.tif"), good);
    server = await startServer({ data });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it.each(Object.keys(FILES))("that %s is refused with its reason, and harms nothing else", async (name) => {
    const key = `file-${Object.keys(FILES).indexOf(name)}`;
    const path = join(data, `${key}.tif`);
    writeFileSync(path, FILES[name]?.() ?? good);
    const url = `${server.url}/tiles/${key}/1/0/0.png?f=window(b1,0,255)`;
    const before = anonymousMemory(server.pid());
    const begun = performance.now();
    const answer = await fetch(url);
    expect(performance.now() - begun).toBeLessThan(HANG_MS);
    expect(answer.status).toBe(422);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const body = (await answer.json()) as { readonly code: string; readonly message: string };
    expect(body.code).toBe("SOURCE_UNREADABLE");
    expect(body.message).toMatch(/^The image file cannot be read: .{10,}\.$/);
    expect(JSON.stringify(body)).not.toContain(data);
    expect(anonymousMemory(server.pid()) - before).toBeLessThan(MEMORY_RISE);

    expect((await fetch(`${server.url}/tiles/good/1/0/0.png?f=b1`)).status).toBe(200);
    // The refusal is not kept for a better file of the same name.
    writeFileSync(path, good);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await fetch(url)).status).toBe(200);
  });
});
