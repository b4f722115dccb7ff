/** A process of its own for one group of rows; started by main.ts. */
import type { BenchOptions, Group } from "./group.ts";

const [name, folder, options] = process.argv.slice(2);
if (!name || !folder || !options) throw new Error("usage: run-group GROUP FOLDER OPTIONS");
const { rows } = (await import(`./groups/${name}.ts`)) as { readonly rows: Group };
process.send?.(await rows({ folder, options: JSON.parse(options) as BenchOptions }));
process.disconnect?.();
