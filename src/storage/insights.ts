import type { Kysely } from 'kysely';
import type { Page, PageRequest } from '../calls/index.ts';
import type { InsightStore, Job, Transcript, TranscriptFilter } from '../insights/index.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Listing, loadInTurns, PAGE_BYTES, readPage, type Sized } from './listing.ts';
import type { Readers } from './row-reader.ts';
import type { Tables } from './tables/index.ts';

/** A transcript that a search has found. `number` grows with each transcript that is stored. */
export type FoundTranscript = Sized & { recordingId: string; number: number };

/** Finds transcripts by their words; each database has its own full-text index. */
export interface TranscriptSearch {
  /**
   * Finds at most `limit` transcripts, newest first, with numbers less than `before`.
   * @returns `next` where more may follow: the `before` of the next page.
   */
  find(
    filter: TranscriptFilter,
    limit: number,
    before?: number,
  ): Promise<{ found: FoundTranscript[]; next: number | undefined }>;
}

/** Reads and updates the queue of insight jobs, and reads their results. */
export function insightStore(db: Kysely<Tables>, search: TranscriptSearch, readers: Readers): InsightStore {
  return {
    ...queue(db, readers),
    async transcript(recordingId) {
      const found = db.selectFrom('transcripts').selectAll().where('recordingId', '=', recordingId);
      const row = await found.executeTakeFirst();
      return row && readers.transcripts.one(row);
    },
    async transcriptsOf(callId) {
      const rows = db.selectFrom('transcripts').selectAll().where('callId', '=', callId);
      // `rec_<call>`, `rec_<call>_2`, …, `rec_<call>_10`: in numeric order.
      const byNumber = (a: Transcript, b: Transcript) =>
        a.recordingId.length - b.recordingId.length || (a.recordingId < b.recordingId ? -1 : 1);
      return readers.transcripts.all(await rows.execute()).toSorted(byNumber);
    },
    async partsOf(callId) {
      const rows = db.selectFrom('insightParts').selectAll().where('callId', '=', callId);
      return readers.insightParts.all(await rows.execute());
    },
    transcripts(filter, page) {
      const listing = { ...listingOf(filter), reader: readers.transcripts };
      if (filter.q === undefined) return readPage(db, listing, page);
      return readFound(db, listing, search, filter, page);
    },
  };
}

/** The due time of a job whose row is damaged. */
const NEVER = Number.MAX_SAFE_INTEGER;

function queue(db: Kysely<Tables>, { insightJobs: jobs }: Readers) {
  return {
    claimJob: (node: number, now: number, until: number, except: string[] = []) =>
      claimJob(db, jobs, { node, now, until, except }),
    async holdJob({ recordingId, claim }: Pick<Job, 'recordingId' | 'claim'>, until: number) {
      const mine = db.updateTable('insightJobs').set({ dueAt: until }).where('recordingId', '=', recordingId);
      await mine.where('claim', '=', claim).execute();
    },
    async releaseJobs(node: number, now: number) {
      await db.updateTable('insightJobs').set({ node: null, dueAt: now }).where('node', '=', node).execute();
      // Reports the rows again that previous processes could not read.
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

/** Claims the next due job for a node until a moment; skips the applications in `except`. */
async function claimJob(
  db: Kysely<Tables>,
  jobs: Readers['insightJobs'],
  { node, now, until, except }: { node: number; now: number; until: number; except: string[] },
): Promise<Job | undefined> {
  // A job without attempts is due, even if the clock was set back to before it was added.
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
    // The row is damaged: it stays in quarantine, and the next job is claimed.
    const { recordingId } = row;
    const postpone = db.updateTable('insightJobs').set({ node: null, dueAt: NEVER, attempts: 1, claim: 1 });
    await postpone.where('recordingId', '=', recordingId).execute();
  }
  return undefined;
}

/** Reads a page of search results: as many as fit into `PAGE_BYTES`, but at least one. */
async function readFound(
  db: Kysely<Tables>,
  listing: Listing<Transcript>,
  search: TranscriptSearch,
  filter: TranscriptFilter,
  { limit, cursor }: PageRequest,
): Promise<Page<Transcript>> {
  const before = cursor ? decodeCursor<[number]>(cursor, ['integer'])[0] : undefined;
  const { found, next } = await search.find(filter, limit, before);
  const { data, read } = await loadInTurns(db, listing, found, PAGE_BYTES);
  const position = read < found.length ? found[read - 1]?.number : next;
  return { data, nextCursor: position === undefined ? null : encodeCursor([position]) };
}

function listingOf({ applicationId }: TranscriptFilter): Omit<Listing<Transcript>, 'reader'> {
  return {
    table: 'transcripts',
    key: 'recordingId',
    longColumns: ['segments', 'fullText', 'error'],
    order: { columns: ['createdAt', 'recordingId'], kinds: ['number', 'string'], descending: true },
    indexed: applicationId === undefined ? [] : [['applicationId', '=', applicationId]],
    unindexed: [['status', '=', 'completed']],
  };
}
