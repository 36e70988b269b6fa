import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ALL, seconds } from './caller.ts';
import type { Chapter } from './fault.ts';
import { historyOf } from './history.ts';
import { impossible, mount, unmount } from './mounts.ts';
import { type Seen, World } from './world.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const NOBODY = { caller: 'is not answered', application: 'nothing' };

/** A disk for the database alone: the recordings are on another. */
class Disk {
  readonly #mounted = mkdtempSync(join(tmpdir(), 'minivoice-disk-'));
  readonly #other = mkdtempSync(join(tmpdir(), 'minivoice-other-'));

  constructor() {
    mount(this.#mounted, 'size=8m');
    mkdirSync(this.dataDir, { mode: 0o700 });
    symlinkSync(this.#other, join(this.dataDir, 'recordings'));
  }

  get dataDir(): string {
    return join(this.#mounted, 'data');
  }

  /** To the last octet. */
  fill(): void {
    const filler = openSync(this.#filler, 'a');
    for (let size = 1 << 20; size > 0; size >>= 1) {
      try {
        while (writeSync(filler, Buffer.alloc(size)) === size);
      } catch {}
    }
    closeSync(filler);
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Lets it only be read, or be written again. */
  protect(on: boolean): void {
    spawnSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, this.#mounted]);
  }

  remove(): void {
    unmount(this.#mounted);
    for (const folder of [this.#mounted, this.#other]) rmSync(folder, { recursive: true });
  }

  get #filler(): string {
    return join(this.#mounted, 'filler');
  }
}

async function onDisk(happen: (world: World, disk: Disk) => Promise<Seen>): Promise<Seen> {
  const disk = new Disk();
  const world = await World.open({ MINIVOICE_DATA_DIR: disk.dataDir });
  try {
    return await happen(world, disk);
  } finally {
    await world.close();
    disk.remove();
  }
}

/** Two seconds of sound with all kinds of changes between. */
const actionsOf = (world: World) => [
  { start_recording: {} },
  { play: { url: world.harness.tone(1000, 1500) } },
  { set_variable: { name: 'step', value: '2' } },
  { gather: { timeout_seconds: 1 } },
  { stop_recording: {} },
  { play: { url: world.harness.tone(1000, 500) } },
];

/** The disk fills up while a call is on, and stays full until it is over. */
async function full(world: World, disk: Disk): Promise<Seen> {
  const line = await world.harness.line(actionsOf(world));
  const caller = await world.call(line);
  await seconds(0.5);
  disk.fill();
  await caller.hungUp();
  const other = await world.call(line);
  await other.close();
  const ready = await fetch(`${world.harness.server.http}/readyz`);
  const before = world.harness.app.events.all.length;
  disk.free();
  const history = await historyOf(line, 2400);
  const next = await world.call(line);
  await next.hangUp();
  const complaints = world.harness.server.log.filter((text) => text.includes('the database can'));
  return {
    caller: `${caller.heardOf(2000)}; a second call ${other.outcome()}; afterwards a call is ${next.status === 200 ? 'accepted' : next.status}`,
    application: `${history.events}: ${before} events at once, the others when there is space`,
    operator: `${history.recorded}; \`/readyz\` ${ready.status}; log: ${complaints.map((text) => `\`${JSON.parse(text).msg}\``).join(', ')}`,
  };
}

/** The server is killed while its disk is full. */
async function killed(world: World, disk: Disk): Promise<Seen> {
  const line = await world.harness.line(actionsOf(world));
  const caller = await world.call(line);
  await seconds(0.5);
  disk.fill();
  for (let tries = 0; tries < 50 && caller.heardOf(1500) !== ALL; tries++) await seconds(0.1);
  await seconds(0.9);
  await world.harness.server.kill();
  disk.free();
  await world.harness.restart();
  const history = await historyOf(line, 1000);
  await caller.close();
  return {
    caller: `${caller.heardOf(1500)} until then`,
    application: history.events,
    // More than 2 s until then, of which the last second may be lost.
    operator: `${history.recorded}, except for at most one second`,
  };
}

/** The server is started while its disk is full. */
async function started(world: World, disk: Disk): Promise<Seen> {
  const { server } = world.harness;
  await server.terminate();
  disk.fill();
  const why = await world.harness.restart().then(
    () => 'it starts',
    (error) => String(error.message),
  );
  disk.free();
  await world.harness.restart();
  return { ...NOBODY, operator: wordsOf(why, disk.dataDir) };
}

/** What a server said last when it would not start. */
export const wordsOf = (why: string, dataDir: string): string => {
  const last = why.trim().split('\n').at(-1) ?? '';
  const code = /ended with (\d+)/.exec(why)?.[1];
  return `exit code ${code}: \`${last.replaceAll(dataDir, '<data>')}\``;
};

/** A server that is a user of its own is given a folder that is another's. */
async function foreign(): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-foreign-'));
  const env = { ...process.env, MINIVOICE_DATA_DIR: folder };
  // Those who are nobody.
  const { status, stderr } = spawnSync(process.execPath, [MAIN], {
    env,
    uid: 65_534,
    gid: 65_534,
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  return { ...NOBODY, operator: wordsOf(`ended with ${status}\n${stderr}`, folder) };
}

/** A server is started on a disk that only can be read. */
async function readOnly(world: World, disk: Disk): Promise<Seen> {
  await world.harness.server.terminate();
  disk.protect(true);
  const why = await world.harness.restart().then(
    () => 'it starts',
    (error) => String(error.message),
  );
  disk.protect(false);
  await world.harness.restart();
  return { ...NOBODY, operator: wordsOf(why, disk.dataDir) };
}

export const databases: Chapter = {
  title: 'The disk of the database',
  atOnce: 3,
  impossible,
  faults: [
    {
      name: 'the disk of the database is full during a call, and has space again when the call has ended',
      slow: true,
      happen: () => onDisk(full),
      promised: {
        caller:
          'hears everything; a second call is refused with 503 and Retry-After; afterwards a call is accepted',
        application:
          '`recording.started`, `call.gathered` (`timed_out`), `recording.completed` (`stop_recording`), `call.completed` (`application`): 3 events at once, the others when there is space',
        operator:
          'completed recording of the whole time; `/readyz` 503; log: `the database cannot be written: no new calls until it can`, `the database can be written again`',
      },
    },
    {
      name: 'the disk of the database is full during a call, and the server is killed meanwhile',
      slow: true,
      happen: () => onDisk(killed),
      promised: {
        caller: 'hears everything until then',
        application:
          '`recording.started`, `recording.completed` (`recovery`), `call.failed` (`node_restarted`)',
        operator: 'completed recording of the whole time, except for at most one second',
      },
    },
    {
      name: 'the disk of the database is full at the start',
      slow: true,
      happen: () => onDisk(started),
      promised: {
        caller: 'is not answered',
        application: 'nothing',
        operator:
          'exit code 1: `MiniVoice could not start: MINIVOICE_DATA_DIR, <data>, cannot be used: database or disk is full`',
      },
    },
    {
      name: 'the disk of the database is read-only at the start',
      slow: true,
      happen: () => onDisk(readOnly),
      promised: {
        ...NOBODY,
        operator:
          "exit code 1: `MiniVoice could not start: MINIVOICE_DATA_DIR, <data>, cannot be used: EROFS: read-only file system, chmod '<data>'`",
      },
    },
    {
      name: 'the data folder belongs to another user',
      slow: true,
      happen: foreign,
      promised: {
        ...NOBODY,
        operator:
          "exit code 1: `MiniVoice could not start: MINIVOICE_DATA_DIR, <data>, cannot be used: EPERM: operation not permitted, chmod '<data>'`",
      },
    },
  ],
};
