import { planeBytes } from "../core/dtype.ts";
import { Assembly } from "./assembly.ts";
import type { Work } from "./convert.ts";
import { chunkOf, type JoinedImage, type NamedSource } from "./joined.ts";
import type { Target } from "./protocol.ts";
import { reach, unitGrid, unitOrder, unitRegion } from "./units.ts";

/** Units of full resolution: plane after plane, so that what waits for coarser levels is of few planes. */
export function* unitsOf(image: JoinedImage, sources: readonly NamedSource[], target: Target): Generator<Work> {
  const { info, groups, type } = image;
  for (let stack = 0; stack < info.depth * info.times; stack++) {
    for (const { source, channels, reading } of groups) {
      const chunk = sources[source] ? chunkOf(sources[source]) : target;
      const grid = unitGrid(target, target.chunk, target.levels, chunk, channels.length * planeBytes(type));
      const assembly = new Assembly(grid, type);
      const planes = channels.map((channel) => stack * info.channels.length + channel);
      const origin = { source, z: stack % info.depth, t: Math.floor(stack / info.depth), ...reading };
      const depth = reach(grid, 0);
      for (const [x, y] of unitOrder(grid)) {
        const region = unitRegion(grid, 0, x, y);
        yield { assembly, job: { kind: "unit", level: 0, depth, region, planes, origin, data: null } };
      }
    }
  }
}
