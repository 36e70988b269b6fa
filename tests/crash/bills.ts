import type { Server } from '../../e2e/support/server.ts';
import type { Wire } from './rest.ts';
import { rowsOf } from './rows.ts';

const RICH = '100000.00';

/** The customer of this key pays for every second that somebody whom he calls is there. */
export async function charge(server: Server, key: string): Promise<void> {
  const { data } = await server.request<{ data: Wire[] }>('GET', '/v1/applications', key);
  const customer = data[0]!['customer_id'];
  await server.admin('POST', `/customers/${customer}/balance-adjustments`, { amount: RICH });
  await server.admin('POST', '/rates', { prefix: 'sip:', price_per_minute: '0.60' });
}

/** @returns what does not add up. @param customer of all these calls. */
export async function audit(server: Server, customer: string, calls: Wire[]): Promise<string[]> {
  const wrong: string[] = [];
  const told = await server.admin<Wire>('GET', `/customers/${customer}/balance`);
  if (Number(told['reserved']) !== 0) wrong.push(`${told['reserved']} are still reserved`);
  const cost = calls.reduce((sum, call) => sum + micros(call['cost_amount'] ?? '0'), 0);
  const paid = micros(RICH) - micros(told['balance']);
  if (cost !== paid) wrong.push(`calls cost ${cost}, and ${paid} were paid`);
  for (const { call_id, count } of chargesOf(server)) {
    if (count > 1) wrong.push(`${call_id} has ${count} charges for one leg`);
  }
  return wrong;
}

const micros = (amount: string): number => Math.round(Number(amount) * 1_000_000);

/** No leg may be paid for twice: each call of the load dials one at most. */
function chargesOf(server: Server): { call_id: string; count: number }[] {
  return rowsOf(server, 'SELECT call_id, count(*) AS count FROM charges GROUP BY call_id') as never;
}
