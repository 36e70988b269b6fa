import type { Compilable, Kysely } from 'kysely';
import { partLayout, transcriptLayout } from './insight-layouts.ts';
import type { Tables } from './layouts.ts';

/**
 * The texts of what is written about insights in the same transaction as calls and events. Parameters stand in
 * the order of the layout, or as the comment says.
 */
export function insightTexts(db: Kysely<Tables>) {
  return {
    saveTranscript: text(upsert(db, 'transcripts', transcriptLayout, ['recordingId'])),
    savePart: text(upsert(db, 'insightParts', partLayout, ['callId', 'part'])),
    /** recordingId, callId, applicationId, createdAt, dueAt */
    enqueueJob: text(enqueue(db)),
    /** recordingId, claim → 1 when the job is held by this claim */
    findHolder: text(
      db
        .selectFrom('insightJobs')
        .select((eb) => eb.lit(1).as('held'))
        .where('recordingId', '=', '')
        .where('claim', '=', 0),
    ),
    /** dueAt, lastError, recordingId */
    postponeJob: text(
      db
        .updateTable('insightJobs')
        .set((eb) => ({ dueAt: 0, lastError: '', node: eb.lit(null) }))
        .where('recordingId', '=', ''),
    ),
    /** recordingId */
    finishJob: text(db.deleteFrom('insightJobs').where('recordingId', '=', '')),
    /** callId */
    forgetTranscripts: text(db.deleteFrom('transcripts').where('callId', '=', '')),
    /** callId */
    forgetParts: text(db.deleteFrom('insightParts').where('callId', '=', '')),
  };
}

type Name = 'transcripts' | 'insightParts';

function upsert(db: Kysely<Tables>, name: Name, layout: object, key: string[]) {
  const properties = Object.keys(layout);
  const marks = Object.fromEntries(properties.map((property) => [property, '']));
  const changing = properties.filter((property) => !key.includes(property));
  return db
    .insertInto(name)
    .values(marks as never)
    .onConflict((conflict) =>
      conflict
        .columns(key as never)
        .doUpdateSet((eb) =>
          Object.fromEntries(changing.map((property) => [property, eb.ref(`excluded.${property}` as never)])),
        ),
    );
}

/** A recording that is in the queue already starts anew: a new claim takes the job from who is at it. */
function enqueue(db: Kysely<Tables>) {
  const row = { recordingId: '', callId: '', applicationId: '', createdAt: 0, dueAt: 0 };
  return db
    .insertInto('insightJobs')
    .columns([...(Object.keys(row) as (keyof typeof row)[]), 'attempts', 'claim'])
    .values((eb) => ({ ...row, attempts: eb.lit(0), claim: eb.lit(0) }))
    .onConflict((conflict) =>
      conflict.column('recordingId').doUpdateSet((eb) => ({
        dueAt: eb.ref('excluded.dueAt'),
        attempts: eb.lit(0),
        claim: eb('insightJobs.claim', '+', eb.lit(1)),
        node: eb.lit(null),
        lastError: eb.lit(null),
      })),
    );
}

const text = (query: Compilable): string => query.compile().sql;
