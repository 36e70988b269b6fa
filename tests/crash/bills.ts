import type { Server } from '../../e2e/support/server.ts';
import type { Wire } from './rest.ts';
import { rowsOf } from './rows.ts';

const RICH = '100000.00';

/** The key of a customer with billing: every second of an outbound leg is charged. */
export async function charge(server: Server, key: string): Promise<void> {
  const { data } = await server.request<{ data: Wire[] }>('GET', '/v1/applications', key);
  const customer = data[0]!['customer_id'];
  await server.admin('POST', `/customers/${customer}/balance-adjustments`, { amount: RICH });
  await server.admin('POST', '/rates', { prefix: 'sip:', price_per_minute: '0.60' });
}

/** @param customer the owner of all these calls @returns discrepancies */
export async function audit(server: Server, customer: string, calls: Wire[]): Promise<string[]> {
  const wrong: string[] = [];
  const received = await server.admin<Wire>('GET', `/customers/${customer}/balance`);
  if (Number(received['reserved']) !== 0) wrong.push(`${received['reserved']} are still reserved`);
  const cost = calls.reduce((sum, call) => sum + micros(call['cost_amount'] ?? '0'), 0);
  const paid = micros(RICH) - micros(received['balance']);
  if (cost !== paid) wrong.push(`calls cost ${cost}, and ${paid} were paid`);
  for (const { call_id, count } of chargesOf(server)) {
    if (count > 1) wrong.push(`${call_id} has ${count} charges for one leg`);
  }
  return wrong;
}

const micros = (amount: string): number => Math.round(Number(amount) * 1_000_000);

/** No leg may be charged twice: each call of the load dials at most one. */
function chargesOf(server: Server): { call_id: string; count: number }[] {
  return rowsOf(server, 'SELECT call_id, count(*) AS count FROM charges GROUP BY call_id') as never;
}
