/** Every order in which a recording can be started, stopped, paused, cut off and killed, tried on the real recorder. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallRecord } from '../../calls/index.ts';
import { silentLog } from '../../core/index.ts';
import { type Bed, makeBed } from '../../media/testing/bed.ts';
import { type Files, instantFiles } from '../../media/thread/files.ts';
import { aCall } from '../../storage/testing/records.ts';
import { CallRecordings } from '../call-recordings.ts';
import { RecordingFiles } from '../files.ts';
import type { Finisher } from '../finisher.ts';
import { recoverRecordings } from '../recovery.ts';
import type { RecordingRecord, RecordingStore } from '../store.ts';
import { MemoryJournal } from './memory-journal.ts';

/** What can happen. `hangup`: the call is ended here; `gone`: the leg's audio is closed first, as by a BYE. */
export type Move =
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

/** A move, and how many beats pass before the next: with none, both fall into the same one. */
export interface Step {
  move: Move;
  beats: 0 | 2;
}

type Standing = 'none' | 'recording' | 'paused' | 'over';

const turns: Record<Exclude<Standing, 'over'>, Partial<Record<Move, Standing>>> = {
  none: { start: 'recording', hangup: 'over', kill: 'over' },
  recording: { stop: 'none', pause: 'paused', skip: 'paused' },
  paused: { stop: 'none', resume: 'recording' },
};
const ends: Partial<Record<Move, Standing>> = {
  max_seconds: 'none',
  write_error: 'none',
  hangup: 'over',
  gone: 'over',
  kill: 'over',
};
/** What changes nothing where it stands; tried as the last move before the hangup, not gone on with. */
const idle: Record<Exclude<Standing, 'over'>, Move[]> = {
  none: ['stop', 'pause', 'resume'],
  recording: ['start', 'resume'],
  paused: ['start', 'pause'],
};

/** All stories of up to `depth` moves that differ in what they do, each move in the same beat as the next, or before it. */
export function* stories(depth: number, standing: Standing = 'none', told: Step[] = []): Generator<Step[]> {
  yield told;
  if (depth === 0 || standing === 'over') return;
  const possible = { ...(standing === 'none' ? {} : ends), ...turns[standing] };
  for (const [move, next] of Object.entries(possible) as [Move, Standing][]) {
    for (const beats of [0, 2] as const) yield* stories(depth - 1, next, [...told, { move, beats }]);
  }
  for (const move of idle[standing]) yield [...told, { move, beats: 0 }];
}

/** Longer than a story takes but for `max_seconds` itself. */
const MAX_SECONDS = 1;
const MAX_BEATS = 50;
/** Until the first packets are through the jitter buffer. */
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

/** A disk that can be made full. */
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

/** Folders that are there at once: virtual time does not wait for disks. */
class InstantFiles extends RecordingFiles {
  override async place(id: string): Promise<string> {
    mkdirSync(dirname(this.path(`${id}/x`)), { recursive: true });
    return `${id}/${id}.wav`;
  }
}

/** The bed on which stories are tried, one after the other. */
export class Walk {
  /** Causes of the ends that were seen, over all stories. */
  readonly endings = new Set<unknown>();
  #bed: Bed;
  #disk: Disk;
  #count = 0;

  private constructor(bed: Bed, disk: Disk) {
    this.#bed = bed;
    this.#disk = disk;
  }

  static async open(): Promise<Walk> {
    const disk = new Disk();
    return new Walk(await makeBed({ files: disk }), disk);
  }

  /** Tries a story. @returns what is wrong with how it ended; nothing is right. */
  async try(story: Step[]): Promise<string[]> {
    const call = aCall(`call_${++this.#count}`, { status: 'in_progress' });
    const scene = await Scene.open(this.#bed, this.#disk, call);
    for (const step of story) await scene.make(step);
    const wrong = await scene.end();
    for (const cause of scene.endings) this.endings.add(cause);
    return wrong;
  }

  close(): Promise<void> {
    return this.#bed.end();
  }
}

class Scene {
  #bed: Bed;
  #disk: Disk;
  #call: CallRecord;
  #journal = new MemoryJournal();
  #files: RecordingFiles;
  #recordings: CallRecordings;
  #party: Awaited<ReturnType<Bed['party']>>;
  #killed = false;
  /** For each recording that we stop or hang up, in the order of their starts: what is to have ended it. */
  #causes: (string | undefined)[] = [];
  #running = false;
  #skipping = false;
  /** Nobody waits for an order before the next one is given. */
  #orders: Promise<unknown>[] = [];

  private constructor(bed: Bed, disk: Disk, call: CallRecord, party: Awaited<ReturnType<Bed['party']>>) {
    this.#bed = bed;
    this.#disk = disk;
    this.#call = call;
    this.#party = party;
    this.#files = new InstantFiles(join(bed.folder, call.id));
    const leg = { sound: party.audio } as never;
    const recorded = { leg, record: call, log: silentLog, now: () => bed.clock.now(), hush: () => {} };
    this.#recordings = new CallRecordings(recorded, { journal: this.#journal, files: this.#files, finisher });
  }

  static async open(bed: Bed, disk: Disk, call: CallRecord): Promise<Scene> {
    disk.full = false;
    const scene = new Scene(bed, disk, call, await bed.party(440));
    // The caller is heard before anything is done: what is silent afterwards was made so.
    await bed.beats(HEARD_BEATS);
    return scene;
  }

  async make({ move, beats }: Step): Promise<void> {
    this.#foresee(move);
    await this.#do(move);
    if (beats > 0) await this.#bed.beats(beats);
  }

  /** The first cause counts. Which one that is, of a full disk and others, is known when it is told. */
  #foresee(move: Move): void {
    if (move === 'skip' || move === 'resume' || move === 'start') this.#skipping = move === 'skip';
    // What is left out does not count: such a one never comes to its end by itself.
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

  /** The call is over, and everything comes to its end. */
  async end(): Promise<string[]> {
    this.#foresee('hangup');
    if (!this.#killed) this.#order(this.#recordings.finish());
    await this.#settle();
    await this.#bed.part(this.#party);
    if (this.#killed) await this.#recover();
    const wrong = this.#wrong();
    const folder = join(this.#bed.folder, this.#call.id);
    for (const left of [folder, `${folder}-left`]) rmSync(left, { recursive: true, force: true });
    return wrong;
  }

  async #do(move: Move): Promise<void> {
    const recordings = this.#recordings;
    switch (move) {
      case 'start':
        return this.#order(recordings.start({ channels: 2, format: 'wav', maxSeconds: MAX_SECONDS }));
      case 'stop':
        return this.#order(recordings.stop('api'));
      case 'pause':
        return this.#order(recordings.pause('silence'));
      case 'skip':
        return this.#order(recordings.pause('skip'));
      case 'resume':
        return this.#order(recordings.resume());
      case 'hangup':
        return this.#order(recordings.finish());
      case 'gone':
        return this.#order(this.#party.audio.close());
      case 'max_seconds':
        // What is left out does not count: a paused one never comes to its end by itself.
        return this.#bed.beats(MAX_BEATS);
      case 'write_error':
        this.#disk.full = true;
        return this.#bed.beats(30);
      case 'kill':
        return this.#kill();
    }
  }

  get endings(): unknown[] {
    return this.#journal.events.map(({ data }) => data['ended_by']).filter(Boolean);
  }

  #order(order: Promise<unknown>): void {
    this.#orders.push(order.catch(() => {}));
  }

  /** From now on nothing is written: the store is as it is, and so are the files. */
  #kill(): void {
    this.#killed = true;
    this.#journal.before = () => new Promise(() => {});
    const left = join(this.#bed.folder, this.#call.id);
    if (existsSync(left)) cpSync(left, `${left}-left`, { recursive: true });
    this.#files = new RecordingFiles(`${left}-left`);
  }

  /** As the next process does it. */
  async #recover(): Promise<void> {
    const journal = new MemoryJournal();
    for (const [id, recording] of this.#journal.recordings) journal.recordings.set(id, recording);
    journal.events.push(...this.#journal.events);
    this.#journal = journal;
    const call = async () => this.#call;
    const openCalls = async () => [this.#call];
    const { clock } = this.#bed;
    const ports = {
      journal,
      files: this.#files,
      finisher,
      store: storeOver(journal),
      call,
      openCalls,
      clock,
    };
    await recoverRecordings({ ...ports, log: silentLog });
  }

  async #settle(): Promise<void> {
    let settled = false;
    void Promise.all(this.#orders).then(() => {
      settled = true;
    });
    // A killed one has orders that nobody will ever carry out.
    for (let beats = 0; beats < 100 && !settled; beats++) await this.#bed.beats(2);
    if (!settled && !this.#killed) throw new Error('an order was never carried out');
  }

  #wrong(): string[] {
    const wrong: string[] = [];
    const story = this.#journal.events.map(({ event, data }) => ({
      event,
      id: String(data['recording_id']),
    }));
    for (const id of new Set(story.map((each) => each.id))) {
      const own = story.filter((each) => each.id === id).map(({ event }) => event);
      if (!/^(recording\.started,)?recording\.(completed|failed)$/.test(own.join()))
        wrong.push(`${id}: ${own}`);
      if (own.join() === 'recording.completed') wrong.push(`${id} was completed and never started`);
      wrong.push(...this.#disagreement(id));
    }
    wrong.push(...this.#otherwiseEnded());
    const known = [...this.#journal.recordings.keys()];
    for (const id of known) if (!story.some((each) => each.id === id)) wrong.push(`${id} has no event`);
    return wrong;
  }

  #otherwiseEnded(): string[] {
    const allowed = (cause: string) => (this.#killed ? [cause, 'recovery'] : [cause]);
    return [...this.#journal.recordings.values()].flatMap(({ id, endedBy, error }) => {
      const cause = this.#causes[Number(/_(\d+)$/.exec(id.replace(this.#call.id, ''))?.[1] ?? 1) - 1];
      if (cause === undefined || error || allowed(cause).includes(endedBy ?? '')) return [];
      return [`${id} was ended by ${endedBy}, not by ${cause}`];
    });
  }

  /** The file, the row and the event say the same. */
  #disagreement(id: string): string[] {
    const row = this.#journal.recordings.get(id);
    const told = this.#journal.events.findLast(({ data }) => data['recording_id'] === id)!.data;
    if (!row || row.status !== told['status'])
      return [`${id} is ${row?.status}, and ${told['status']} was told`];
    if (row.status === 'failed' && !row.sha256) return [];
    return differences(row, told, readFileSync(this.#files.path(row.file)));
  }
}

function differences(row: RecordingRecord, told: Record<string, unknown>, file: Buffer): string[] {
  const facts: Record<string, [unknown, unknown]> = {
    size: [told['size_bytes'], file.length],
    header: [file.readUInt32LE(40), file.length - 44],
    duration: [told['duration_ms'], Math.floor((file.length - 44) / 4 / 8)],
    sha256: [told['sha256'], createHash('sha256').update(file).digest('hex')],
    ended_by: [told['ended_by'], row.endedBy],
  };
  // A full disk keeps the header from being written again: players read such a file to its end.
  if (row.status === 'failed') delete facts['header'];
  const wrong = Object.entries(facts)
    .filter(([, [said, is]]) => said !== is)
    .map(([what, [said, is]]) => `${row.id}: ${what} is ${is}, and ${said} was told`);
  return [...wrong, ...misheard(row, file)];
}

/** The caller speaks all the time: he is silent in the file exactly where a pause is told of. */
function misheard(
  { id, gaps, durationMs, startedAt, endedAt, endedBy }: RecordingRecord,
  file: Buffer,
): string[] {
  const wrong: string[] = [];
  let elapsedMs = 0;
  const skips = gaps.filter(({ cause }) => cause === 'skip');
  for (let frame = 0; frame < Math.floor(durationMs / 20); frame++, elapsedMs += 20) {
    for (let skip = skips[0]; skip && skip.startMs <= elapsedMs; skip = skips[0]) {
      elapsedMs += skip.endMs - skip.startMs;
      skips.shift();
    }
    const told = gaps.some(
      ({ cause, startMs, endMs }) => cause === 'pause' && startMs <= elapsedMs && elapsedMs < endMs,
    );
    if (told === isLoud(file, frame))
      wrong.push(`${id}: ${told ? 'sound in' : 'silence outside of'} a pause at ${elapsedMs} ms`);
  }
  const skippedMs = gaps.reduce(
    (sum, { cause, startMs, endMs }) => sum + (cause === 'skip' ? endMs - startMs : 0),
    0,
  );
  const passedMs = (endedAt ?? 0) - startedAt;
  // Between the last frame and its report less than a beat or two passes, but where a disk is waited for.
  const late = passedMs - durationMs - skippedMs;
  if (endedBy !== 'write_error' && (late < -20 || late > 60))
    wrong.push(`${id}: it lasted ${passedMs} ms, and tells of ${durationMs} ms and ${skippedMs} ms left out`);
  return wrong.slice(0, 3);
}

/** Of the left channel, in 20 ms of a file with two. */
function isLoud(file: Buffer, frame: number): boolean {
  for (let sample = 0; sample < 160; sample++)
    if (Math.abs(file.readInt16LE(44 + (frame * 160 + sample) * 4)) > 1000) return true;
  return false;
}

function storeOver({ recordings }: MemoryJournal): RecordingStore & { quarantine(): void } {
  return {
    quarantine() {},
    recording: async (id) => recordings.get(id),
    recordings: async () => ({ data: [...recordings.values()], nextCursor: null }),
    openRecordings: async () => [...recordings.values()].filter(({ status }) => status === 'started'),
  };
}
