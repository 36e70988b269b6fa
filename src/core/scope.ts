import type { Clock } from './clock.ts';
import { explain } from './failure.ts';
import { detach } from './guard.ts';
import type { Log } from './log.ts';

type Disposer = () => void | Promise<void>;

export interface ScopeOptions {
  clock: Clock;
  /** Receives a warning for each disposer that is too slow. */
  log: Pick<Log, 'warn'>;
  /** How long `close` waits for each disposer, in milliseconds. Default: 60,000. */
  deadlineMs?: number;
}

/** More than the 32 s for which an unanswered BYE is retransmitted (RFC 3261 timer F). */
const DEADLINE_MS = 60_000;

/**
 * A stack of disposers for what a call, a leg or the application has opened.
 *
 * `close` aborts `signal`, then runs the disposers in reverse order, each exactly once. A disposer that throws or takes
 * too long does not keep the others from running.
 */
export class Scope {
  #options: ScopeOptions;
  #disposers: { name: string; dispose: Disposer }[] = [];
  #abort = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  /** Aborted first by `close`. Every wait inside the scope takes it: hanging up aborts. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Registers a disposer. In a closed scope it runs at once.
   * @param name says what is closed, for the log.
   */
  defer(name: string, dispose: Disposer): void {
    if (this.#closing) detach(`scope.${name}`, Promise.resolve().then(dispose));
    else this.#disposers.push({ name, dispose });
  }

  /** Closes once; later calls return the same promise. Rejects with the first error after all disposers have run. */
  close(reason?: unknown): Promise<void> {
    this.#closing ??= this.#run(reason);
    return this.#closing;
  }

  async #run(reason: unknown): Promise<void> {
    this.#abort.abort(reason);
    const errors: unknown[] = [];
    for (let next = this.#disposers.pop(); next; next = this.#disposers.pop()) {
      try {
        const work = next.dispose();
        if (work) await this.#wait(next.name, work);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Settles as `work` does, or resolves at the deadline; `work` then continues on its own. */
  async #wait(name: string, work: Promise<void>): Promise<void> {
    const { clock, log, deadlineMs = DEADLINE_MS } = this.#options;
    const late = Promise.withResolvers<'late'>();
    const timer = clock.after(deadlineMs, () => late.resolve('late'));
    const outcome = await Promise.race([work, late.promise]).finally(() => timer.cancel());
    if (outcome !== 'late') return;
    log.warn({ name, deadline_ms: deadlineMs }, 'closing took too long and continues in the background');
    const startedAt = clock.monotonic() - deadlineMs;
    const ended = (error?: string) => {
      const ms = Math.round(clock.monotonic() - startedAt);
      log.warn({ name, ms, ...(error === undefined ? {} : { error }) }, 'slow closing has ended');
    };
    work.then(
      () => ended(),
      (error) => ended(explain(error)),
    );
  }
}
