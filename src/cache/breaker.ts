export interface BreakerOptions {
  /** Begins each log line: `Redis writes`. */
  readonly name: string;
  /** So many failures in a row open it. */
  readonly threshold: number;
  /** Tries the real thing on a small scale, in the background, so that no request pays for finding out. */
  readonly probe: () => Promise<unknown>;
  /** One line for each change of state. */
  readonly log: (line: string) => void;
  /** What it means for people while it is open. */
  readonly meanwhile?: string;
}

/** Failures this close together have one cause and count once: a burst of requests meets one stalled moment. */
const BURST_MS = 50;
/** Wait before the first probe; doubled after each one that fails. */
const FIRST_PAUSE_MS = 500;
/** Longest wait between probes: how late a repair is noticed. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps callers away from something that fails. Closed: calls pass. Open: callers are told to do without, while a probe
 * is sent now and then (half open); the first that succeeds closes it again.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #reason: string | null = null;
  #failures = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;
  #closedSince = Number.NEGATIVE_INFINITY;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | null = null;
  #probing = false;
  #stopped = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return this.#reason === null;
  }

  /** Why it is open; null when closed. */
  get reason(): string | null {
    return this.#reason;
  }

  success(): void {
    this.#failures = 0;
  }

  failure(reason: string): void {
    const now = performance.now();
    if (now - this.#lastFailure < BURST_MS && this.#failures > 0) return;
    this.#lastFailure = now;
    this.#failures++;
    if (this.#failures >= this.#options.threshold) this.open(reason);
  }

  /** Opens at once: the failure is beyond doubt, such as a lost connection. */
  open(reason: string): void {
    if (this.#reason !== null || this.#stopped) return;
    this.#reason = reason;
    // Only a repair that lasted starts the waiting anew; something that flickers is asked ever less often.
    if (performance.now() - this.#closedSince > LONGEST_PAUSE_MS) this.#pause = FIRST_PAUSE_MS;
    const { name, log, meanwhile = "tiles are served without it" } = this.#options;
    log(`${name}: off (${reason}); ${meanwhile}`);
    this.#schedule();
  }

  /** Probes now: there is news, such as a new connection. */
  probeNow(): void {
    if (this.#reason !== null) void this.#probe();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#probe(), this.#pause).unref();
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  async #probe(): Promise<void> {
    if (this.#probing || this.#stopped) return;
    this.#probing = true;
    try {
      await this.#options.probe();
      if (this.#stopped) return;
      this.#reason = null;
      this.#failures = 0;
      this.#closedSince = performance.now();
      if (this.#timer) clearTimeout(this.#timer);
      this.#options.log(`${this.#options.name}: working again`);
    } catch {
      this.#schedule();
    } finally {
      this.#probing = false;
    }
  }
}
