import { Ctx, Field, Int, ObjectType } from "type-graphql";
import { BandloomError, type ErrorCode } from "../../core/errors.ts";
import type { GraphqlContext } from "../context.ts";
import { encodeCursor } from "../ids.ts";
import type { Page } from "../page.ts";
import { Image } from "./image.ts";
import { ImageProblem } from "./image-problem.ts";
import { PageInfo } from "./page-info.ts";
import { Property } from "./property.ts";

/** A file that is gone since it was listed is no failure of the list either. */
const OF_FILES: ReadonlySet<ErrorCode> = new Set([
  "SOURCE_UNREADABLE",
  "FORBIDDEN",
  "SOURCE_FAILED",
  "SOURCE_TIMEOUT",
  "LIMIT_EXCEEDED",
  "NOT_FOUND",
]);

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

  @Field(() => Image, { nullable: true, description: "Null when its file cannot be read: `problems` says why." })
  node(@Ctx() context: GraphqlContext): Promise<Image | null> {
    return readableImage(this.#key, context);
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
    description:
      "Without cursors, and without images that cannot be read: `problems` names them. An entry is null where the server fails, with an error.",
  })
  async nodes(@Ctx() context: GraphqlContext): Promise<readonly (Image | Error)[]> {
    const nodes = this.#keys.map((key) => readableImage(key, context).catch(errorOf));
    return (await Promise.all(nodes)).filter((node) => node !== null);
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

/** Null for what `problems` tells of: what is wrong with a file, and not with this server now. */
async function readableImage(key: string, context: GraphqlContext): Promise<Image | null> {
  try {
    return await openImage(key, context);
  } catch (error) {
    if (error instanceof BandloomError && OF_FILES.has(error.code)) return null;
    throw error;
  }
}

/** An error in a list is that of its entry. */
function errorOf(error: unknown): Error {
  if (error instanceof Error) return error;
  throw error;
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
