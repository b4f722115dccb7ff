import { Field, ID, ObjectType } from "type-graphql";
import { Diagnostic } from "./diagnostic.ts";
import { Job } from "./job.ts";
import { Preset } from "./preset.ts";

@ObjectType({ simpleResolvers: true, description: "What a person can mend." })
export class UserError {
  @Field(() => [String], { description: "Path of the input that is wrong." })
  readonly field: readonly string[];

  @Field(() => String, { description: "What is wrong, and what to do." })
  readonly message: string;

  constructor(field: readonly string[], message: string) {
    this.field = field;
    this.message = message;
  }
}

@ObjectType({ simpleResolvers: true, description: "What came of saving a preset." })
export class SavePresetPayload {
  @Field(() => Preset, { nullable: true, description: "Null: nothing was saved." })
  readonly preset: Preset | null;

  @Field(() => [Diagnostic], { description: "What is wrong with the formula on its image." })
  readonly diagnostics: readonly Diagnostic[];

  @Field(() => [UserError], { description: "Why nothing was saved." })
  readonly userErrors: readonly UserError[];

  constructor(preset: Preset | null, diagnostics: readonly Diagnostic[], userErrors: readonly UserError[]) {
    this.preset = preset;
    this.diagnostics = diagnostics;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: "What came of deleting a preset." })
export class DeletePresetPayload {
  @Field(() => ID, { nullable: true, description: "Null: nothing was deleted." })
  readonly deletedId: string | null;

  @Field(() => [UserError], { description: "Why nothing was deleted." })
  readonly userErrors: readonly UserError[];

  constructor(deletedId: string | null, userErrors: readonly UserError[]) {
    this.deletedId = deletedId;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: "What came of a purge." })
export class PurgePayload {
  @Field(() => Boolean, {
    description:
      "True: from now on, and within a second on other servers, these pictures have other URLs and are made anew.",
  })
  readonly purged: boolean;

  @Field(() => [UserError], { description: "Why nothing was purged." })
  readonly userErrors: readonly UserError[];

  constructor(userErrors: readonly UserError[]) {
    this.purged = userErrors.length === 0;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: "What came of asking for tiles ahead of use." })
export class PrerenderPayload {
  @Field(() => Job, {
    nullable: true,
    description: "New, or the one that does the same already. Null: nothing was begun.",
  })
  readonly job: Job | null;

  @Field(() => [Diagnostic], { description: "What is wrong with the formula on its image." })
  readonly diagnostics: readonly Diagnostic[];

  @Field(() => [UserError], { description: "Why nothing was begun." })
  readonly userErrors: readonly UserError[];

  constructor(job: Job | null, diagnostics: readonly Diagnostic[], userErrors: readonly UserError[]) {
    this.job = job;
    this.diagnostics = diagnostics;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: "What came of cancelling a job." })
export class CancelJobPayload {
  @Field(() => Job, { nullable: true, description: "As it is now." })
  readonly job: Job | null;

  @Field(() => [UserError], { description: "Why nothing was cancelled." })
  readonly userErrors: readonly UserError[];

  constructor(job: Job | null, userErrors: readonly UserError[]) {
    this.job = job;
    this.userErrors = userErrors;
  }
}
