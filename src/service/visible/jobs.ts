import type { Job, JobService, JobWish } from "../jobs/types.ts";
import type { VisibleImages } from "./images.ts";

/** Jobs on images that may be read, with formulas that name no other. */
export class VisibleJobs implements JobService {
  readonly #jobs: JobService;
  readonly #images: VisibleImages;

  constructor(jobs: JobService, images: VisibleImages) {
    this.#jobs = jobs;
    this.#images = images;
  }

  start(wish: JobWish): Promise<Job> {
    return this.#jobs.start(wish);
  }

  async get(id: string): Promise<Job | null> {
    const job = await this.#jobs.get(id);
    return job && (await this.#isVisible(job)) ? job : null;
  }

  async list(): Promise<readonly Job[]> {
    const jobs = await this.#jobs.list();
    const visible = await Promise.all(jobs.map((job) => this.#isVisible(job)));
    return jobs.filter((_, index) => visible[index]);
  }

  async cancel(id: string): Promise<Job | null> {
    return (await this.get(id)) && this.#jobs.cancel(id);
  }

  /** Asked anew for each state: rules may change while somebody watches. */
  async *watch(id: string, signal: AbortSignal): AsyncGenerator<Job> {
    for await (const job of this.#jobs.watch(id, signal)) {
      if (!(await this.#isVisible(job))) return;
      yield job;
    }
  }

  counts(): ReturnType<JobService["counts"]> {
    return this.#jobs.counts();
  }

  /** The jobs are closed by who began them. */
  async close(): Promise<void> {}

  async #isVisible({ imageKey, formula }: Job): Promise<boolean> {
    return (await this.#images.has(imageKey)) && this.#images.allNamed(formula);
  }
}
