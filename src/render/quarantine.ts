import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import type { Loss } from "./pool/lane.ts";
import type { Work } from "./work.ts";

/** Workers that one piece of work may cost … */
const MAX_LOSSES = 3;
/** … within this time, milliseconds. Older ones are forgotten; a success forgives none, as it may have been of another place. */
const COUNTED_MS = 10 * 60_000;
/** Then it is refused for so long, milliseconds. */
const REFUSED_MS = 60_000;
/** Whoever asks again at once is told the same without another try, milliseconds. */
const REMEMBERED_MS = 1000;
/** Each has cost a worker: nobody brings many. */
const MAX_CASES = 1024;
const MAX_FAILURES = 256;

export interface QuarantineOptions {
  /** A quarantine begins: for the log. */
  readonly onBegin?: (message: string) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** What has cost workers. */
interface Case {
  /** When, monotonic milliseconds. */
  readonly losses: readonly number[];
  /** It is refused until then. */
  readonly until: number;
}

interface PastFailure {
  readonly error: BandloomError;
  readonly until: number;
}

/**
 * Remembers what has cost workers, and refuses it. Work is told by its formula, size and files together, so that one client's too heavy
 * request locks nothing but what would be as heavy. A file alone is blamed only for what no formula does: an end of the thread. An overrun or
 * a lack of memory never counts against it, else three heavy requests would close a sound image to all.
 */
export class Quarantine {
  readonly #cases = new LRUCache<string, Case>({ max: MAX_CASES });
  readonly #failures = new LRUCache<string, PastFailure>({ max: MAX_FAILURES });
  readonly #onBegin: (message: string) => void;
  readonly #now: () => number;
  #begun = 0;

  constructor({ onBegin = () => {}, now = () => performance.now() }: QuarantineOptions = {}) {
    this.#onBegin = onBegin;
    this.#now = now;
  }

  /** How many have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** Why work is not to be done now; null: it is. */
  refusal(work: Work): BandloomError | null {
    if (this.#cases.size === 0) return null;
    const now = this.#now();
    const own = this.#cases.get(work.name);
    if (own && own.until > now) return refused(work.hasFormula, own.until - now);
    for (const file of work.files) {
      const known = this.#cases.get(file);
      if (known && known.until > now) return refused(false, known.until - now);
    }
    const last = own?.losses.at(-1);
    const failure = last === undefined || now - last >= REMEMBERED_MS ? null : this.#failures.get(work.exactName);
    return failure && failure.until > now ? failure.error : null;
  }

  /** Work has cost a worker, or more of its time than it may take. True: a quarantine begins. */
  blame(work: Work, loss: Loss, error: BandloomError): boolean {
    this.#failures.set(work.exactName, { error, until: this.#now() + REMEMBERED_MS });
    const { files } = work;
    const own = this.#count(work.name, `Work on image “${work.image}” cost a worker again (${loss})`);
    // Of several files nobody knows which it was.
    const fatal = (loss === "exit" || loss === "exception") && files.length === 1;
    const [file = ""] = files;
    return (fatal && this.#count(file, `Image “${work.image}” ended a worker again (${loss})`)) || own;
  }

  #count(name: string, what: string): boolean {
    const now = this.#now();
    const before = this.#cases.get(name);
    const losses = [...(before?.losses ?? []).filter((at) => now - at < COUNTED_MS), now].slice(-MAX_LOSSES);
    const isRefused = losses.length === MAX_LOSSES;
    this.#cases.set(name, { losses, until: isRefused ? now + REFUSED_MS : 0 });
    // What was begun before comes to its end meanwhile, and is told once.
    if (!isRefused || (before && before.until > now)) return false;
    this.#begun++;
    this.#onBegin(`${what}: that is ${MAX_LOSSES} times within ten minutes. It is refused for ${REFUSED_MS / 1000} s.`);
    return true;
  }
}

function refused(hasFormula: boolean, leftMs: number): BandloomError {
  const retryAfter = Math.ceil(leftMs / 1000);
  const times = `three times within ten minutes, and is refused for ${retryAfter} s`;
  return hasFormula
    ? new BandloomError(
        "LIMIT_EXCEEDED",
        `This formula on this image ended a worker or took too long ${times}. Ask for a smaller region, a coarser level or a simpler formula.`,
        { details: { retryAfter } },
      )
    : new BandloomError(
        "SOURCE_UNREADABLE",
        `Reading this image ended a worker or took too long ${times}. Check the file; written anew it is read at once.`,
        { details: { retryAfter } },
      );
}
