import { Arg, Ctx, ID, Int, Query, Resolver } from "type-graphql";
import { BandloomError } from "../core/errors.ts";
import type { GraphqlContext } from "./context.ts";
import { JobState } from "./enums.ts";
import { decodeId } from "./ids.ts";
import { pageRequest, slicePage } from "./page.ts";
import { Channel } from "./types/channel.ts";
import { Colormap } from "./types/colormap.ts";
import { ImageConnection } from "./types/connection.ts";
import { Image } from "./types/image.ts";
import { Job, JobConnection } from "./types/job.ts";
import { FormulaLanguage } from "./types/language.ts";
import { Node } from "./types/node.ts";
import { Preset } from "./types/preset.ts";
import { PresetConnection } from "./types/preset-connection.ts";
import { Server } from "./types/server.ts";

@Resolver()
export class QueryResolver {
  @Query(() => Node, { nullable: true, description: "Any object that has an id; null when it is there no more." })
  async node(
    @Ctx() { services, signal }: GraphqlContext,
    @Arg("id", () => ID, { description: "As an earlier answer gave it." }) id: string,
  ): Promise<Node | null> {
    const ref = decodeId(id);
    if (ref.type === "Job") {
      const job = await services.jobs.get(ref.key);
      return job && new Job(job);
    }
    if (ref.type === "Preset" && ref.key === "") {
      const saved = await services.presets.saved({ name: ref.name, imageKey: null });
      const preset = saved ?? services.presets.fromLibrary(ref.name);
      return preset && new Preset(preset);
    }
    const image = await services.images.get(ref.key, signal).catch((error: unknown) => {
      if (error instanceof BandloomError && error.code === "NOT_FOUND") return null;
      throw error;
    });
    if (!image || ref.type === "Image") return image && new Image(image);
    if (ref.type === "Preset") {
      const preset = await services.presets.find(image, { name: ref.name, imageKey: image.key });
      return preset && new Preset(preset);
    }
    const info = image.info.channels[ref.index];
    return info ? new Channel(image, info) : null;
  }

  @Query(() => Image, { nullable: true, description: "An image by its key; NOT_FOUND when there is none." })
  async image(
    @Ctx() { services, signal }: GraphqlContext,
    @Arg("key", () => String, { description: "Path in the data folder without the extension, for example `demo`." })
    key: string,
  ): Promise<Image> {
    return new Image(await services.images.get(key, signal));
  }

  @Query(() => ImageConnection, { description: "The catalogue, sorted by key." })
  async images(
    @Ctx() { services }: GraphqlContext,
    @Arg("first", () => Int, { nullable: true, description: "Entries from the front; 20 when left out." })
    first?: number | null,
    @Arg("after", () => String, { nullable: true, description: "Cursor that the page follows." })
    after?: string | null,
    @Arg("last", () => Int, { nullable: true, description: "Entries from the back, instead of first." })
    last?: number | null,
    @Arg("before", () => String, { nullable: true, description: "Cursor that the page ends at." })
    before?: string | null,
    @Arg("search", () => String, {
      nullable: true,
      description: "Only images whose key, or name in the catalogue, holds this.",
    })
    search?: string | null,
  ): Promise<ImageConnection> {
    const page = pageRequest({ first, after, last, before });
    const keys = await services.images.keys(search == null ? {} : { search });
    return new ImageConnection(slicePage(keys, page), keys.length);
  }

  @Query(() => PresetConnection, {
    description:
      "Named formulas: the library's, the catalogue's and the saved ones, sorted by the key of their image and by name; of one image, those that it can evaluate.",
  })
  async presets(
    @Ctx() { services, signal }: GraphqlContext,
    @Arg("first", () => Int, { nullable: true, description: "Entries from the front; 20 when left out." })
    first?: number | null,
    @Arg("after", () => String, { nullable: true, description: "Cursor that the page follows." })
    after?: string | null,
    @Arg("search", () => String, {
      nullable: true,
      description: "Only presets whose name, title or description holds this.",
    })
    search?: string | null,
    @Arg("imageKey", () => String, { nullable: true, description: "Only presets that this image can evaluate." })
    imageKey?: string | null,
  ): Promise<PresetConnection> {
    const wanted = search?.toLowerCase() ?? "";
    const all =
      imageKey == null
        ? await services.presets.all()
        : await services.presets.ofImage(await services.images.get(imageKey, signal), signal);
    const found = all.filter(({ name, title, description }) =>
      `${name}\0${title ?? ""}\0${description ?? ""}`.toLowerCase().includes(wanted),
    );
    return new PresetConnection(found, pageRequest({ first, after }));
  }

  @Query(() => JobConnection, {
    description: "Tiles that are rendered ahead of use: what waits, runs and has ended, the newest first.",
  })
  async jobs(
    @Ctx() { services }: GraphqlContext,
    @Arg("first", () => Int, { nullable: true, description: "Entries from the front; 20 when left out." })
    first?: number | null,
    @Arg("after", () => String, { nullable: true, description: "Cursor that the page follows." })
    after?: string | null,
    @Arg("states", () => [JobState], { nullable: true, description: "Only jobs that stand so." })
    states?: JobState[] | null,
  ): Promise<JobConnection> {
    const jobs = await services.jobs.list();
    const found = states == null ? jobs : jobs.filter(({ state }) => states.includes(state));
    return new JobConnection(found, pageRequest({ first, after }));
  }

  @Query(() => FormulaLanguage, { description: "Functions, operators and constants of formulas: completion and help." })
  formulaLanguage(): FormulaLanguage {
    return new FormulaLanguage();
  }

  @Query(() => [Colormap], { description: 'Colormaps for `colormap(x, "name")`; each exists reversed, with `_r`.' })
  colormaps(): readonly Colormap[] {
    return Colormap.all();
  }

  @Query(() => Server, { description: "Version, limits and caches." })
  server(@Ctx() { services }: GraphqlContext): Server {
    return new Server(services);
  }
}
