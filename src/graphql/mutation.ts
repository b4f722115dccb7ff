import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { BandloomError } from "../core/errors.ts";
import type { PurgeTarget } from "../service/index.ts";
import type { GraphqlContext } from "./context.ts";
import { decodeId } from "./ids.ts";
import { DeletePresetInput, PurgeInput, SavePresetInput } from "./inputs.ts";
import { purgeTarget } from "./purge-target.ts";
import { DeletePresetPayload, PurgePayload, SavePresetPayload, UserError } from "./types/payloads.ts";
import { Preset } from "./types/preset.ts";

@Resolver()
export class MutationResolver {
  @Mutation(() => SavePresetPayload, {
    description:
      "Keep a formula under a name, for one image or for all that can evaluate it; one of the same name is replaced.",
  })
  async savePreset(
    @Ctx() { services, signal, caller }: GraphqlContext,
    @Arg("input", () => SavePresetInput, { description: "What to keep." }) input: SavePresetInput,
  ): Promise<SavePresetPayload> {
    const { name, formula, description = null, imageKey = null } = input;
    await caller.assertMayChange(imageKey);
    const { preset, problem, diagnostics } = await services.presets.save(
      { name, formula, description, imageKey },
      signal,
    );
    const errors = problem ? [new UserError(["input", problem.field], problem.message)] : [];
    if (preset) await caller.changed(`Saved the preset “${preset.name}” ${ofImage(imageKey)}.`);
    return new SavePresetPayload(preset && new Preset(preset), diagnostics, errors);
  }

  @Mutation(() => PurgePayload, {
    description:
      "Make pictures anew though neither image nor formula changed: those of an image, of a formula, or all. What was made before is not served again.",
  })
  async purge(
    @Ctx() { services, signal, caller }: GraphqlContext,
    @Arg("input", () => PurgeInput, { description: "Which." }) input: PurgeInput,
  ): Promise<PurgePayload> {
    await caller.assertMayChange(input.imageKey ?? null);
    const target = await purgeTarget(services, input, signal);
    if (target instanceof UserError) return new PurgePayload([target]);
    await services.purges.purge(target);
    await caller.changed(purged(target));
    return new PurgePayload([]);
  }

  @Mutation(() => DeletePresetPayload, { description: "Forget a saved preset." })
  async deletePreset(
    @Ctx() { services, caller }: GraphqlContext,
    @Arg("input", () => DeletePresetInput, { description: "Which." }) { id }: DeletePresetInput,
  ): Promise<DeletePresetPayload> {
    const ref = decodeId(id);
    if (ref.type !== "Preset")
      throw new BandloomError("BAD_REQUEST", "This is no id of a preset. `{ presets { nodes { id } } }` lists them.");
    const imageKey = ref.key || null;
    await caller.assertMayChange(imageKey);
    if (await services.presets.delete(ref.name, imageKey)) {
      await caller.changed(`Deleted the preset “${ref.name}” ${ofImage(imageKey)}.`);
      return new DeletePresetPayload(id, []);
    }
    const message = "There is no saved preset of this id: those of the library and of the catalogue stay.";
    return new DeletePresetPayload(null, [new UserError(["input", "id"], message)]);
  }
}

function ofImage(key: string | null): string {
  return key === null ? "of no image" : `of ${key}`;
}

function purged(target: PurgeTarget): string {
  if (target.kind === "everything") return "Purged everything.";
  return target.kind === "image" ? `Purged the image ${target.key}.` : `Purged the formula ${target.hash}.`;
}
