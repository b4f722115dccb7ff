import { Field, ObjectType } from "type-graphql";
import { encodeCursor } from "../ids.ts";
import type { Page } from "../page.ts";

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
