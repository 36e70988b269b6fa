import type { Kysely, RawBuilder } from 'kysely';
import type { InsightStore, Job, Transcript, TranscriptFilter } from '../insights/index.ts';
import type { Tables } from './layouts.ts';
import { type Listing, readPage } from './listing.ts';
import type { Readers } from './readers.ts';

/** Each database searches texts in its own way: the condition that a row of `transcripts` holds these words. */
export type Matching = (q: string) => RawBuilder<boolean>;

/** The queue of insights and what has come of it, by any database that Kysely speaks to. */
export function insightStore(db: Kysely<Tables>, matching: Matching, readers: Readers): InsightStore {
  return {
    ...queue(db, readers),
    async transcript(recordingId) {
      const found = db.selectFrom('transcripts').selectAll().where('recordingId', '=', recordingId);
      const row = await found.executeTakeFirst();
      return row && readers.transcripts.one(row);
    },
    async transcriptsOf(callId) {
      const rows = db.selectFrom('transcripts').selectAll().where('callId', '=', callId);
      // `rec_<call>`, `rec_<call>_2`, …, `rec_<call>_10`: by number, not by letter.
      const byNumber = (a: Transcript, b: Transcript) =>
        a.recordingId.length - b.recordingId.length || (a.recordingId < b.recordingId ? -1 : 1);
      return readers.transcripts.all(await rows.execute()).toSorted(byNumber);
    },
    async partsOf(callId) {
      const rows = db.selectFrom('insightParts').selectAll().where('callId', '=', callId);
      return readers.parts.all(await rows.execute());
    },
    transcripts: (filter, page) =>
      readPage(db, { ...listingOf(filter, matching), reader: readers.transcripts }, page),
  };
}

/** When a job is due that cannot be done. */
const NEVER = Number.MAX_SAFE_INTEGER;

function queue(db: Kysely<Tables>, { jobs }: Readers) {
  return {
    async claimJob(node: number, now: number, until: number, except: string[] = []) {
      // What was never tried is due, even if the wall clock has been set back to before it was put here.
      const due = db
        .selectFrom('insightJobs')
        .select('recordingId')
        .where('recordingId', 'is not', null)
        .where((eb) => eb.or([eb('dueAt', '<=', now), eb('attempts', '=', 0)]))
        .$if(except.length > 0, (query) => query.where('applicationId', 'not in', except));
      const claim = db
        .updateTable('insightJobs')
        .set((eb) => ({ node, dueAt: until, attempts: eb('attempts', '+', 1), claim: eb('claim', '+', 1) }))
        .where('recordingId', '=', due.orderBy('dueAt').orderBy('recordingId').limit(1))
        .returningAll();
      for (let row = await claim.executeTakeFirst(); row; row = await claim.executeTakeFirst()) {
        const [job] = jobs.all([row]);
        if (job) return job;
        // Nobody can do it: it waits in quarantine, and the next one is taken.
        const { recordingId } = row;
        const put = db.updateTable('insightJobs').set({ node: null, dueAt: NEVER, attempts: 1, claim: 1 });
        await put.where('recordingId', '=', recordingId).execute();
      }
      return undefined;
    },
    async holdJob({ recordingId, claim }: Pick<Job, 'recordingId' | 'claim'>, until: number) {
      const mine = db.updateTable('insightJobs').set({ dueAt: until }).where('recordingId', '=', recordingId);
      await mine.where('claim', '=', claim).execute();
    },
    async releaseJobs(node: number, now: number) {
      await db.updateTable('insightJobs').set({ node: null, dueAt: now }).where('node', '=', node).execute();
      // What former processes could not read is told of again.
      jobs.all(await db.selectFrom('insightJobs').selectAll().where('dueAt', '>=', NEVER).execute());
    },
    async nextDue(except: string[] = []) {
      const { due } = await db
        .selectFrom('insightJobs')
        .select((eb) => eb.fn.min('dueAt').as('due'))
        .$if(except.length > 0, (query) => query.where('applicationId', 'not in', except))
        .executeTakeFirstOrThrow();
      return typeof due === 'number' && due < NEVER ? due : undefined;
    },
    async backlog() {
      const { all, running, oldest } = await db
        .selectFrom('insightJobs')
        .select((eb) => [
          eb.fn.countAll().as('all'),
          eb.fn.count('node').as('running'),
          eb.fn.min('createdAt').as('oldest'),
        ])
        .executeTakeFirstOrThrow();
      const oldestAt = typeof oldest === 'number' ? oldest : null;
      return { waiting: Number(all) - Number(running), running: Number(running), oldestAt };
    },
    async jobsOf(callId: string) {
      const rows = db.selectFrom('insightJobs').selectAll().where('callId', '=', callId);
      return jobs.all(await rows.orderBy('recordingId').execute());
    },
  };
}

function listingOf(
  { applicationId, q }: TranscriptFilter,
  matching: Matching,
): Omit<Listing<Transcript>, 'reader'> {
  return {
    table: 'transcripts',
    key: 'recordingId',
    long: ['segments', 'fullText', 'error'],
    order: { columns: ['createdAt', 'recordingId'], kinds: ['number', 'string'], descending: true },
    indexed: applicationId === undefined ? [] : [['applicationId', '=', applicationId]],
    others: [['status', '=', 'completed']],
    matching: q === undefined ? undefined : matching(q),
  };
}
