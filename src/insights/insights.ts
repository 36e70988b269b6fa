import { explain, Failure, type Timer } from '../core/index.ts';
import type { InsightDeps } from './ports.ts';
import type { Backlog, Job, NewJob } from './store.ts';
import { work } from './work.ts';

/** Length of the lease of a job. The process that runs the job extends it in time. */
const LEASE_MS = 120_000;
const EXTEND_EVERY_MS = LEASE_MS / 3;
/** Pause after the queue could not be read. */
const PAUSE_MS = 5_000;
/** Longest pause between two checks of the queue, whenever the next job is due. */
const MAX_PAUSE_MS = 3_600_000;

/** Runs the jobs of the queue, several at a time, longest due first. */
export class Insights {
  #deps: InsightDeps;
  #running = new Map<string, { applicationId: string; done: Promise<void> }>();
  #closing = new AbortController();
  #timer: Timer | undefined;
  #taking: Promise<void> | undefined;
  #again = false;
  #backlog: Backlog = { waiting: 0, running: 0, oldestAt: null };

  constructor(deps: InsightDeps) {
    this.#deps = deps;
  }

  /** Continues the jobs that former processes did not finish. */
  async start(): Promise<void> {
    const { store, node, clock } = this.#deps;
    await store.releaseJobs(node, Math.round(clock.now()));
    this.wake();
  }

  /** Checks the queue. To be called after a job was added. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#again = true;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
  }

  /** The state of the queue at the last check. */
  get backlog(): Backlog {
    return this.#backlog;
  }

  /** Resolves when no job is due and none runs. */
  async settled(): Promise<void> {
    while (this.#taking || this.#running.size > 0) {
      await this.#taking;
      await this.#allDone();
    }
  }

  /**
   * Discards the transcripts and analysis of a call and makes them again. @returns the number of recordings.
   * Rejects with `nothing_to_process` or `ai_not_available`.
   */
  async reprocess({ id, applicationId }: { id: string; applicationId: string }): Promise<number> {
    const { recordings, journal, clock, engines } = this.#deps;
    if (engines(applicationId).transcribers.length === 0) {
      throw new Failure('ai_not_available', 'no transcription engine is configured');
    }
    const { data } = await recordings.recordings({ callId: id, status: 'completed' }, { limit: 200 });
    if (data.length === 0) throw new Failure('nothing_to_process', 'the call has no completed recording');
    const createdAt = Math.round(clock.now());
    const enqueue = data.map(
      (one): NewJob => ({ recordingId: one.id, callId: id, applicationId, createdAt }),
    );
    await journal.commit({ insights: { discardCall: id, enqueue } });
    this.wake();
    return enqueue.length;
  }

  /** Aborts running jobs; the next start continues them. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('insights are closing'));
    this.#timer?.cancel();
    await this.#taking;
    await this.#allDone();
  }

  async #take(): Promise<void> {
    try {
      // Jobs may be added while the queue is being checked, so check again.
      while (this.#again) {
        this.#again = false;
        await this.#fill();
        await this.#schedule();
      }
    } catch (error) {
      this.#deps.log.error({ error: explain(error) }, 'could not read the queue of transcriptions');
      this.#wakeAfter(PAUSE_MS);
    }
  }

  async #fill(): Promise<void> {
    const { store, node, clock, concurrency } = this.#deps;
    while (this.#running.size < concurrency && !this.#closing.signal.aborted) {
      const now = Math.round(clock.now());
      const job = await store.claimJob(node, now, now + LEASE_MS, this.#busy());
      if (!job) return;
      const done = this.#run(job).finally(() => {
        this.#running.delete(job.recordingId);
        this.wake();
      });
      this.#running.set(job.recordingId, { applicationId: job.applicationId, done });
    }
  }

  async #allDone(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** The applications of customers whose limit of running jobs is reached. */
  #busy(): string[] {
    const { concurrency, concurrencyPerCustomer = concurrency, siblings = (id) => [id] } = this.#deps;
    const applications = [...this.#running.values()].map(({ applicationId }) => siblings(applicationId));
    const counts = new Map<string, number>();
    for (const id of applications.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= concurrencyPerCustomer).map(([id]) => id);
  }

  /** Records the state of the queue and schedules the next check for when a job is due. */
  async #schedule(): Promise<void> {
    const { store, clock, concurrency } = this.#deps;
    this.#backlog = await store.backlog();
    const due = await store.nextDue(this.#busy());
    if (due !== undefined && this.#running.size < concurrency) this.#wakeAfter(due - clock.now());
  }

  #wakeAfter(ms: number): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    // A stored time may be anything: NaN counts as far away.
    const pause = ms <= 0 ? 0 : Math.min(ms, MAX_PAUSE_MS) || MAX_PAUSE_MS;
    this.#timer = this.#deps.clock.after(pause, () => this.wake());
  }

  async #run(job: Job): Promise<void> {
    const { log, clock } = this.#deps;
    const stop = this.#extend(job);
    const began = clock.monotonic();
    try {
      await work(job, this.#deps, this.#closing.signal);
      const seconds = Math.round((clock.monotonic() - began) / 100) / 10;
      log.info(
        { call_id: job.callId, recording: job.recordingId, seconds },
        'a recording was transcribed and analyzed',
      );
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const isLost = error instanceof Failure && error.code === 'job_lost';
      const message = isLost
        ? 'another process took over a transcription'
        : 'a transcription stopped with an error';
      log[isLost ? 'info' : 'error']({ recording: job.recordingId, error: explain(error) }, message);
    } finally {
      stop();
    }
  }

  /** Extends the lease of a job until the returned function is called. */
  #extend(job: Job): () => void {
    const { store, clock, log } = this.#deps;
    const extend = () => {
      timer = clock.after(EXTEND_EVERY_MS, extend);
      store.holdJob(job, Math.round(clock.now() + LEASE_MS)).catch((error) => {
        log.warn(
          { recording: job.recordingId, error: explain(error) },
          'could not extend the lease of a transcription',
        );
      });
    };
    let timer = clock.after(EXTEND_EVERY_MS, extend);
    return () => timer.cancel();
  }
}
