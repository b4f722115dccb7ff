import { Arg, Ctx, ID, Resolver, Root, Subscription } from "type-graphql";
import { BandloomError } from "../core/errors.ts";
import type { Job as ServiceJob } from "../service/jobs/types.ts";
import { levelOf, tileSizeOf } from "./address.ts";
import type { GraphqlContext } from "./context.ts";
import { encodingOf } from "./encoding.ts";
import { TilesInput } from "./inputs.ts";
import { jobKey } from "./job-mutation.ts";
import { boundPicture } from "./rendering-input.ts";
import { leavable } from "./streams/leavable.ts";
import { nearestFirst, renderedTiles } from "./streams/rendered-tiles.ts";
import { TileLimits } from "./types/geometry.ts";
import { Job } from "./types/job.ts";
import { Level, tileLimits } from "./types/level.ts";
import { checkCount } from "./types/rendering.ts";
import { Tile } from "./types/tile.ts";
import { assertValid } from "./valid-formula.ts";

interface Subscribing<Arguments> {
  readonly args: Arguments;
  readonly context: GraphqlContext;
}

@Resolver()
export class SubscriptionResolver {
  @Subscription(() => Tile, {
    description:
      "Each tile as soon as it is rendered, nearest to the middle of the range first, over one connection; completes after the last. A tile of 256² costs 20, whatever is selected of it.",
    subscribe: ({ args, context }: Subscribing<{ input: TilesInput }>) =>
      leavable(context.signal, (signal) => tilesOf(args.input, { ...context, signal })),
  })
  tiles(@Root() tile: Tile, @Arg("input", () => TilesInput, { description: "Which." }) _input: TilesInput): Tile {
    return tile;
  }

  @Subscription(() => Job, {
    description: "The job as it is, then as it changes, at most four times a second; completes when the job ends.",
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      leavable(context.signal, (signal) => jobStates(args.id, context, signal)),
  })
  jobUpdated(
    @Root() job: ServiceJob,
    @Ctx() _context: GraphqlContext,
    @Arg("id", () => ID, { description: "Of the job." }) _id: string,
  ): Job {
    return new Job(job);
  }
}

async function tilesOf(input: TilesInput, context: GraphqlContext): Promise<AsyncIterable<Tile>> {
  const { services, signal } = context;
  const formula = assertValid(await boundPicture(context, input));
  const { x, y } = input;
  if (x.from > x.to || y.from > y.to) throw new BandloomError("BAD_REQUEST", "A range ends before it begins.");
  const level = new Level(formula.image, levelOf(formula.image, input.level, input.zoom));
  const tileSize = tileSizeOf(input.tileSize, services.limits);
  const limits = new TileLimits(x.from, x.to, y.from, y.to).intersect(tileLimits(level, tileSize));
  checkCount(limits?.count ?? 0, false, services.limits);
  const encoding = encodingOf(input.encoding);
  const places = limits ? nearestFirst(limits) : [];
  const requests = places.map((place) => ({ formula, level: level.index, ...place, tileSize, pad: false, encoding }));
  return renderedTiles(services.tiles, requests, signal);
}

async function jobStates(
  id: string,
  { services }: GraphqlContext,
  signal: AbortSignal,
): Promise<AsyncIterable<ServiceJob>> {
  const key = jobKey(id);
  if (!(await services.jobs.get(key)))
    throw new BandloomError("NOT_FOUND", "There is no job of this id: it is forgotten, or never was.");
  return services.jobs.watch(key, signal);
}
