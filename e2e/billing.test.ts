import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Step } from './support/answerer.ts';
import { Harness } from './support/harness.ts';
import { Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
const parties = new Parties();
beforeAll(async () => {
  harness = await Harness.open();
  await harness.server.admin('POST', '/rates', { prefix: 'sip:', price_per_minute: '6' });
});
afterAll(async () => {
  await parties.close();
  await harness.close();
});

const why = missing.sipp ?? '';
/** Answers, and talks until either side hangs up. */
const TALKS: Step[] = [{ say: 200, sdp: true }, { hear: 'ACK' }, { until: 'end' }];

/** A number whose calls wait, and the balance of its customer. */
async function prepaid(amount: string) {
  const line = await harness.line([{ pause: { seconds: 30 } }]);
  const { data } = await harness.server.admin<{ data: { customer_id: string; name: string }[] }>(
    'GET',
    '/applications',
  );
  const customer = `/customers/${data[0]!.customer_id}`;
  await harness.server.admin('POST', `${customer}/balance-adjustments`, { amount });
  const balance = () => harness.server.admin<Record<string, string>>('GET', `${customer}/balance`);
  return { line, balance };
}

describe.skipIf(missing.sipp)(`a billed call ${why}`, () => {
  it('ends when the balance is used up, and call, balance, and usage show the amount', async () => {
    const { line, balance } = await prepaid('0.30');
    const bob = await parties.callee(800, TALKS);
    const call = await line.dial({ to: bob.uri });
    const { data } = await call.next('call.failed');
    expect(data).toMatchObject({ reason: 'balance_exhausted', ended_by: 'system', billsec_seconds: 3 });
    expect(await call.read()).toMatchObject({ cost_amount: '0.30', cost_currency: 'EUR' });
    expect(await balance()).toMatchObject({ balance: '0.00', reserved: '0.00', spent: '0.30' });
    const usage = await line.get('/v1/usage');
    expect(usage['summary']).toEqual({
      calls: 1,
      billsec_seconds: 3,
      cost_amount: '0.30',
      cost_currency: 'EUR',
    });
    const { status, body } = await line.place({ to: bob.uri });
    expect([status, body['error'].code]).toEqual([402, 'insufficient_balance']);
  });

  it('is settled once when the server is killed and started again', async () => {
    const { line, balance } = await prepaid('100');
    const bob = await parties.callee(800, TALKS);
    const call = await line.dial({ to: bob.uri });
    await call.next('call.answered');
    expect(Number((await balance())['reserved'])).toBeGreaterThan(0);
    await harness.crash();
    const { cost_amount: cost, reason } = await call.read();
    expect(reason).toBe('node_restarted');
    expect(Number(cost)).toBeGreaterThan(0);
    const after = await balance();
    expect(after).toMatchObject({ reserved: '0.00', spent: cost });
    expect(Number(after['balance'])).toBeCloseTo(100 - Number(cost), 6);
    await harness.crash();
    expect(await balance()).toEqual(after);
  });
});
