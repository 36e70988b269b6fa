import { sql } from 'kysely';
import { explain, Failure, Ids, silentLog } from '../../core/index.ts';
import { billingStore } from '../billing.ts';
import { billingTexts } from '../billing-texts.ts';
import { callStore } from '../calls.ts';
import { directoryStore } from '../directory.ts';
import { eventStore } from '../events.ts';
import { idempotencyStore, idempotencyTexts } from '../idempotency.ts';
import { insightTexts } from '../insight-texts.ts';
import { insightStore } from '../insights.ts';
import { latestId } from '../latest-id.ts';
import { migrate } from '../migrations/index.ts';
import { pendingByeStore, pendingByeTexts } from '../pending-byes.ts';
import { Quarantine } from '../quarantine.ts';
import { readersOf } from '../readers.ts';
import { recordingStore } from '../recordings.ts';
import { writeTexts } from '../statements.ts';
import type { Storage, StorageOptions } from '../storage.ts';
import { BillingWrites } from './billing-writes.ts';
import { Checkpoints } from './checkpoint.ts';
import { kyselyOver, openDatabase } from './database.ts';
import { discardOver } from './discard.ts';
import { Erasure } from './erasure.ts';
import { Expiry } from './expiry.ts';
import { GroupCommit } from './group-commit.ts';
import { InsightWrites } from './insight-writes.ts';
import { SqliteJournal } from './journal.ts';
import { matchingInSqlite, openTranscriptSearch } from './transcript-search.ts';

export interface SqliteOptions extends StorageOptions {
  /** The database file; made when it is not there. Its folder must be. */
  file: string;
  /**
   * Milliseconds between two transactions: under load, writes wait so long for others to share theirs with. A
   * write that comes alone does not wait. Default 0.
   */
  gatherMs?: number;
}

/** Opens the database file, bringing its tables to the newest shape. Rejects when it is no database. */
export async function openSqliteStorage(options: SqliteOptions): Promise<Storage> {
  const { clock, log = silentLog } = options;
  const database = openDatabase(options.file);
  const db = kyselyOver(database);
  await migrate(db);
  openTranscriptSearch(database);
  const quarantine = new Quarantine({ clock, log });
  const readers = readersOf(quarantine);
  const ids = new Ids(clock, { node: options.node ?? 0, after: await latestId(db) });
  const group = new GroupCommit(database, { clock, log, gatherMs: options.gatherMs ?? 0 });
  const checkpoints = new Checkpoints(options.file, group, { clock, log });
  const journal = new SqliteJournal({
    database,
    group,
    texts: { ...writeTexts(db), ...idempotencyTexts(db) },
    insights: new InsightWrites(database, insightTexts(db)),
    billing: new BillingWrites(database, billingTexts(db)),
    ids,
    hasWebhook: options.hasWebhook,
  });
  const erasure = new Erasure(database, group, clock);
  const expiry = new Expiry(database, group, clock, erasure);
  const discard = discardOver(database, group, quarantine, erasure);
  const pendingByes = pendingByeTexts(db);
  const keepPendingBye = database.prepare(pendingByes.keepPendingBye);
  const dropPendingBye = database.prepare(pendingByes.dropPendingBye);
  /** @param isErased tells from the result whether anything was. */
  const scrubbed = async <T>(erasing: Promise<T>, isErased: (result: T) => boolean): Promise<T> => {
    const result = await erasing;
    if (isErased(result)) checkpoints.soon();
    return result;
  };
  // A former process may have left something in the log that it had erased.
  checkpoints.soon();
  const close = async () => {
    await group.close();
    await checkpoints.close();
    database.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...callStore(db, readers),
    ...recordingStore(db, readers),
    ...eventStore(db, readers, quarantine),
    ...directoryStore(db, readers),
    ...idempotencyStore(db),
    ...pendingByeStore(db, readers),
    keepPendingBye: (key, pendingBye) =>
      group.keep(() => void keepPendingBye.run(key, JSON.stringify(pendingBye))),
    dropPendingBye: (key) => group.keep(() => void dropPendingBye.run(key)),
    ...insightStore(db, matchingInSqlite, readers),
    ...billingStore(db, readers, quarantine),
    commit: (change) => journal.commit(change),
    written: () => group.written(),
    saveAttempt: (attempt, event) => journal.saveAttempt(attempt, event),
    saveEventState: (event) => journal.saveEventState(event),
    eraseSealed: (before) => journal.eraseSealed(before),
    onCommitted: journal.onCommitted,
    quarantine: (row) => quarantine.quarantine(row),
    get quarantined() {
      return quarantine.quarantined;
    },
    discard: (table, id) => discard(table, id),
    eraseCall: (id) => scrubbed(erasure.eraseCall(id), () => true),
    continueErasing: (callId) => scrubbed(erasure.continueErasing(callId), Boolean),
    deleteRecording: (id) => scrubbed(erasure.deleteRecording(id), () => true),
    expire: (what, before, from) => scrubbed(expiry.expire(what, before, from), ({ deleted }) => deleted > 0),
    dueFiles: (limit) => expiry.dueFiles(limit),
    fileDeleted: (file) => expiry.fileDeleted(file),
    fileKept: (file, dueAt) => expiry.fileKept(file, dueAt),
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
