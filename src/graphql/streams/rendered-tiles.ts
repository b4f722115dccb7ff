import type { ServedTile, TileRequest, TileService } from "../../service/types/tile.ts";
import type { CacheOutcome } from "../enums.ts";
import type { TileLimits } from "../types/geometry.ts";
import { Tile } from "../types/tile.ts";

/** Tiles of a subscription that are rendered at a time: enough for every worker, few enough that the first ones come first. */
const AT_ONCE = 16;

/** A tile whose bytes are there, or the reason why they are not. */
class RenderedTile extends Tile {
  private readonly outcome: ServedTile | Error;

  constructor(service: TileService, request: TileRequest, outcome: ServedTile | Error) {
    super(service, request, true);
    this.outcome = outcome;
  }

  override async cache(): Promise<CacheOutcome | null> {
    return this.outcome instanceof Error ? null : this.outcome.cache;
  }

  protected override async load(): Promise<ServedTile> {
    if (this.outcome instanceof Error) throw this.outcome;
    return this.outcome;
  }
}

/** Places of a range, those in its middle first. */
export function nearestFirst({
  minX,
  maxX,
  minY,
  maxY,
}: TileLimits): readonly { readonly x: number; readonly y: number }[] {
  const [middleX, middleY] = [(minX + maxX) / 2, (minY + maxY) / 2];
  const distance = ({ x, y }: { x: number; y: number }) => (x - middleX) ** 2 + (y - middleY) ** 2;
  const columns = maxX - minX + 1;
  const places = Array.from({ length: columns * (maxY - minY + 1) }, (_, index) => {
    return { x: minX + (index % columns), y: minY + Math.floor(index / columns) };
  });
  return places.sort((a, b) => distance(a) - distance(b));
}

/** Each tile when it is there: begun in order, told as they come. */
export async function* renderedTiles(
  service: TileService,
  requests: readonly TileRequest[],
  signal: AbortSignal,
): AsyncGenerator<Tile> {
  const waiting = requests.values();
  const running = new Map<number, Promise<{ readonly index: number; readonly tile: Tile }>>();
  let index = 0;
  const start = () => {
    const { value: request, done } = waiting.next();
    if (done) return;
    const at = index++;
    const outcome = service.tile(request, signal).catch((error: unknown) => asError(error));
    running.set(
      at,
      outcome.then((one) => ({ index: at, tile: new RenderedTile(service, request, one) })),
    );
  };
  for (let count = 0; count < AT_ONCE; count++) start();
  while (running.size > 0) {
    const { index: ready, tile } = await Promise.race(running.values());
    if (signal.aborted) return;
    running.delete(ready);
    start();
    yield tile;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A tile failed.", { cause: reason });
}
