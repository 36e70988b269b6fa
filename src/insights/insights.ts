import { explain, Failure, type Timer } from '../core/index.ts';
import type { InsightPorts } from './ports.ts';
import type { Backlog, Job, NewJob } from './store.ts';
import { work } from './work.ts';

/** A job is held for so long; who is at it asks for more in good time. */
const LEASE_MS = 120_000;
const HOLD_EVERY_MS = LEASE_MS / 3;
/** After the queue could not be asked. */
const PAUSE_MS = 5_000;
/** The queue is looked at so often at least, whatever it says about when the next job is due. */
const MOST_PAUSE_MS = 3_600_000;

/** Works off the queue: some jobs at a time, the longest due first. */
export class Insights {
  #ports: InsightPorts;
  #running = new Map<string, { applicationId: string; over: Promise<void> }>();
  #closing = new AbortController();
  #timer: Timer | undefined;
  #taking: Promise<void> | undefined;
  #again = false;
  #backlog: Backlog = { waiting: 0, running: 0, oldestAt: null };

  constructor(ports: InsightPorts) {
    this.#ports = ports;
  }

  /** Goes on with what former processes had not finished. */
  async start(): Promise<void> {
    const { store, node, clock } = this.#ports;
    await store.releaseJobs(node, Math.round(clock.now()));
    this.wake();
  }

  /** Something was put in the queue. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#again = true;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
  }

  /** What was in the queue when it was last looked at. */
  get backlog(): Backlog {
    return this.#backlog;
  }

  /** Resolves when nothing is due and nothing runs. */
  async settled(): Promise<void> {
    while (this.#taking || this.#running.size > 0) {
      await this.#taking;
      await this.#allOver();
    }
  }

  /**
   * Transcribes and analyses a call anew; what there was is forgotten. @returns how many recordings that are.
   * Fails with `nothing_to_process`, `ai_not_available`.
   */
  async reprocess({ id, applicationId }: { id: string; applicationId: string }): Promise<number> {
    const { recordings, journal, clock, engines } = this.#ports;
    if (engines(applicationId).transcribers.length === 0) {
      throw new Failure('ai_not_available', 'no engine for transcription is set up');
    }
    const { data } = await recordings.recordings({ callId: id, status: 'completed' }, { limit: 200 });
    if (data.length === 0) throw new Failure('nothing_to_process', 'the call has no completed recording');
    const createdAt = Math.round(clock.now());
    const enqueue = data.map(
      (one): NewJob => ({ recordingId: one.id, callId: id, applicationId, createdAt }),
    );
    await journal.commit({ insights: { afresh: id, enqueue } });
    this.wake();
    return enqueue.length;
  }

  /** Gives up what is running: the next start goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('insights are closing'));
    this.#timer?.cancel();
    await this.#taking;
    await this.#allOver();
  }

  async #take(): Promise<void> {
    try {
      // What is put in the queue while it is looked at is taken up too: nobody else would.
      while (this.#again) {
        this.#again = false;
        await this.#fill();
        await this.#look();
      }
    } catch (error) {
      this.#ports.log.error({ error: explain(error) }, 'the queue of insights could not be read');
      this.#wakeAfter(PAUSE_MS);
    }
  }

  async #fill(): Promise<void> {
    const { store, node, clock, atOnce } = this.#ports;
    while (this.#running.size < atOnce && !this.#closing.signal.aborted) {
      const now = Math.round(clock.now());
      const job = await store.claimJob(node, now, now + LEASE_MS, this.#busy());
      if (!job) return;
      const over = this.#run(job).finally(() => {
        this.#running.delete(job.recordingId);
        this.wake();
      });
      this.#running.set(job.recordingId, { applicationId: job.applicationId, over });
    }
  }

  async #allOver(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  /** The applications of customers that have as many jobs running as a customer may have. */
  #busy(): string[] {
    const { atOnce, atOncePerCustomer = atOnce, siblings = (id) => [id] } = this.#ports;
    const applications = [...this.#running.values()].map(({ applicationId }) => siblings(applicationId));
    const counts = new Map<string, number>();
    for (const id of applications.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= atOncePerCustomer).map(([id]) => id);
  }

  /** Notes what is in the queue, and comes back when the next job is due. */
  async #look(): Promise<void> {
    const { store, clock, atOnce } = this.#ports;
    this.#backlog = await store.backlog();
    const due = await store.nextDue(this.#busy());
    if (due !== undefined && this.#running.size < atOnce) this.#wakeAfter(due - clock.now());
  }

  #wakeAfter(ms: number): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    // A stored time may be anything: no number at all counts as far away.
    const pause = ms <= 0 ? 0 : Math.min(ms, MOST_PAUSE_MS) || MOST_PAUSE_MS;
    this.#timer = this.#ports.clock.after(pause, () => this.wake());
  }

  async #run(job: Job): Promise<void> {
    const { log, clock } = this.#ports;
    const stop = this.#hold(job);
    const began = clock.monotonic();
    try {
      await work(job, this.#ports, this.#closing.signal);
      const seconds = Math.round((clock.monotonic() - began) / 100) / 10;
      log.info({ call_id: job.callId, recording: job.recordingId, seconds }, 'a recording was worked on');
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const lost = error instanceof Failure && error.code === 'job_lost';
      const message = lost ? 'a recording went to somebody else' : 'the work on a recording broke off';
      log[lost ? 'info' : 'error']({ recording: job.recordingId, error: explain(error) }, message);
    } finally {
      stop();
    }
  }

  /** Keeps the job while it is worked on. */
  #hold(job: Job): () => void {
    const { store, clock, log } = this.#ports;
    const hold = () => {
      timer = clock.after(HOLD_EVERY_MS, hold);
      store.holdJob(job, Math.round(clock.now() + LEASE_MS)).catch((error) => {
        log.warn({ recording: job.recordingId, error: explain(error) }, 'a job could not be held');
      });
    };
    let timer = clock.after(HOLD_EVERY_MS, hold);
    return () => timer.cancel();
  }
}
