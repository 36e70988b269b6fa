import type { Compilable, Kysely } from 'kysely';
import {
  attemptLayout,
  callLayout,
  eventLayout,
  type Layout,
  recordingLayout,
  type Tables,
  timelineLayout,
} from './layouts.ts';

/** What identifies a row or never changes: left alone when a row is written again, and so are its indexes. */
const fixed = new Set([
  'id',
  'callId',
  'customerId',
  'applicationId',
  'direction',
  'from',
  'to',
  'createdAt',
]);

/**
 * The texts of everything that is written while calls run, compiled once: compiling costs more than running.
 * Parameters stand in the order of the layout, then as the comment says.
 */
export function writeTexts(db: Kysely<Tables>) {
  return {
    saveCall: save(db, 'calls', callLayout),
    saveRecording: save(db, 'recordings', recordingLayout),
    /** file, at: to be deleted at once */
    noteFile: text(
      db
        .insertInto('fileDeletions')
        .values((eb) => ({ file: '', at: 0, dueAt: eb.lit(0), attempts: eb.lit(0) }))
        .onConflict((conflict) => conflict.column('file').doNothing()),
    ),
    addEvent: text(db.insertInto('events').values(marks(eventLayout))),
    /** …, eventId: nothing is written of an event that is gone */
    addAttempt: text(addAttempt(db)),
    /** …, callId, callId: nothing is written of a call that is gone */
    addLine: text(addLine(db)),
    /** callId → lastSequence */
    nextSequence: text(
      db
        .updateTable('calls')
        .set((eb) => ({ lastSequence: eb('lastSequence', '+', eb.lit(1)) }))
        .where('id', '=', '')
        .returning('lastSequence'),
    ),
    /** callId, event → count */
    countEvents: text(
      db
        .selectFrom('events')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('callId', '=', '')
        .where('event', '=', '')
        // Says nothing, but makes SQLite look among the call's events and not among all of that kind.
        .where((eb) => eb('sequence', '>', eb.lit(0))),
    ),
    /** before, limit. The first condition is that of the index. */
    eraseSealed: `update events set data = json_remove(data, '$.sealed_digits') where id in (
      select id from events indexed by events_sealed where data like '{%"sealed_digits":"%' and created_at < ?
      and json_extract(data, '$.sealed_digits') is not null limit ?)`,
    /** data, id */
    setEventData: text(db.updateTable('events').set({ data: '' }).where('id', '=', '')),
    /** state, attempts, nextAttemptAt, id */
    setEventState: text(
      db.updateTable('events').set({ state: 'pending', attempts: 0, nextAttemptAt: 0 }).where('id', '=', ''),
    ),
  };
}

function save(db: Kysely<Tables>, name: 'calls' | 'recordings', layout: object): string {
  const changing = Object.keys(layout).filter((property) => !fixed.has(property));
  return text(
    db
      .insertInto(name)
      .values(marks(layout))
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((eb) =>
            Object.fromEntries(
              changing.map((property) => [property, eb.ref(`excluded.${property}` as never)]),
            ),
          ),
      ),
  );
}

/** A line takes the place after the call's last one. */
function addLine(db: Kysely<Tables>) {
  return db
    .insertInto('timeline')
    .columns([...properties(timelineLayout), 'position'])
    .expression((eb) =>
      eb
        .selectFrom('timeline')
        .select(() => [])
        .select((line) => [
          line.val('').as('callId'),
          line.val(0).as('at'),
          line.val('').as('kind'),
          line.val('').as('data'),
          line(line.fn.coalesce(line.fn.max('position'), line.lit(0)), '+', line.lit(1)).as('position'),
        ])
        .where('callId', '=', '')
        .having(({ exists, selectFrom }) => exists(selectFrom('calls').select('id').where('id', '=', ''))),
    );
}

function addAttempt(db: Kysely<Tables>) {
  const columns = properties(attemptLayout);
  return db
    .insertInto('attempts')
    .columns(columns)
    .expression((eb) =>
      eb
        .selectFrom('events')
        .select((row) => columns.map((column) => row.val('').as(column)))
        .where('id', '=', ''),
    );
}

function properties<T>(layout: Layout<T>): (keyof T)[] {
  return Object.keys(layout) as (keyof T)[];
}

/** A row of parameters; only their places matter, since the text is compiled and the values are not. */
function marks<Row>(layout: object): Row {
  return Object.fromEntries(Object.keys(layout).map((property) => [property, ''])) as Row;
}

function text(query: Compilable): string {
  return query.compile().sql;
}
