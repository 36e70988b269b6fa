import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallFilter } from '../calls/index.ts';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { RecordingFilter } from '../recordings/index.ts';
import type { EventFilter } from '../webhooks/index.ts';
import { billingStore } from './billing.ts';
import { callStore } from './calls.ts';
import { encodeCursor } from './cursor.ts';
import { eventStore } from './events.ts';
import { latestId } from './latest-id.ts';
import { migrate } from './migrations/index.ts';
import { Quarantine } from './quarantine.ts';
import { recordingStore } from './recordings.ts';
import { readersOf } from './row-reader.ts';
import { kyselyOver } from './sqlite/database.ts';
import { openSums } from './sqlite/sums.ts';
import { notePlans } from './testing/plans.ts';

const database = new DatabaseSync(':memory:');
const db = kyselyOver(database);
const quarantine = new Quarantine({ clock: new VirtualClock(), log: silentLog });
const readers = readersOf(quarantine);
let plans: () => string[];
beforeAll(async () => {
  await migrate(db);
  openSums(database);
  database.exec(`
    INSERT INTO calls (id, customer_id, application_id, provider_call_id, status, direction, "from", "to", answer_url,
      metadata, variables, route_mode, routing_target, created_at)
    VALUES ('call_1', 'cust_1', 'app_1', '', 'failed', 'inbound', '+1', '+2', '', '{}', '{}', 'webhook', '', 5);
    INSERT INTO recordings (id, call_id, customer_id, application_id, provider_call_id, status, storage_type, file,
      format, channels, sample_rate, created_at, updated_at, started_at, duration_ms, size_bytes, gaps, recovered)
    VALUES ('rec_1', 'call_1', 'cust_1', 'app_1', '', 'failed', 'local', '', 'wav', 1, 8000, 5, 5, 5, 0, 0, '[]', 0);
    INSERT INTO events (id, call_id, application_id, event, sequence, event_key, created_at, call, data, state, attempts)
    VALUES ('evt_1', 'call_1', 'app_1', 'call.failed', 1, '', 5, '{}', '{}', 'dead', 0);`);
  plans = notePlans(database);
});
afterAll(() => database.close());

/** The plan of what `run` reads. */
async function planOf(run: () => Promise<unknown>): Promise<string[]> {
  plans();
  await run();
  return plans();
}

/** Expects that a list searches this index, sorts nothing, and then reads its rows by their keys. */
async function expectIndex(index: string, read: (cursor?: string) => Promise<unknown>, after: string) {
  for (const cursor of [undefined, after]) {
    const [keys, ...rest] = await planOf(() => read(cursor));
    expect(keys).toMatch(new RegExp(`USING (COVERING )?INDEX ${index}( |$)`));
    for (const plan of rest) expect(plan).toMatch(/^(SEARCH|LIST|REUSE)/);
    if (cursor === undefined) for (const plan of rest) expect(plan).not.toMatch(/INDEX (?!sqlite_autoindex)/);
  }
}

const byTime = encodeCursor([6, 'z']);

describe('a list of calls uses', () => {
  const { calls, openCalls } = callStore(db, readers);
  const applicationId = 'app_1';
  test.each<[string, CallFilter]>([
    ['calls_by_created_at_id', {}],
    ['calls_by_created_at_id', { status: 'completed', direction: 'inbound' }],
    ['calls_by_application_id_created_at_id', { applicationId }],
    ['calls_by_application_id_created_at_id', { applicationId, status: 'completed', createdAfter: 1 }],
    ['calls_by_application_id_created_at_id', { applicationId, createdAfter: 1, createdBefore: 9 }],
    ['calls_unsuccessful', { status: 'failed' }],
    ['calls_unsuccessful_by_application', { applicationId, status: 'failed' }],
    ['calls_unsuccessful_by_application', { applicationId, status: 'failed', createdBefore: 9 }],
    ['calls_open', { status: 'in_progress' }],
    ['calls_open', { applicationId, status: 'dialing' }],
    ['calls_by_from_created_at_id', { applicationId, from: '+1', status: 'failed' }],
    ['calls_by_to_created_at_id', { applicationId, from: '+1', to: '+2' }],
  ])('%s for %j', async (index, filter) => {
    await expectIndex(index, (cursor) => calls(filter, { limit: 200, cursor }), byTime);
  });

  test('calls_open after a restart', async () => {
    expect(await planOf(openCalls)).toEqual([
      expect.stringMatching(/^SEARCH calls USING INDEX calls_open /),
      'USE TEMP B-TREE FOR ORDER BY',
    ]);
  });
});

describe('a list of recordings uses', () => {
  const { recordings, openRecordings } = recordingStore(db, readers);
  const applicationId = 'app_1';
  test.each<[string, RecordingFilter]>([
    ['recordings_by_created_at_id', {}],
    ['recordings_by_created_at_id', { status: 'completed' }],
    ['recordings_by_application_id_created_at_id', { applicationId, status: 'completed' }],
    ['recordings_unfinished', { status: 'started' }],
    ['recordings_unfinished_by_application', { applicationId, status: 'failed' }],
    ['recordings_by_call_id_created_at_id', { applicationId, callId: 'call_1', status: 'failed' }],
  ])('%s for %j', async (index, filter) => {
    await expectIndex(index, (cursor) => recordings(filter, { limit: 200, cursor }), byTime);
  });

  test('recordings_unfinished after a restart', async () => {
    expect(await planOf(openRecordings)).toEqual([
      expect.stringMatching(/^SEARCH recordings USING INDEX recordings_unfinished /),
    ]);
  });
});

describe('a list of events uses', () => {
  const { events, pendingEvents } = eventStore(db, readers, quarantine);
  const applicationId = 'app_1';
  test.each<[string, EventFilter]>([
    ['sqlite_autoindex_events_1', {}],
    ['sqlite_autoindex_events_1', { state: 'delivered', event: 'call.created' }],
    ['events_by_application_id_id', { applicationId, state: 'delivered', event: 'call.created' }],
    ['events_dead', { state: 'dead', event: 'call.failed' }],
    ['events_pending', { state: 'pending' }],
    ['events_pending', { applicationId, state: 'pending', event: 'call.failed' }],
    ['events_dead_by_application', { applicationId, state: 'dead', event: 'call.failed' }],
    ['events_unusual', { event: 'call.failed' }],
    ['events_unusual_by_application', { applicationId, event: 'call.failed', state: 'delivered' }],
  ])('%s for %j', async (index, filter) => {
    const after = encodeCursor(['evt_9']);
    await expectIndex(index, (cursor) => events(filter, { limit: 200, cursor }), after);
  });

  test('the events of a call by their sequence', async () => {
    const read = (cursor?: string) => events({ callId: 'call_1', state: 'dead' }, { limit: 200, cursor });
    await expectIndex('sqlite_autoindex_events_2', read, encodeCursor([0]));
  });

  test('events_to_deliver to fill memory, oldest first', async () => {
    expect(await planOf(() => pendingEvents(100, 1e6))).toEqual([
      expect.stringMatching(/^SEARCH events USING INDEX events_to_deliver /),
    ]);
  });
});

test('a timeline is read by the key of its table', async () => {
  const { timeline } = callStore(db, readers);
  const read = (cursor?: string) => timeline('call_1', { limit: 200, cursor });
  await expectIndex('sqlite_autoindex_timeline_1', read, encodeCursor([0]));
});

test('a start reads no whole table of calls, events, or charges', async () => {
  const { loadBilling } = billingStore(db, readers, quarantine);
  const scans = (await planOf(() => loadBilling({ day: 2, month: 1 }))).filter((plan) => /^SCAN/.test(plan));
  const small = /^SCAN (accounts|rates|adjustments|carried_charges|charge_days)/;
  const partial = /INDEX charges_reserved/;
  expect(scans.filter((plan) => !small.test(plan) && !partial.test(plan))).toEqual([]);
  // One for each table, which ends after 50 rows. SQLite reports a count of all rows of a table in the same words.
  const ordered = await planOf(() => latestId(db));
  expect(new Set(ordered).size).toBe(ordered.length);
  for (const plan of ordered)
    expect(plan).toMatch(/^SCAN (\w+) USING COVERING INDEX sqlite_autoindex_\w+_1$/);
});

test('usage searches the calls of an application', async () => {
  const { usage } = billingStore(db, readers, quarantine);
  const used = await planOf(() => usage({ applicationId: 'app_1', from: 1, to: 9_000_000 }));
  expect(used.length).toBeGreaterThan(3);
  expect(used.filter((plan) => !plan.startsWith('SEARCH'))).toEqual([]);
});
