import { expect, it } from "vitest";
import { ImageCache } from "../../src/render/worker/images.ts";
import type { Identity } from "../../src/source/identity.ts";
import { localPath } from "../../src/source/location.ts";
import type { ImageSource } from "../../src/source/types.ts";
import { MemorySource } from "./memory-source.ts";

const location = localPath("/image");
const REVISION = "a".repeat(32);

/** Opens a source of this identity each time, and tells which images were closed. */
function cache(identity: Partial<Identity>) {
  const opened: ImageSource[] = [];
  const forgotten: string[] = [];
  const open = () => {
    const level = { width: 4, height: 4, chunkWidth: 4, chunkHeight: 4 };
    const image = new MemorySource({ width: 4, height: 4, levels: [level], value: () => 0 });
    const source = Object.assign(image, { identity: { revision: REVISION, files: [], remote: [], ...identity } });
    opened.push(source);
    return source;
  };
  return { opened, forgotten, images: new ImageCache(open, (id) => forgotten.push(id)) };
}

const used = (images: ImageCache, generation: string) =>
  images.use({ key: "image", location, remote: false, revision: REVISION, generation }, async ({ source }) => source);

it("reads the image that was described last, where its chunks are files of their own", async () => {
  const chunks = [{ roots: [], digest: "", count: 0, newestMs: 0, folders: [] }];
  const { images, opened, forgotten } = cache({ chunks });
  await images.describe({ key: "image", location, remote: false });
  await images.describe({ key: "image", location, remote: false });
  expect(await used(images, "")).toBe(opened[1]);
  expect([opened.length, forgotten.length]).toEqual([2, 1]);
});

it("keeps what it has decoded of any other image that is described again", async () => {
  const { images, opened, forgotten } = cache({});
  await images.describe({ key: "image", location, remote: false });
  await images.describe({ key: "image", location, remote: false });
  expect(await used(images, "")).toBe(opened[0]);
  expect(forgotten).toEqual([]);
});

it.each<[string, Partial<Identity>, string]>([
  ["that may be looked at", {}, "purged"],
  ["at which nobody looks", { unseen: true }, "purged/7"],
])("has an image %s open under the generation that jobs name", async (_, identity, generation) => {
  const { images, opened } = cache(identity);
  await images.describe({ key: "image", location, remote: false, generation: "purged", stretch: "/7" });
  expect(await used(images, generation)).toBe(opened[0]);
  expect(opened).toHaveLength(1);
});
