import type { Region } from "../core/geometry.ts";
import type { ImageInfo } from "../source/types.ts";
import { type ChunkGrid, type ServedLevel, servedLevel } from "./levels.ts";
import { chunksUnder } from "./spans.ts";

/** Smaller chunks are looked at in blocks of about so many pixels a side: pictures that meet in one are of one component. */
const BLOCK_SIDE = 64;

/** A picture of a batch as the planner sees it. */
export interface Placed {
  readonly level: number;
  readonly region: Region;
}

/** Pictures that share chunks, and the place of the first one: work that belongs on one worker. */
export interface Component {
  readonly level: number;
  /** Indices into the batch, in the order of the first chunk that each needs. */
  readonly members: readonly number[];
  /** Position of the first chunk in its level's grid. */
  readonly chunkX: number;
  readonly chunkY: number;
}

/**
 * Group the pictures of a batch (one image, one formula) into connected components by shared chunks, so that a chunk is read
 * and decoded once for all of them while components can go to different workers. Where tiles fill chunks this makes one component
 * a chunk; a batch whose tiles straddle chunks becomes few larger ones. Components and members stand in chunk order, row by row.
 */
export function groupByChunks(info: ImageInfo, batch: readonly Placed[]): Component[] {
  const positions = batch.map((placed, index) => position(index, placed, servedLevel(info, placed.level)));
  const [only] = positions;
  // Most of the time.
  if (only && positions.length === 1) {
    const { level, chunkX, chunkY } = only;
    return [{ level, members: [0], chunkX, chunkY }];
  }
  const order = positions.sort(
    (a, b) => a.level - b.level || a.chunkY - b.chunkY || a.chunkX - b.chunkX || a.y - b.y || a.x - b.x,
  );
  const parents = order.map((_, index) => index);
  const owners = new Map<string, number>();
  order.forEach(({ level, grid, region }, index) => {
    for (const { x, y } of chunksUnder(inBlocks(grid), region)) {
      const key = `${level}/${x}/${y}`;
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, index);
      else join(parents, owner, index);
    }
  });
  const components = new Map<number, Component & { readonly members: number[] }>();
  order.forEach(({ index: member, level, chunkX, chunkY }, index) => {
    const root = find(parents, index);
    const component = components.get(root);
    if (component) component.members.push(member);
    else components.set(root, { level, members: [member], chunkX, chunkY });
  });
  return [...components.values()];
}

/** At most `count` components out of many, neighbours together. */
export function joinComponents(components: readonly Component[], count: number): Component[] {
  const length = Math.max(1, Math.ceil(components.length / count));
  return components.flatMap((first, index) => {
    if (index % length !== 0) return [];
    return [{ ...first, members: components.slice(index, index + length).flatMap(({ members }) => members) }];
  });
}

/** A component in parts of at most `most` pictures, for one worker still. */
export function splitComponent(component: Component, most: number): Component[] {
  const count = Math.ceil(component.members.length / most);
  return Array.from({ length: count }, (_, index) => {
    return { ...component, members: component.members.slice(index * most, (index + 1) * most) };
  });
}

/** One at a time, thousands of tiny chunks for each tile would take the main thread's time and memory. */
function inBlocks({ chunkWidth, chunkHeight, ...grid }: ChunkGrid): ChunkGrid {
  const block = (side: number) => side * Math.ceil(BLOCK_SIDE / side);
  return { ...grid, chunkWidth: block(chunkWidth), chunkHeight: block(chunkHeight) };
}

interface Position {
  readonly index: number;
  readonly level: number;
  readonly grid: ChunkGrid;
  readonly region: Region;
  readonly chunkX: number;
  readonly chunkY: number;
  readonly x: number;
  readonly y: number;
}

function position(index: number, { level, region }: Placed, { grid }: ServedLevel): Position {
  const { x, y } = region;
  const chunkX = Math.floor(x / grid.chunkWidth);
  const chunkY = Math.floor(y / grid.chunkHeight);
  return { index, level, grid, region, chunkX, chunkY, x, y };
}

function find(parents: number[], index: number): number {
  let at = index;
  for (;;) {
    const parent = parents[at] ?? at;
    if (parent === at) return at;
    // Path halving keeps the trees flat.
    parents[at] = parents[parent] ?? parent;
    at = parent;
  }
}

function join(parents: number[], a: number, b: number): void {
  const [low, high] = [find(parents, a), find(parents, b)].sort((x, y) => x - y);
  if (low !== undefined && high !== undefined) parents[high] = low;
}
