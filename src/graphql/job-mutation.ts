import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { BandloomError } from "../core/errors.ts";
import { existingLevel, regionOf, tileSizeOf } from "./address.ts";
import type { GraphqlContext } from "./context.ts";
import { encodingOf } from "./encoding.ts";
import { decodeId } from "./ids.ts";
import { CancelJobInput, PrerenderInput } from "./inputs.ts";
import { boundPicture } from "./rendering-input.ts";
import { Job } from "./types/job.ts";
import { CancelJobPayload, PrerenderPayload, UserError } from "./types/payloads.ts";

@Resolver()
export class JobMutationResolver {
  @Mutation(() => PrerenderPayload, {
    description:
      "Render tiles into the cache ahead of use, behind everything that somebody waits for. The same tiles are one job; one that was cancelled goes on where it was. FORBIDDEN on a server that works on no jobs and shares none with those that do (BANDLOOM_STATE_REDIS_URL).",
  })
  async prerender(
    @Ctx() context: GraphqlContext,
    @Arg("input", () => PrerenderInput, { description: "What to render." }) input: PrerenderInput,
  ): Promise<PrerenderPayload> {
    const { services, caller } = context;
    await caller.assertMayChange(input.imageKey);
    const { levels, region, tileSize, encoding, pad } = input;
    const formula = await boundPicture(context, input);
    if (!formula.valid) {
      const message = formula.diagnostics.find(({ severity }) => severity === "error")?.message;
      const error = new UserError(["input", "formula"], message ?? "The formula is not valid.");
      return new PrerenderPayload(null, formula.diagnostics, [error]);
    }
    if (levels?.length === 0) {
      const error = new UserError(["input", "levels"], "Name at least one level, or leave levels out for all of them.");
      return new PrerenderPayload(null, [], [error]);
    }
    const job = await services.jobs.start({
      formula,
      levels: levels?.map((level) => existingLevel(formula.image, level)) ?? null,
      region: region == null ? null : regionOf(formula.image, region),
      tileSize: tileSizeOf(tileSize, services.limits),
      encoding: encodingOf(encoding),
      pad,
    });
    await caller.changed(`Began the job ${job.id} on ${job.imageKey}.`);
    return new PrerenderPayload(new Job(job), formula.diagnostics, []);
  }

  @Mutation(() => CancelJobPayload, { description: "Stop a job; the tiles that it has rendered stay." })
  async cancelJob(
    @Ctx() { services, caller }: GraphqlContext,
    @Arg("input", () => CancelJobInput, { description: "Which." }) { id }: CancelJobInput,
  ): Promise<CancelJobPayload> {
    const key = jobKey(id);
    // Those of images that may not be read are not found here.
    const known = await services.jobs.get(key);
    await caller.assertMayChange(known?.imageKey ?? "");
    const job = await services.jobs.cancel(key);
    if (job?.state === "cancelled") {
      await caller.changed(`Cancelled the job ${job.id} on ${job.imageKey}.`);
      return new CancelJobPayload(new Job(job), []);
    }
    const message = job ? "The job has ended already." : "There is no job of this id: it is forgotten, or never was.";
    return new CancelJobPayload(job && new Job(job), [new UserError(["input", "id"], message)]);
  }
}

/** BAD_REQUEST for an id of something else. */
export function jobKey(id: string): string {
  const ref = decodeId(id);
  if (ref.type === "Job") return ref.key;
  throw new BandloomError("BAD_REQUEST", "This is no id of a job. `{ jobs { nodes { id } } }` lists them.");
}
