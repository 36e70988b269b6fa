import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Server } from '../../e2e/support/server.ts';
import { seconds } from './caller.ts';
import { wordsOf } from './databases.ts';
import type { Chapter, Fault } from './fault.ts';
import { historyOf } from './history.ts';
import { accountOf, type Seen, World } from './world.ts';

/** Starts a server on a folder that it cannot use. */
async function startOn(dataDir: string): Promise<Seen> {
  const operator = await Server.start({ dataDir }).then(
    async (server) => {
      await server.terminate();
      return 'it starts';
    },
    (error) => wordsOf(error.message, dataDir),
  );
  return { caller: 'is not answered', application: 'nothing', operator };
}

/** A folder that is made ready for the fault, and is gone afterwards. */
async function onFolder(prepare: (folder: string) => string): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-folder-'));
  try {
    return await startOn(prepare(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** But for the first, unit tests see to these as well. */
const refused = (name: string, why: string, happen: Fault['happen'], slow = true): Fault => ({
  name,
  slow,
  happen,
  promised: {
    caller: 'is not answered',
    application: 'nothing',
    operator: `exit code 1: \`MiniVoice could not start: ${why}\``,
  },
});

const actionsOf = (world: World) => [
  { start_recording: {} },
  { play: { url: world.harness.tone(1000, 1200) } },
  { stop_recording: {} },
  { play: { url: world.harness.tone(1000, 800) } },
];

/** Something of the operator's writes to the database, and takes two seconds. */
async function locked(world: World): Promise<Seen> {
  const line = await world.harness.line(actionsOf(world));
  const caller = await world.call(line);
  const other = new DatabaseSync(join(world.harness.server.dataDir, 'minivoice.db'), {
    timeout: 60_000,
  });
  other.exec('BEGIN IMMEDIATE');
  await Promise.all([seconds(2), world.harness.server.logged('the database cannot be written')]);
  other.close();
  await caller.hungUp();
  const { events, recorded } = await historyOf(line, 1200);
  const logged = world.harness.server.log.filter((text) => text.includes('the database can'));
  return {
    caller: caller.heardOf(2000),
    application: events,
    operator: `${recorded}; log: ${logged.map((text) => `\`${JSON.parse(text).msg}\``).join(', ')}`,
  };
}

/** Somebody tidies up. */
async function removed(): Promise<Seen> {
  const world = await World.open();
  const line = await world.harness.line(actionsOf(world));
  const caller = await world.call(line);
  await seconds(0.7);
  const recordings = join(world.harness.server.dataDir, 'recordings');
  renameSync(recordings, `${recordings}.away`);
  await caller.hungUp();
  const { events } = await historyOf(line, 1200);
  const logged = (await accountOf(line)).logged();
  const next = await world.harness.line(actionsOf(world));
  const second = await world.call(next);
  await second.hungUp();
  const { recorded } = await historyOf(next, 1200);
  await world.close();
  return {
    caller: caller.heardOf(2000),
    application: events,
    operator: `${logged}; the next call has a ${recorded}`,
  };
}

const RECORDED =
  '`recording.started`, `recording.completed` (`stop_recording`), `call.completed` (`application`)';

export const dataFolders: Chapter = {
  title: 'The data folder',
  faults: [
    refused(
      'a second server is started on the data folder of a running one',
      'MINIVOICE_DATA_DIR, <data>, cannot be used: another MiniVoice is running on it',
      (world) => startOn(world.harness.server.dataDir),
      false,
    ),
    refused(
      'the data folder is a file',
      "MINIVOICE_DATA_DIR, <data>, cannot be used: EEXIST: file already exists, mkdir '<data>'",
      () =>
        onFolder((folder) => {
          writeFileSync(join(folder, 'data'), '');
          return join(folder, 'data');
        }),
    ),
    refused(
      '`minivoice.db` is not a database',
      'the database <data>/minivoice.db cannot be used: file is not a database',
      () =>
        onFolder((folder) => {
          writeFileSync(join(folder, 'minivoice.db'), 'Dear diary, today nobody called. '.repeat(100));
          return folder;
        }),
    ),
    {
      name: 'another program locks the database for two seconds during a call',
      happen: locked,
      promised: {
        caller: 'hears everything',
        application: RECORDED,
        operator:
          'completed recording of the whole time; log: `the database cannot be written: no new calls until it can`, `the database can be written again`',
      },
    },
    {
      name: 'the folder of the recordings is moved during a recording',
      slow: true,
      happen: removed,
      promised: {
        caller: 'hears everything',
        application:
          '`recording.started`, `recording.failed` (`recording_write_failed`), `call.completed` (`application`)',
        operator:
          "log: `a recording failed` (the file cannot be read: Error: ENOENT: no such file or directory, open '…'); the next call has a completed recording of the whole time",
      },
    },
  ],
};
