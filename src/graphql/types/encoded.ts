import { Ctx, Field, Int, InterfaceType } from "type-graphql";
import type { Size } from "../../core/geometry.ts";
import { CONTENT_TYPES, type Encoding } from "../../render/index.ts";
import type { GraphqlContext } from "../context.ts";
import { Base64, Url } from "../scalars.ts";
import { Property } from "./property.ts";

/** Encoded bytes. */
export interface EncodedBytes {
  readonly bytes: Uint8Array;
}

const BASE64 =
  "Bytes as base64. Rendered when selected: for each 256² pixels of a plain formula 20 times the cost of a URL.";

@InterfaceType({ description: "A picture that is encoded as a file: by reference (url) or in the answer itself." })
export abstract class Encoded {
  // Concrete getters: no compiler emits decorators of abstract members.
  @Property(() => Int, { description: "In pixels." })
  get width(): number {
    return this.size().width;
  }

  @Property(() => Int, { description: "In pixels." })
  get height(): number {
    return this.size().height;
  }

  @Property(() => String, { description: "Media type of the bytes." })
  get contentType(): string {
    return CONTENT_TYPES[this.encoding().format];
  }

  @Property(() => Url, {
    nullable: true,
    description:
      "Costs nothing: it is rendered when it is fetched. Null with LIMIT_EXCEEDED when the formula is too long for any URL.",
  })
  get url(): string {
    return this.address();
  }

  protected abstract size(): Size;
  protected abstract encoding(): Encoding;
  /** LIMIT_EXCEEDED when no URL can hold the formula. */
  protected abstract address(): string;

  /** The bytes, rendered once however many fields ask. */
  protected abstract load(context: GraphqlContext): Promise<EncodedBytes>;

  @Field(() => Base64, { nullable: true, description: BASE64 })
  async base64(@Ctx() context: GraphqlContext): Promise<string> {
    return encodeInline(await this.load(context), context);
  }

  @Field(() => String, { nullable: true, description: "The same as a data URI (RFC 2397), ready for an img element." })
  async dataUri(@Ctx() context: GraphqlContext): Promise<string> {
    const encoded = await this.load(context);
    return `data:${this.contentType};base64,${encodeInline(encoded, context)}`;
  }

  @Field(() => Int, { nullable: true, description: "Length of the file. Rendered when selected." })
  async byteLength(@Ctx() context: GraphqlContext): Promise<number> {
    return (await this.load(context)).bytes.byteLength;
  }
}

function encodeInline({ bytes }: EncodedBytes, context: GraphqlContext): string {
  context.inline.take(Math.ceil(bytes.byteLength / 3) * 4);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
