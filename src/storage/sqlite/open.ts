import { type Kysely, sql } from 'kysely';
import { explain, Failure, Ids, silentLog } from '../../core/index.ts';
import { billingStore } from '../billing.ts';
import { callStore } from '../calls.ts';
import { directoryStore } from '../directory.ts';
import { eventStore } from '../events.ts';
import { insightStore, type TranscriptSearch } from '../insights.ts';
import { latestId } from '../latest-id.ts';
import { Quarantine } from '../quarantine.ts';
import { recordingStore } from '../recordings.ts';
import { readersOf } from '../row-reader.ts';
import type { Storage, StorageOptions } from '../storage.ts';
import type { Tables } from '../tables/index.ts';
import { Checkpoints } from './checkpoint.ts';
import { kyselyOver, openDatabase } from './database.ts';
import { discardOver } from './discard.ts';
import { Erasure } from './erasure.ts';
import { Expiry } from './expiry.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteJournal } from './journal.ts';
import { SqliteTranscriptSearch } from './transcript-search.ts';
import { updateTables } from './update.ts';

export interface SqliteOptions extends StorageOptions {
  /** The database file, or `:memory:`. It is created if missing; its folder must exist. */
  file: string;
  /**
   * Milliseconds between two transactions: under load, writes wait this long to share a transaction. A single write
   * does not wait. Default 0.
   */
  gatherMs?: number;
}

/** Opens the database file and migrates its tables. Rejects when the file is not a database. */
export async function openSqliteStorage(options: SqliteOptions): Promise<Storage> {
  const { clock, log = silentLog } = options;
  const database = openDatabase(options.file);
  await updateTables(database, { clock, log });
  const db = kyselyOver(database);
  const quarantine = new Quarantine({ clock, log });
  const ids = new Ids(clock, { node: options.node ?? 0, after: await latestId(db) });
  const group = new GroupCommit(database, { clock, log, gatherMs: options.gatherMs ?? 0 });
  const checkpoints = new Checkpoints(options.file, group, { clock, log });
  const journal = new SqliteJournal(database, group, { ids, hasWebhook: (id) => options.hasWebhook(id) });
  const erasure = new Erasure(database, group, clock);
  const expiry = new Expiry(database, group, clock, erasure);
  // The log may contain data that a previous process has erased.
  checkpoints.scheduleErasure();
  const close = async () => {
    await group.close();
    await checkpoints.close();
    database.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...readingStores(db, new SqliteTranscriptSearch(database), quarantine),
    ...writingStore(journal),
    ...deletingStore(erasure, expiry, checkpoints),
    discard: discardOver(database, group, quarantine, erasure),
    quarantine: (row) => quarantine.quarantine(row),
    get quarantined() {
      return quarantine.quarantined;
    },
    written: () => group.written(),
    ids,
    latestId: () => latestId(db),
    get trouble() {
      return group.trouble && explain(group.trouble);
    },
    get waiting() {
      return group.waiting;
    },
    async ping() {
      if (group.trouble)
        throw new Failure('not_ready', `the database cannot be written: ${explain(group.trouble)}`);
      await sql`select 1`.execute(db);
    },
    close: () => (closed ??= close()),
  };
}

function readingStores(db: Kysely<Tables>, search: TranscriptSearch, quarantine: Quarantine) {
  const readers = readersOf(quarantine);
  return {
    ...callStore(db, readers),
    ...recordingStore(db, readers),
    ...eventStore(db, readers, quarantine),
    ...directoryStore(db, readers),
    ...insightStore(db, search, readers),
    ...billingStore(db, readers, quarantine),
  };
}

type Writes =
  | 'commit'
  | 'saveAttempt'
  | 'saveEventState'
  | 'eraseSealed'
  | 'keepPendingBye'
  | 'dropPendingBye';

const writingStore = (journal: SqliteJournal): Pick<Storage, Writes | 'onCommitted'> => ({
  commit: (change) => journal.commit(change),
  saveAttempt: (attempt, event) => journal.saveAttempt(attempt, event),
  saveEventState: (event) => journal.saveEventState(event),
  eraseSealed: (before) => journal.eraseSealed(before),
  keepPendingBye: (key, pendingBye) => journal.keepPendingBye(key, pendingBye),
  dropPendingBye: (key) => journal.dropPendingBye(key),
  onCommitted: journal.onCommitted,
});

type Deletions =
  | 'eraseCall'
  | 'continueErasing'
  | 'deleteRecording'
  | 'expire'
  | 'dueFiles'
  | 'fileDeleted'
  | 'fileKept';

/** Each erasure schedules the checkpoint that removes the erased data from the write-ahead log. */
function deletingStore(erasure: Erasure, expiry: Expiry, checkpoints: Checkpoints): Pick<Storage, Deletions> {
  const scrubbed = async <T>(erasing: Promise<T>, isErased: (result: T) => boolean): Promise<T> => {
    const result = await erasing;
    if (isErased(result)) checkpoints.scheduleErasure();
    return result;
  };
  return {
    eraseCall: (id) => scrubbed(erasure.eraseCall(id), () => true),
    continueErasing: (callId) => scrubbed(erasure.continueErasing(callId), Boolean),
    deleteRecording: (id) => scrubbed(erasure.deleteRecording(id), () => true),
    expire: (what, before, from) => scrubbed(expiry.expire(what, before, from), ({ deleted }) => deleted > 0),
    dueFiles: (limit) => expiry.dueFiles(limit),
    fileDeleted: (file) => expiry.fileDeleted(file),
    fileKept: (file, dueAt) => expiry.fileKept(file, dueAt),
  };
}
