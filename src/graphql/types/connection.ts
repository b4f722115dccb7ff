import { Ctx, Field, Int, ObjectType } from "type-graphql";
import type { GraphqlContext } from "../context.ts";
import { encodeCursor } from "../ids.ts";
import type { Page } from "../page.ts";
import { Image } from "./image.ts";
import { Property } from "./property.ts";

@ObjectType({ simpleResolvers: true, description: "Where a page lies in its list (Relay's connections)." })
export class PageInfo {
  @Field(() => Boolean, { description: "There are entries after this page." })
  readonly hasNextPage: boolean;

  @Field(() => Boolean, { description: "There are entries before this page." })
  readonly hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: "For `before`; null when the page is empty." })
  readonly startCursor: string | null;

  @Field(() => String, { nullable: true, description: "For `after`; null when the page is empty." })
  readonly endCursor: string | null;

  constructor({ keys, hasNextPage, hasPreviousPage }: Page) {
    const first = keys[0];
    const last = keys.at(-1);
    this.hasNextPage = hasNextPage;
    this.hasPreviousPage = hasPreviousPage;
    this.startCursor = first === undefined ? null : encodeCursor(first);
    this.endCursor = last === undefined ? null : encodeCursor(last);
  }
}

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
}

async function openImage(key: string, { services, signal }: GraphqlContext): Promise<Image> {
  return new Image(await services.images.get(key, signal));
}
