import { Field, Int, ObjectType } from "type-graphql";
import type { DiagnosticCode as Code, Severity as Level } from "../../formula/diagnostic.ts";
import { DiagnosticCode, Severity } from "../enums.ts";

@ObjectType({ simpleResolvers: true, description: "A replacement of part of the source that would mend it." })
export class Suggestion {
  @Field(() => String, { description: "What to show to a person." })
  readonly label!: string;

  @Field(() => String, { description: "Text to put there." })
  readonly replacement!: string;

  @Field(() => Int, { description: "First UTF-16 code unit to replace." })
  readonly from!: number;

  @Field(() => Int, { description: "The one after the last." })
  readonly to!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "What is wrong with a formula, where, and what to do. Offsets are half-open UTF-16 code units of the source.",
})
export class Diagnostic {
  @Field(() => Severity, { description: "Errors make the formula invalid." })
  readonly severity!: Level;

  @Field(() => DiagnosticCode, { description: "Stable name of the problem." })
  readonly code!: Code;

  @Field(() => String, { description: "Cause and remedy, for people." })
  readonly message!: string;

  @Field(() => Int, { description: "First UTF-16 code unit of the place." })
  readonly from!: number;

  @Field(() => Int, { description: "The one after the last." })
  readonly to!: number;

  @Field(() => Int, { description: "Line of `from`, from 1." })
  readonly line!: number;

  @Field(() => Int, { description: "UTF-16 column of `from`, from 1." })
  readonly column!: number;

  @Field(() => [Suggestion], { description: "Best first." })
  readonly suggestions!: readonly Suggestion[];
}
