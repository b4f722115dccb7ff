import { GraphQLDateTime, GraphQLSafeInt } from "graphql-scalars";
import { Field, Float, Int, ObjectType } from "type-graphql";
import type { Job as ServiceJob } from "../../service/jobs/types.ts";
import { JobState } from "../enums.ts";
import { encodeCursor, type NodeRef } from "../ids.ts";
import { type PageRequest, slicePage } from "../page.ts";
import { Node } from "./node.ts";
import { PageInfo } from "./page-info.ts";
import { Property } from "./property.ts";

@ObjectType({ implements: Node, simpleResolvers: true, description: "Tiles that are rendered ahead of use." })
export class Job extends Node {
  readonly #job: ServiceJob;

  constructor(job: ServiceJob) {
    super();
    this.#job = job;
  }

  protected override nodeRef(): NodeRef {
    return { type: "Job", key: this.#job.id };
  }

  @Property(() => JobState, { description: "How it stands." })
  get state(): JobState {
    return this.#job.state;
  }

  @Property(() => String, { description: "Image whose tiles they are." })
  get imageKey(): string {
    return this.#job.imageKey;
  }

  @Property(() => String, { description: "Formula, as it was given." })
  get formula(): string {
    return this.#job.formula;
  }

  @Property(() => GraphQLSafeInt, { description: "Tiles that are in the cache now: rendered, or found there." })
  get completed(): number {
    return this.#job.completed;
  }

  @Property(() => GraphQLSafeInt, { description: "Tiles that could not be rendered; they do not end the job." })
  get failed(): number {
    return this.#job.failed;
  }

  @Property(() => GraphQLSafeInt, { description: "Tiles in all." })
  get total(): number {
    return this.#job.total;
  }

  @Property(() => Float, { nullable: true, description: "Tiles a second, lately; null while nothing runs." })
  get rate(): number | null {
    return this.#job.rate;
  }

  @Property(() => Float, { nullable: true, description: "At that rate; null where it is not known." })
  get secondsLeft(): number | null {
    return this.#job.secondsLeft;
  }

  @Property(() => String, {
    nullable: true,
    description: "Why it ended; else why the first of the failed tiles failed.",
  })
  get error(): string | null {
    return this.#job.error;
  }

  @Property(() => GraphQLDateTime, { description: "When it was asked for." })
  get createdAt(): Date {
    return new Date(this.#job.createdAt);
  }

  @Property(() => GraphQLDateTime, { nullable: true, description: "Null: it has not ended." })
  get finishedAt(): Date | null {
    return this.#job.finishedAt === null ? null : new Date(this.#job.finishedAt);
  }
}

@ObjectType({ simpleResolvers: true, description: "An entry of a list of jobs." })
export class JobEdge {
  @Field(() => String, { description: "Stable while other jobs come and go." })
  readonly cursor: string;

  @Field(() => Job, { description: "The job." })
  readonly node: Job;

  constructor(cursor: string, node: Job) {
    this.cursor = cursor;
    this.node = node;
  }
}

@ObjectType({ simpleResolvers: true, description: "A page of jobs, the newest first." })
export class JobConnection {
  @Field(() => [JobEdge], { description: "With cursors." })
  readonly edges: readonly JobEdge[];

  @Field(() => [Job], { description: "Without cursors." })
  readonly nodes: readonly Job[];

  @Field(() => PageInfo, { description: "Where the page lies." })
  readonly pageInfo: PageInfo;

  @Field(() => Int, { description: "Jobs that match, on all pages." })
  readonly totalCount: number;

  constructor(jobs: readonly ServiceJob[], request: PageRequest) {
    const byPlace = new Map(jobs.map((job) => [placeOf(job), job]));
    const page = slicePage([...byPlace.keys()].sort(), request);
    this.edges = page.keys.flatMap((place) => {
      const job = byPlace.get(place);
      return job ? [new JobEdge(encodeCursor(place), new Job(job))] : [];
    });
    this.nodes = this.edges.map(({ node }) => node);
    this.pageInfo = new PageInfo(page);
    this.totalCount = jobs.length;
  }
}

/** Sorts the newest first: digits of equal number that fall as time passes. */
function placeOf({ createdAt, id }: ServiceJob): string {
  return `${10 ** 15 - createdAt} ${id}`;
}
