/** A process of its own for one group of rows; started by main.ts. */
import type { Group } from "./group.ts";

const [name, folder] = process.argv.slice(2);
if (!name || !folder) throw new Error("usage: run-group GROUP FOLDER");
const { rows } = (await import(`./groups/${name}.ts`)) as { readonly rows: Group };
process.send?.(await rows({ folder }));
process.disconnect?.();
