/** The program as it is shipped: what the bench measures. Its types are those of the sources, so no build is needed to check them. */
const DIST = new URL("../../dist/", import.meta.url);

function load(path: string): Promise<unknown> {
  return import(new URL(path, DIST).href);
}

export const built = {
  cache: () => load("cache/index.js") as Promise<typeof import("../../src/cache/index.ts")>,
  formula: () => load("formula/index.js") as Promise<typeof import("../../src/formula/index.ts")>,
  kernel: () => load("kernel/index.js") as Promise<typeof import("../../src/kernel/index.ts")>,
  plan: () => load("plan/index.js") as Promise<typeof import("../../src/plan/index.ts")>,
  render: () => load("render/index.js") as Promise<typeof import("../../src/render/index.ts")>,
  source: () => load("source/index.js") as Promise<typeof import("../../src/source/index.ts")>,
};
