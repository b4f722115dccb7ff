import type { StateStore } from "../../state/index.ts";
import { freshPart, type JobEnd, type JobRecord, type PartProgress, partCount } from "./record.ts";

const JOBS = "jobs";
const PARTS = "job-parts";

/** Jobs as they are kept: in LMDB on one machine, in a Redis that several servers share. */
export class JobRecords {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(id: string): Promise<JobRecord | null> {
    const text = await this.#state.get(JOBS, id);
    return text === null ? null : parsed<JobRecord>(text);
  }

  /** The oldest first. */
  async all(): Promise<readonly JobRecord[]> {
    const entries = await this.#state.all(JOBS);
    const records = entries.flatMap(([, text]) => parsed<JobRecord>(text) ?? []);
    return records.sort((a, b) => a.createdAt - b.createdAt);
  }

  put(record: JobRecord): Promise<void> {
    return this.#state.put(JOBS, record.id, JSON.stringify(record));
  }

  /** Writes down how a job ended, unless it has ended already, or was begun again since. */
  async end({ id, run, createdAt }: JobRecord, end: JobEnd): Promise<void> {
    const record = await this.get(id);
    if (record?.run !== run || record.createdAt !== createdAt || record.ended !== null) return;
    await this.put({ ...record, ended: end });
  }

  async parts(record: JobRecord): Promise<readonly PartProgress[]> {
    const keys = Array.from({ length: partCount(record) }, (_, index) => partKey(record, index));
    const texts = await this.#state.many(PARTS, keys);
    return keys.map((_, index) => {
      const text = texts[index] ?? null;
      const part = text === null ? null : parsed<PartProgress>(text);
      return part?.run === record.run ? part : freshPart(record, index);
    });
  }

  async part(record: JobRecord, index: number): Promise<PartProgress> {
    const text = await this.#state.get(PARTS, partKey(record, index));
    const part = text === null ? null : parsed<PartProgress>(text);
    return part?.run === record.run ? part : freshPart(record, index);
  }

  putPart(record: JobRecord, index: number, part: PartProgress): Promise<void> {
    return this.#state.put(PARTS, partKey(record, index), JSON.stringify(part));
  }

  async forget(record: JobRecord): Promise<void> {
    await this.#state.remove(JOBS, record.id);
    for (let index = 0; index < partCount(record); index++) await this.#state.remove(PARTS, partKey(record, index));
  }
}

function partKey({ id }: JobRecord, index: number): string {
  return `${id}/${index}`;
}

/** What this program wrote; what is no JSON is taken for nothing. */
function parsed<Value>(text: string): Value | null {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return null;
  }
}
