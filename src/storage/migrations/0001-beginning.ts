import type { CreateTableBuilder, Kysely, Migration } from 'kysely';

// Written for both SQLite and PostgreSQL: ids and JSON are text, times are milliseconds in a bigint, flags are 0 or 1,
// and no column is auto-incremented.
export const beginning: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of [calls, recordings, events, attempts, timeline]) await table(db);
    for (const table of [customers, applications, apiKeys, dids, trunks]) await table(db);
  },
};

type Columns = CreateTableBuilder<string, string>;

/** Starts a table whose first column is the text `id`. */
function table(db: Kysely<unknown>, name: string): Columns {
  return db.schema.createTable(name).addColumn('id', 'text', (column) => column.primaryKey());
}

function required(table: Columns, type: 'text' | 'bigint' | 'integer', ...names: string[]): Columns {
  return names.reduce((all, name) => all.addColumn(name, type, (column) => column.notNull()), table);
}

function optional(table: Columns, type: 'text' | 'bigint' | 'integer', ...names: string[]): Columns {
  return names.reduce((all, name) => all.addColumn(name, type), table);
}

async function index(db: Kysely<unknown>, table: string, ...columns: string[]): Promise<void> {
  const name = `${table}_by_${columns.join('_')}`;
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}

async function calls(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'calls');
  t = required(t, 'text', 'customer_id', 'application_id', 'provider_call_id', 'status', 'direction');
  t = required(
    t,
    'text',
    'from',
    'to',
    'answer_url',
    'metadata',
    'variables',
    'route_mode',
    'routing_target',
  );
  t = required(t, 'bigint', 'created_at');
  t = optional(t, 'bigint', 'dialing_at', 'ringing_at', 'answered_at', 'ended_at');
  t = optional(t, 'text', 'reason', 'ended_by');
  t = optional(t, 'integer', 'sip_status');
  t = optional(t, 'text', 'error');
  t = t.addColumn('last_sequence', 'integer', (column) => column.notNull().defaultTo(0));
  await t.execute();
  await index(db, 'calls', 'created_at', 'id');
  await index(db, 'calls', 'application_id', 'created_at', 'id');
  await index(db, 'calls', 'application_id', 'status', 'created_at', 'id');
  await index(db, 'calls', 'status', 'created_at', 'id');
  await index(db, 'calls', 'from', 'created_at', 'id');
  await index(db, 'calls', 'to', 'created_at', 'id');
}

async function recordings(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'recordings');
  t = required(t, 'text', 'call_id', 'customer_id', 'application_id', 'provider_call_id', 'status');
  t = required(t, 'text', 'storage_type', 'file', 'format');
  t = required(t, 'integer', 'channels', 'sample_rate');
  t = required(t, 'bigint', 'created_at', 'updated_at', 'started_at');
  t = optional(t, 'bigint', 'ended_at');
  t = optional(t, 'text', 'ended_by');
  t = required(t, 'bigint', 'duration_ms', 'size_bytes');
  t = optional(t, 'text', 'sha256');
  t = required(t, 'text', 'gaps');
  t = required(t, 'integer', 'recovered');
  await optional(t, 'text', 'error').execute();
  await index(db, 'recordings', 'created_at', 'id');
  await index(db, 'recordings', 'application_id', 'created_at', 'id');
  await index(db, 'recordings', 'application_id', 'status', 'created_at', 'id');
  await index(db, 'recordings', 'call_id', 'created_at', 'id');
  await index(db, 'recordings', 'status', 'created_at', 'id');
}

async function events(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'events');
  t = required(t, 'text', 'call_id', 'application_id', 'event');
  t = required(t, 'integer', 'sequence');
  t = required(t, 'text', 'event_key');
  t = required(t, 'bigint', 'created_at');
  t = required(t, 'text', 'call', 'data', 'state');
  t = required(t, 'integer', 'attempts');
  t = optional(t, 'bigint', 'next_attempt_at');
  await t.addUniqueConstraint('events_by_call_id_sequence', ['call_id', 'sequence']).execute();
  await index(db, 'events', 'application_id', 'id');
  await index(db, 'events', 'application_id', 'event', 'id');
  await index(db, 'events', 'application_id', 'state', 'id');
  await index(db, 'events', 'event', 'id');
  await index(db, 'events', 'state', 'id');
}

async function attempts(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'attempts');
  t = required(t, 'text', 'event_id');
  t = required(t, 'integer', 'attempt');
  t = required(t, 'bigint', 'at', 'duration_ms');
  t = optional(t, 'integer', 'status');
  t = optional(t, 'text', 'error');
  await required(t, 'text', 'answer').execute();
  await index(db, 'attempts', 'event_id', 'id');
}

async function timeline(db: Kysely<unknown>): Promise<void> {
  let t: Columns = db.schema.createTable('timeline');
  t = required(t, 'text', 'call_id');
  t = required(t, 'integer', 'position');
  t = required(t, 'bigint', 'at');
  t = required(t, 'text', 'kind', 'data');
  await t.addPrimaryKeyConstraint('timeline_by_call_id_position', ['call_id', 'position']).execute();
}

async function customers(db: Kysely<unknown>): Promise<void> {
  await required(required(table(db, 'customers'), 'text', 'name'), 'bigint', 'created_at').execute();
}

async function applications(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'applications');
  t = required(t, 'text', 'customer_id', 'name', 'answer_url', 'answer_method');
  t = optional(t, 'text', 'fallback_answer_url', 'webhook_url');
  t = required(t, 'text', 'webhook_secrets');
  t = optional(t, 'text', 'fault_message', 'voice', 'language');
  t = required(t, 'integer', 'ai_enabled', 'record_calls');
  await required(t, 'bigint', 'created_at', 'updated_at').execute();
}

async function apiKeys(db: Kysely<unknown>): Promise<void> {
  let t = table(db, 'api_keys');
  t = t.addColumn('application_id', 'text', (column) =>
    column.notNull().references('applications.id').onDelete('cascade'),
  );
  t = t.addColumn('sha256', 'text', (column) => column.notNull().unique());
  t = required(t, 'text', 'hint');
  t = required(t, 'bigint', 'created_at');
  await optional(t, 'bigint', 'expires_at').execute();
  await index(db, 'api_keys', 'application_id');
}

async function dids(db: Kysely<unknown>): Promise<void> {
  let t = required(table(db, 'dids'), 'text', 'customer_id');
  t = t.addColumn('application_id', 'text', (column) =>
    column.references('applications.id').onDelete('set null'),
  );
  t = t.addColumn('number_e164', 'text', (column) => column.notNull().unique());
  t = required(t, 'text', 'provider', 'status', 'route_mode');
  t = optional(t, 'text', 'routing_target');
  await required(t, 'bigint', 'created_at', 'updated_at').execute();
  await index(db, 'dids', 'application_id');
}

async function trunks(db: Kysely<unknown>): Promise<void> {
  let t = optional(table(db, 'trunks'), 'text', 'customer_id');
  t = required(t, 'text', 'name', 'proxy');
  t = optional(t, 'text', 'username', 'password', 'realm', 'from_domain', 'inbound_ip');
  t = required(t, 'integer', 'is_active');
  t = t.addColumn('gateway_name', 'text', (column) => column.notNull().unique());
  t = required(t, 'text', 'transport');
  t = required(t, 'integer', 'register', 'srtp');
  await required(t, 'bigint', 'created_at', 'updated_at').execute();
}
