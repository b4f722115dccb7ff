import { Ctx, Field, Int, ObjectType } from "type-graphql";
import { BandloomError } from "../../core/errors.ts";
import type { GraphqlContext } from "../context.ts";
import { encodeCursor } from "../ids.ts";
import type { Page } from "../page.ts";
import { Image } from "./image.ts";
import { ImageProblem } from "./image-problem.ts";
import { PageInfo } from "./page-info.ts";
import { Property } from "./property.ts";

@ObjectType({ simpleResolvers: true, description: "An entry of a list of images." })
export class ImageEdge {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  @Property(() => String, { description: "Stable while other images come and go." })
  get cursor(): string {
    return encodeCursor(this.#key);
  }

  @Field(() => Image, { nullable: true, description: "Null plus an error when its file cannot be read." })
  node(@Ctx() context: GraphqlContext): Promise<Image> {
    return openImage(this.#key, context);
  }
}

@ObjectType({ simpleResolvers: true, description: "A page of the catalogue, sorted by key." })
export class ImageConnection {
  @Field(() => [ImageEdge], { description: "With cursors." })
  readonly edges: readonly ImageEdge[];

  @Field(() => PageInfo, { description: "Where the page lies." })
  readonly pageInfo: PageInfo;

  @Field(() => Int, { description: "Images that match, on all pages." })
  readonly totalCount: number;

  readonly #keys: readonly string[];

  constructor(page: Page, totalCount: number) {
    this.#keys = page.keys;
    this.edges = page.keys.map((key) => new ImageEdge(key));
    this.pageInfo = new PageInfo(page);
    this.totalCount = totalCount;
  }

  @Field(() => [Image], {
    nullable: "items",
    description: "Without cursors; null entries, with an error each, for files that cannot be read.",
  })
  nodes(@Ctx() context: GraphqlContext): Promise<Image>[] {
    return this.#keys.map((key) => openImage(key, context));
  }

  @Field(() => [ImageProblem], {
    description: "Images of this page that cannot be read, and why. Selecting it opens all of the page.",
  })
  async problems(@Ctx() context: GraphqlContext): Promise<readonly ImageProblem[]> {
    const problems = this.#keys.map((key) => problemOf(key, context));
    return (await Promise.all(problems)).flat();
  }
}

async function openImage(key: string, { services, signal }: GraphqlContext): Promise<Image> {
  return new Image(await services.images.get(key, signal));
}

async function problemOf(key: string, context: GraphqlContext): Promise<readonly ImageProblem[]> {
  try {
    await openImage(key, context);
    return [];
  } catch (error) {
    if (error instanceof BandloomError) return [new ImageProblem(key, error)];
    throw error;
  }
}
