/** The program as it is shipped: what the bench measures. Its types are those of the sources, so no build is needed to check them. */
const DIST = new URL("../../dist/", import.meta.url);

function load(path: string): Promise<unknown> {
  return import(new URL(path, DIST).href);
}

export const built = {
  cache: () => load("cache/index.js") as Promise<typeof import("../../src/cache/index.ts")>,
};
