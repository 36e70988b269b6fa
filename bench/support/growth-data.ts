/**
 * Fills a database with calls of the last 400 days, and with what belongs to them, in straight SQL. Events, attempts,
 * and timelines belong to the calls of the last 60 days, as with a retention of 60 days.
 */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { VirtualClock } from '../../src/core/testing/virtual-clock.ts';
import { openSqliteStorage } from '../../src/storage/index.ts';

export const DAY_MS = 86_400_000;
/** The end of the filled time: where the clock of the test server starts. */
export const END = new VirtualClock().now() - 60_000;
export const BEGIN = END - 400 * DAY_MS;
/** When the oldest call with events was created. */
export const EVENTS_BEGIN = END - 60 * DAY_MS;
/** Half of all calls belong to the first application, the rest to all of them evenly. */
export const APPLICATIONS = 100;
/** Calls that are inserted in one transaction. */
const BATCH = 100_000;

export const applicationId = (n: number) => `app_20250101T000000.${String(n).padStart(9, '0')}`;
export const customerId = (n: number) => `cust_20250101T000000.${String(n).padStart(9, '0')}`;

/** The API key of an application. */
export const apiKey = (n: number) => `mv_live_bench${n}`;

/** Words that texts are made of, the most frequent ones first. */
const SYLLABLES = 'ba de fi go ku la me ni po ru sa te vi wo xu za ke li mo nu'.split(' ');
export const WORDS = Array.from(
  { length: 3_000 },
  (_, n) => `${SYLLABLES[n % 20]}${SYLLABLES[Math.floor(n / 20) % 20]}${SYLLABLES[Math.floor(n / 400)]}x`,
);

/** Fills the file with `calls` calls. Indexes are created at the end, which is several times faster. */
export async function fillGrowth(file: string, calls: number): Promise<void> {
  const storage = await openSqliteStorage({ file, clock: new VirtualClock(), hasWebhook: () => true });
  await storage.close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000');
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);
  insertDirectory(database);
  prepareTexts(database);
  for (let from = 0; from < calls; from += BATCH) {
    insertBatch(database, { from, until: Math.min(calls, from + BATCH), step: (END - BEGIN) / calls });
    console.error(`  ${Math.min(calls, from + BATCH)} of ${calls} calls`);
  }
  for (const { sql } of indexes) database.exec(sql);
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
}

function insertDirectory(database: DatabaseSync): void {
  const customer = database.prepare('INSERT INTO customers (id, name, created_at) VALUES (?, ?, ?)');
  const application =
    database.prepare(`INSERT INTO applications (id, customer_id, name, answer_url, answer_method,
    webhook_url, webhook_secrets, ai_enabled, record_calls, created_at, updated_at)
    VALUES (?, ?, ?, 'https://example.test/answer', 'POST', 'https://example.test/hook', '[]', 0, 0, ?, ?)`);
  const key = database.prepare(
    'INSERT INTO api_keys (id, application_id, sha256, hint, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  for (let n = 0; n < APPLICATIONS; n += 1) {
    customer.run(customerId(n), `Customer ${n}`, BEGIN);
    application.run(applicationId(n), customerId(n), `Application ${n}`, BEGIN, BEGIN);
    const sha256 = createHash('sha256').update(apiKey(n)).digest('hex');
    key.run(`key_20250101T000000.${String(n).padStart(9, '0')}`, applicationId(n), sha256, apiKey(n), BEGIN);
  }
}

function prepareTexts(database: DatabaseSync): void {
  database.exec(
    'CREATE TEMP TABLE words (i INTEGER PRIMARY KEY, word TEXT); CREATE TEMP TABLE places (k INTEGER)',
  );
  const word = database.prepare('INSERT INTO words VALUES (?, ?)');
  for (const [i, text] of WORDS.entries()) word.run(i, text);
  const place = database.prepare('INSERT INTO places VALUES (?)');
  for (let k = 0; k < 40; k += 1) place.run(k);
}

/** A number that looks random, from 0 to 2^25. */
const hash = (n: string) => `((((${n}) * 2654435761) & 4294967295) >> 7)`;
/** An id of this moment. */
const idAt = (prefix: string, at: string, micros = '0') =>
  `'${prefix}_' || strftime('%Y%m%dT%H%M%S', (${at}) / 1000, 'unixepoch') || printf('.%06d000', (${at}) % 1000 * 1000 + ${micros})`;

const CALL_JSON = `json_object('id', id, 'customerId', customer, 'applicationId', application,
  'providerCallId', '2d1b6f0e-6f57-4a53-9a53-2f6f4e0c8a11', 'status', 'completed', 'direction', direction,
  'from', caller, 'to', callee, 'answerUrl', 'https://example.test/answer', 'metadata', json('{}'),
  'variables', json('{"language":"en"}'), 'routeMode', 'webhook', 'routingTarget', application, 'createdAt', at,
  'dialingAt', null, 'ringingAt', null, 'answeredAt', at + 2000, 'endedAt', ended, 'reason', 'normal',
  'endedBy', 'caller', 'sipStatus', null, 'error', null, 'costAmount', null, 'costCurrency', null,
  'sipHeaders', json('{}'))`;

const ofEvents = `FROM filled, (SELECT 0 AS k, 'call.created' AS name UNION ALL SELECT 1, 'call.answered'
  UNION ALL SELECT 2, 'call.completed') WHERE at >= ${EVENTS_BEGIN}`;
const eventId = idAt('evt', 'at', '(k + 1) * 10');

/** Statements that fill one batch, in the order of their tables. */
const STATEMENTS = [
  `INSERT INTO calls (id, customer_id, application_id, provider_call_id, status, direction, "from", "to", answer_url,
    metadata, variables, route_mode, routing_target, created_at, answered_at, ended_at, reason, ended_by,
    last_sequence, cost_amount, cost_currency, sip_headers)
   SELECT id, customer, application, '2d1b6f0e-6f57-4a53-9a53-2f6f4e0c8a11', status, direction, caller, callee,
    'https://example.test/answer', '{"order":"A-1"}', '{"language":"en"}', 'webhook', application, at,
    iif(status = 'completed', at + 2000, NULL), ended, 'normal', 'caller', 3,
    iif(direction = 'outbound', 20000, NULL), iif(direction = 'outbound', 'EUR', NULL), '{}' FROM filled`,
  `INSERT INTO events (id, call_id, application_id, event, sequence, event_key, created_at, call, data, state, attempts)
   SELECT ${eventId}, id, application, iif(k = 2 AND status <> 'completed', 'call.' || status, name), k + 1,
    id || ':' || name, at + k, ${CALL_JSON}, '{"reason":"normal","duration_seconds":12}',
    iif(r % 2000 = 7 AND k = 1, 'dead', 'delivered'), 1 ${ofEvents}`,
  `INSERT INTO attempts (id, event_id, attempt, at, duration_ms, status, answer)
   SELECT ${idAt('dlv', 'at', '(k + 1) * 10 + 1')}, ${eventId}, 1, at + k, 12, 200, 'ok' ${ofEvents}`,
  `INSERT INTO timeline (call_id, position, at, kind, data)
   SELECT id, k + 1, at + k, 'action', '{"action":"say","text":"Good morning, how can we help you?"}' ${ofEvents}`,
  `INSERT INTO recordings (id, call_id, customer_id, application_id, provider_call_id, status, storage_type, file,
    format, channels, sample_rate, created_at, updated_at, started_at, ended_at, ended_by, duration_ms, size_bytes,
    sha256, gaps, recovered)
   SELECT 'rec_' || id, id, customer, application, '2d1b6f0e-6f57-4a53-9a53-2f6f4e0c8a11',
    iif(r % 1000 = 5, 'failed', 'completed'), 'local', strftime('%Y/%m/%d', at / 1000, 'unixepoch') || '/rec_' || id || '.wav',
    'wav', 2, 8000, at, ended, at, ended, 'system', 60000, 1920044,
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', '[]', 0 FROM filled WHERE r % 5 = 0`,
  `INSERT INTO transcripts (recording_id, call_id, application_id, status, language, engine, segments, full_text,
    created_at)
   SELECT 'rec_' || id, id, application, 'completed', 'en', 'moonshine-base',
    json_array(json_object('speaker', 'caller', 'text', words, 'startMs', 0, 'endMs', 900)), words, ended
   FROM (SELECT *, 'ticket' || n || ' ' || (SELECT group_concat(word, ' ') FROM places JOIN words
    ON i = CAST(3000 * pow(${hash('filled.n * 40 + k')} / 33554432.0, 3) AS INTEGER)) AS words
    FROM filled WHERE r % 50 = 0)`,
  `INSERT INTO insight_parts (call_id, part, application_id, status, engine, data, created_at)
   SELECT id, 'topics', application, 'completed', 'heuristic', '[]', ended FROM filled WHERE r % 50 = 0`,
  `INSERT INTO charges (leg_id, call_leg_id, call_id, customer_id, application_id, destination, prefix, currency,
    status, price_per_minute, reserved, amount, created_at, first_increment, further_increment, billed_seconds,
    answered_at, settled_at)
   SELECT 'leg_' || id, 'leg_' || id, id, customer, application, callee, '+1', 'EUR', 'settled', 20000, 20000, 20000,
    at, 60, 60, 60, at + 2000, ended FROM filled WHERE direction = 'outbound'`,
];

function insertBatch(database: DatabaseSync, range: { from: number; until: number; step: number }): void {
  const { from, until, step } = range;
  const own = `iif(r % 2 = 0, 0, r / 2 % ${APPLICATIONS})`;
  database.exec(`
    BEGIN; DROP TABLE IF EXISTS temp.filled;
    CREATE TEMP TABLE filled AS
      WITH RECURSIVE numbers (n) AS (VALUES (${from}) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${until - 1}),
      hashed AS (SELECT n, ${hash('n')} AS r, CAST(${BEGIN} + n * ${step} AS INTEGER) AS at FROM numbers)
      SELECT n, r, at, at + 62000 AS ended, ${idAt('call', 'at')} AS id,
        'app_20250101T000000.' || printf('%09d', ${own}) AS application,
        'cust_20250101T000000.' || printf('%09d', ${own}) AS customer,
        iif(r % 10 < 3, 'outbound', 'inbound') AS direction,
        iif(r % 100 < 92, 'completed', iif(r % 100 < 97, 'failed', 'canceled')) AS status,
        '+1555' || printf('%07d', r % 10000000) AS caller,
        '+1800' || printf('%07d', iif(r % 10 < 3, ${hash('n * 7')} % 10000000, r % 500)) AS callee FROM hashed;
    ${STATEMENTS.join(';\n')};
    COMMIT;`);
}
