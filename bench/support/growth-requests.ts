/** The requests that read a large database: every list with its filters, first page and a deep one, and single rows. */
import { encodeCursor } from '../../src/storage/cursor.ts';
import type { Storage } from '../../src/storage/index.ts';
import { applicationId, BEGIN, DAY_MS, END, WORDS } from './growth-data.ts';

/** `large`: the key of an application with half of all calls; `small`: of one with a two-hundredth. */
export type Client = 'admin' | 'large' | 'small';
export interface Request {
  client: Client;
  path: string;
}

const HALF_WAY = BEGIN + 200 * DAY_MS;
const iso = (at: number) => new Date(at).toISOString();
const stamp = (at: number) => iso(at).slice(0, 19).replaceAll(/[-:]/g, '');
const byTime = `cursor=${encodeCursor([HALF_WAY, 'z'])}`;
/** The cursor of a search: the number of a transcript. */
const byNumber = `cursor=${encodeCursor([100])}`;
const byEventId = `cursor=${encodeCursor([`evt_${stamp(END - 30 * DAY_MS)}`])}`;

const [frequent, second] = [WORDS[0]!, WORDS[1]!];
const [unusual, rare] = [WORDS[2000]!, WORDS[2999]!];
const SEARCHES = [
  frequent,
  `${frequent} ${second}`,
  `${frequent} ${rare}`,
  `${unusual} ${rare}`,
  rare,
  'nothing',
];

/** The queries of each list, for a caller and an event that exist. */
const queriesOf = (caller: string, callId: string): Record<string, string[]> => ({
  '/v1/calls': [
    ...['', byTime, 'status=completed', 'status=failed', `status=failed&${byTime}`, 'status=in_progress'],
    ...['direction=outbound', 'status=completed&direction=outbound', 'status=canceled&direction=outbound'],
    ...[
      `from=${caller}`,
      `from=${caller}&direction=outbound`,
      'to=%2B18000000007',
      'to=%2B18000000007&status=failed',
    ],
    `created_after=${iso(HALF_WAY)}&created_before=${iso(HALF_WAY + DAY_MS)}`,
    `status=failed&created_before=${iso(HALF_WAY)}`,
  ],
  '/v1/recordings': ['', byTime, 'status=completed', 'status=failed', 'status=started', `call_id=${callId}`],
  '/v1/events': [
    ...['', byEventId, 'state=delivered', 'state=dead', 'state=pending', `state=dead&${byEventId}`],
    ...[
      'event=call.completed',
      'event=call.failed',
      'event=recording.failed',
      `event=call.failed&${byEventId}`,
    ],
    ...['state=dead&event=call.answered', 'state=dead&event=call.failed', `call_id=${callId}`],
  ],
  '/v1/transcriptions': [
    ...['', byTime, ...SEARCHES.map((words) => `q=${encodeURIComponent(words)}`)],
    ...[`q=${encodeURIComponent(`"${frequent} ${unusual}"`)}`, `q=${frequent}&${byNumber}`],
  ],
});

/** Returns all requests, for rows that the database has. */
export async function growthRequests(storage: Storage): Promise<Request[]> {
  const recording = (await storage.recordings({ applicationId: applicationId(0) }, { limit: 1 })).data[0]!;
  const { id: callId, from } = (await storage.call(recording.callId))!;
  const event = (await storage.events({ callId }, { limit: 1 })).data[0]!;
  const lists = Object.entries(queriesOf(encodeURIComponent(from), callId)).flatMap(([path, queries]) =>
    queries.map((query) => `${path}?limit=200${query && '&'}${query}`),
  );
  const clients: Client[] = ['admin', 'large', 'small'];
  const call = `/v1/calls/${callId}`;
  const rows = [call, `${call}/timeline`, `${call}/events`, `${call}/recordings`, `${call}/ai`];
  const usage = [31, 400].map((days) => `/v1/usage?from=${iso(END - days * DAY_MS)}&to=${iso(END)}`);
  const single = [...rows, `/v1/recordings/${recording.id}`, `/v1/events/${event.id}`, ...usage, '/v1/usage'];
  return [
    ...lists.flatMap((path) => clients.map((client) => ({ client, path }))),
    ...single.map((path) => ({ client: 'large' as const, path })),
    ...['/metrics', '/readyz'].map((path) => ({ client: 'admin' as const, path })),
  ];
}
