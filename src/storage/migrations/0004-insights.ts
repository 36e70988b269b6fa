import type { CreateTableBuilder, Kysely, Migration } from 'kysely';

/** Insights derived from recordings, the queue of insight jobs, and the settings of applications. */
export const insights: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of [transcripts, parts, jobs]) await table(db);
    const alter = () => db.schema.alterTable('applications');
    await alter()
      .addColumn('ai_events', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await alter().addColumn('scorecard', 'text').execute();
    await alter().addColumn('ai', 'text').execute();
  },
};

async function transcripts(db: Kysely<unknown>): Promise<void> {
  let t = db.schema
    .createTable('transcripts')
    .addColumn('recording_id', 'text', (column) => column.primaryKey());
  for (const name of ['call_id', 'application_id', 'status', 'language', 'engine', 'segments', 'full_text']) {
    t = t.addColumn(name, 'text', (column) => column.notNull());
  }
  t = t.addColumn('error', 'text').addColumn('created_at', 'bigint', (column) => column.notNull());
  await t.execute();
  await index(db, 'transcripts', 'call_id');
  await index(db, 'transcripts', 'application_id', 'created_at', 'recording_id');
  await index(db, 'transcripts', 'created_at', 'recording_id');
}

async function parts(db: Kysely<unknown>): Promise<void> {
  let t: CreateTableBuilder<string, string> = db.schema.createTable('insight_parts');
  for (const name of ['call_id', 'part', 'application_id', 'status', 'engine']) {
    t = t.addColumn(name, 'text', (column) => column.notNull());
  }
  t = t.addColumn('data', 'text').addColumn('error', 'text');
  t = t.addColumn('created_at', 'bigint', (column) => column.notNull());
  await t.addPrimaryKeyConstraint('insight_parts_by_call_id_part', ['call_id', 'part']).execute();
}

async function jobs(db: Kysely<unknown>): Promise<void> {
  let t = db.schema
    .createTable('insight_jobs')
    .addColumn('recording_id', 'text', (column) => column.primaryKey());
  for (const name of ['call_id', 'application_id'])
    t = t.addColumn(name, 'text', (column) => column.notNull());
  for (const name of ['created_at', 'due_at']) t = t.addColumn(name, 'bigint', (column) => column.notNull());
  for (const name of ['attempts', 'claim']) t = t.addColumn(name, 'integer', (column) => column.notNull());
  await t.addColumn('node', 'integer').addColumn('last_error', 'text').execute();
  await index(db, 'insight_jobs', 'due_at');
  await index(db, 'insight_jobs', 'call_id');
}

async function index(db: Kysely<unknown>, table: string, ...columns: string[]): Promise<void> {
  const name = `${table}_by_${columns.join('_')}`;
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}
