/** Runs a recording with start, stop, pause, failures and kills in every order on the real recorder. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallRecord } from '../../calls/index.ts';
import { silentLog } from '../../core/index.ts';
import { type MediaHarness, startHarness } from '../../media/testing/harness.ts';
import { type Files, instantFiles } from '../../media/thread/recording-file.ts';
import { aCall } from '../../storage/testing/records.ts';
import { CallRecordings } from '../call-recordings.ts';
import { RecordingFiles } from '../files.ts';
import type { Finisher } from '../finisher.ts';
import { recoverRecordings } from '../recovery.ts';
import type { RecordingStore } from '../store.ts';
import { MemoryJournal } from './memory-journal.ts';
import { differences } from './recording-checks.ts';

/** An event of a scenario. `hangup`: our side ends the call; `gone`: the leg's audio closes first, as after a BYE. */
type Move =
  | 'start'
  | 'stop'
  | 'pause'
  | 'skip'
  | 'resume'
  | 'hangup'
  | 'gone'
  | 'max_seconds'
  | 'write_error'
  | 'kill';

/** A move and the number of beats before the next one; with 0, both happen in the same beat. */
interface Step {
  move: Move;
  beats: 0 | 2;
}

type Phase = 'none' | 'recording' | 'paused' | 'over';

const turns: Record<Exclude<Phase, 'over'>, Partial<Record<Move, Phase>>> = {
  none: { start: 'recording', hangup: 'over', kill: 'over' },
  recording: { stop: 'none', pause: 'paused', skip: 'paused' },
  paused: { stop: 'none', resume: 'recording' },
};
const ends: Partial<Record<Move, Phase>> = {
  max_seconds: 'none',
  write_error: 'none',
  hangup: 'over',
  gone: 'over',
  kill: 'over',
};
/** Moves that change nothing in a phase; only tried as the last move before the hangup. */
const idle: Record<Exclude<Phase, 'over'>, Move[]> = {
  none: ['stop', 'pause', 'resume'],
  recording: ['start', 'resume'],
  paused: ['start', 'pause'],
};

/** Generates all scenarios of up to `depth` effective moves. Each move is in the same beat as the next or before it. */
function* scenarios(depth: number, phase: Phase = 'none', steps: Step[] = []): Generator<Step[]> {
  yield steps;
  if (depth === 0 || phase === 'over') return;
  const possible = { ...(phase === 'none' ? {} : ends), ...turns[phase] };
  for (const [move, next] of Object.entries(possible) as [Move, Phase][]) {
    for (const beats of [0, 2] as const) yield* scenarios(depth - 1, next, [...steps, { move, beats }]);
  }
  for (const move of idle[phase]) yield [...steps, { move, beats: 0 }];
}

/** Longer than a scenario takes without `max_seconds`. */
const MAX_SECONDS = 1;
const MAX_BEATS = 50;
/** Beats until the first packets leave the jitter buffer. */
const HEARD_BEATS = 8;

const finisher: Finisher = {
  async finish(wav) {
    const bytes = readFileSync(wav);
    return {
      format: 'wav',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
  },
  close: async () => {},
};

/** A disk that can become full. */
class Disk implements Files {
  full = false;
  create = instantFiles.create;
  truncate = instantFiles.truncate;
  sync = instantFiles.sync;
  close = instantFiles.close;

  async write(...args: Parameters<Files['write']>): Promise<number> {
    if (this.full) throw new Error('ENOSPC: no space left on device');
    return instantFiles.write(...args);
  }
}

/** Creates folders synchronously: virtual time does not wait for disks. */
class InstantFiles extends RecordingFiles {
  override async place(id: string): Promise<string> {
    mkdirSync(dirname(this.path(`${id}/x`)), { recursive: true });
    return `${id}/${id}.wav`;
  }
}

/** Runs scenarios one after the other. */
class ScenarioRunner {
  /** Causes of the ends of recordings, over all scenarios. */
  readonly endings = new Set<unknown>();
  #media: MediaHarness;
  #disk: Disk;
  #count = 0;

  private constructor(media: MediaHarness, disk: Disk) {
    this.#media = media;
    this.#disk = disk;
  }

  static async open(): Promise<ScenarioRunner> {
    const disk = new Disk();
    return new ScenarioRunner(await startHarness({ files: disk }), disk);
  }

  /** Runs a scenario. @returns the faults of its result; an empty list if there are none. */
  async run(steps: Step[]): Promise<string[]> {
    const call = aCall(`call_${++this.#count}`, { status: 'in_progress' });
    const scenario = await Scenario.open(this.#media, this.#disk, call);
    for (const step of steps) await scenario.make(step);
    const faults = await scenario.end();
    for (const cause of scenario.endings) this.endings.add(cause);
    return faults;
  }

  close(): Promise<void> {
    return this.#media.end();
  }
}

/** Runs all scenarios of up to `depth` moves. @param onProgress called after each with the number of scenarios and of faults. */
export async function runAllScenarios(
  depth: number,
  onProgress: (count: number, faulty: number) => void = () => {},
): Promise<{ count: number; faults: string[]; endings: unknown[] }> {
  const runner = await ScenarioRunner.open();
  const faults: string[] = [];
  let count = 0;
  for (const steps of scenarios(depth)) {
    const found = await runner.run(steps);
    const name = steps.map(({ move, beats }) => `${move} ${beats}`).join(', ');
    if (found.length > 0) faults.push(`${name}: ${found}`);
    onProgress(++count, faults.length);
  }
  await runner.close();
  return { count, faults, endings: [...runner.endings] };
}

/** One scenario on a new call. */
class Scenario {
  #media: MediaHarness;
  #disk: Disk;
  #call: CallRecord;
  #journal = new MemoryJournal();
  #files: RecordingFiles;
  #recordings: CallRecordings;
  #party: Awaited<ReturnType<MediaHarness['party']>>;
  #killed = false;
  /** Expected cause of the end of each recording, in order of their starts. Undefined if it is not predictable. */
  #causes: (string | undefined)[] = [];
  #running = false;
  #skipping = false;
  /** Commands in progress; the next command does not wait for them. */
  #commands: Promise<unknown>[] = [];

  private constructor(
    media: MediaHarness,
    disk: Disk,
    call: CallRecord,
    party: Awaited<ReturnType<MediaHarness['party']>>,
  ) {
    this.#media = media;
    this.#disk = disk;
    this.#call = call;
    this.#party = party;
    this.#files = new InstantFiles(join(media.folder, call.id));
    const leg = { sound: party.sound } as never;
    const recorded = { leg, record: call, log: silentLog, now: () => media.clock.now(), holdBack: () => {} };
    this.#recordings = new CallRecordings(recorded, { journal: this.#journal, files: this.#files, finisher });
  }

  static async open(media: MediaHarness, disk: Disk, call: CallRecord): Promise<Scenario> {
    disk.full = false;
    const scenario = new Scenario(media, disk, call, await media.party(440));
    // The caller is audible before the first move, so later silence is deliberate.
    await media.beats(HEARD_BEATS);
    return scenario;
  }

  async make({ move, beats }: Step): Promise<void> {
    this.#predict(move);
    await this.#do(move);
    if (beats > 0) await this.#media.beats(beats);
  }

  /** Predicts the cause of an end: the first one counts. For a full disk the cause depends on timing. */
  #predict(move: Move): void {
    if (move === 'skip' || move === 'resume' || move === 'start') this.#skipping = move === 'skip';
    // Skipped time does not count, so a paused recording does not reach its limit.
    if (move === 'max_seconds' && this.#skipping) return;
    if (move === 'start' && !this.#running) {
      this.#running = true;
      this.#causes.push(undefined);
    } else if (this.#running && (move === 'stop' || move in ends)) {
      this.#running = false;
      if (move === 'stop') this.#causes.splice(-1, 1, 'api');
      if (move === 'hangup') this.#causes.splice(-1, 1, 'hangup');
    }
  }

  /** Ends the call and waits for everything to finish. @returns the faults of the result. */
  async end(): Promise<string[]> {
    this.#predict('hangup');
    if (!this.#killed) this.#command(this.#recordings.finish());
    await this.#settle();
    await this.#media.hangUp(this.#party);
    if (this.#killed) await this.#recover();
    const faults = this.#faults();
    const folder = join(this.#media.folder, this.#call.id);
    for (const left of [folder, `${folder}-left`]) rmSync(left, { recursive: true, force: true });
    return faults;
  }

  async #do(move: Move): Promise<void> {
    const recordings = this.#recordings;
    switch (move) {
      case 'start':
        return this.#command(recordings.start({ channels: 2, format: 'wav', maxSeconds: MAX_SECONDS }));
      case 'stop':
        return this.#command(recordings.stop('api'));
      case 'pause':
        return this.#command(recordings.pause('silence'));
      case 'skip':
        return this.#command(recordings.pause('skip'));
      case 'resume':
        return this.#command(recordings.resume());
      case 'hangup':
        return this.#command(recordings.finish());
      case 'gone':
        return this.#command(this.#party.sound.close());
      case 'max_seconds':
        // Skipped time does not count, so a paused recording does not reach its limit.
        return this.#media.beats(MAX_BEATS);
      case 'write_error':
        this.#disk.full = true;
        return this.#media.beats(30);
      case 'kill':
        return this.#kill();
    }
  }

  get endings(): unknown[] {
    return this.#journal.events.map(({ data }) => data['ended_by']).filter(Boolean);
  }

  #command(command: Promise<unknown>): void {
    this.#commands.push(command.catch(() => {}));
  }

  /** Simulates a kill: from now on neither the store nor the files change. */
  #kill(): void {
    this.#killed = true;
    this.#journal.before = () => new Promise(() => {});
    const left = join(this.#media.folder, this.#call.id);
    if (existsSync(left)) cpSync(left, `${left}-left`, { recursive: true });
    this.#files = new RecordingFiles(`${left}-left`);
  }

  /** Recovers as the next process does. */
  async #recover(): Promise<void> {
    const journal = new MemoryJournal();
    for (const [id, recording] of this.#journal.recordings) journal.recordings.set(id, recording);
    journal.events.push(...this.#journal.events);
    this.#journal = journal;
    const call = async () => this.#call;
    const openCalls = async () => [this.#call];
    const { clock } = this.#media;
    const deps = {
      journal,
      files: this.#files,
      finisher,
      store: storeOver(journal),
      call,
      openCalls,
      clock,
    };
    await recoverRecordings({ ...deps, log: silentLog });
  }

  async #settle(): Promise<void> {
    let settled = false;
    void Promise.all(this.#commands).then(() => {
      settled = true;
    });
    // After a kill, commands may never finish.
    for (let beats = 0; beats < 100 && !settled; beats++) await this.#media.beats(2);
    if (!settled && !this.#killed) throw new Error('a command never finished');
  }

  #faults(): string[] {
    const faults: string[] = [];
    const reports = this.#journal.events.map(({ event, data }) => ({
      event,
      id: String(data['recording_id']),
    }));
    for (const id of new Set(reports.map((each) => each.id))) {
      const own = reports.filter((each) => each.id === id).map(({ event }) => event);
      if (!/^(recording\.started,)?recording\.(completed|failed)$/.test(own.join()))
        faults.push(`${id}: ${own}`);
      if (own.join() === 'recording.completed') faults.push(`${id} was completed and never started`);
      faults.push(...this.#disagreement(id));
    }
    faults.push(...this.#wrongCauses());
    const known = [...this.#journal.recordings.keys()];
    for (const id of known) if (!reports.some((each) => each.id === id)) faults.push(`${id} has no event`);
    return faults;
  }

  #wrongCauses(): string[] {
    const allowed = (cause: string) => (this.#killed ? [cause, 'recovery'] : [cause]);
    return [...this.#journal.recordings.values()].flatMap(({ id, endedBy, error }) => {
      const cause = this.#causes[Number(/_(\d+)$/.exec(id.replace(this.#call.id, ''))?.[1] ?? 1) - 1];
      if (cause === undefined || error || allowed(cause).includes(endedBy ?? '')) return [];
      return [`${id} was ended by ${endedBy}, not by ${cause}`];
    });
  }

  /** Compares the file, the row and the event of a recording. */
  #disagreement(id: string): string[] {
    const row = this.#journal.recordings.get(id);
    const reported = this.#journal.events.findLast(({ data }) => data['recording_id'] === id)!.data;
    if (!row || row.status !== reported['status'])
      return [`${id} is ${row?.status}, but ${reported['status']} was reported`];
    if (row.status === 'failed' && !row.sha256) return [];
    return differences(row, reported, readFileSync(this.#files.path(row.file)));
  }
}

function storeOver({ recordings }: MemoryJournal): RecordingStore & { quarantine(): void } {
  return {
    quarantine() {},
    recording: async (id) => recordings.get(id),
    recordings: async () => ({ data: [...recordings.values()], nextCursor: null }),
    openRecordings: async () => [...recordings.values()].filter(({ status }) => status === 'started'),
  };
}
