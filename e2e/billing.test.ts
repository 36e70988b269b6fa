import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Step } from './support/answerer.ts';
import { Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
const parties = new Parties();
beforeAll(async () => {
  stage = await Stage.open();
  await stage.server.admin('POST', '/rates', { prefix: 'sip:', price_per_minute: '6' });
});
afterAll(async () => {
  await parties.close();
  await stage.close();
});

const why = missing.sipp ?? '';
/** Answers, and talks until it is hung up on or told to. */
const TALKS: Step[] = [{ say: 200, sdp: true }, { hear: 'ACK' }, { until: 'end' }];

/** A number whose calls wait, and the money of its customer. */
async function prepaid(amount: string) {
  const line = await stage.line([{ pause: { seconds: 30 } }]);
  const { data } = await stage.server.admin<{ data: { customer_id: string; name: string }[] }>(
    'GET',
    '/applications',
  );
  const customer = `/customers/${data[0]!.customer_id}`;
  await stage.server.admin('POST', `${customer}/balance-adjustments`, { amount });
  const balance = () => stage.server.admin<Record<string, string>>('GET', `${customer}/balance`);
  return { line, balance };
}

describe.skipIf(missing.sipp)(`a call that is paid for ${why}`, () => {
  it('is cut when the money is used up, and the sum is in the call, its balance and its usage', async () => {
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

  it('is settled once when the program is killed and started again', async () => {
    const { line, balance } = await prepaid('100');
    const bob = await parties.callee(800, TALKS);
    const call = await line.dial({ to: bob.uri });
    await call.next('call.answered');
    expect(Number((await balance())['reserved'])).toBeGreaterThan(0);
    await stage.crash();
    const { cost_amount: cost, reason } = await call.read();
    expect(reason).toBe('node_restarted');
    expect(Number(cost)).toBeGreaterThan(0);
    const after = await balance();
    expect(after).toMatchObject({ reserved: '0.00', spent: cost });
    expect(Number(after['balance'])).toBeCloseTo(100 - Number(cost), 6);
    await stage.crash();
    expect(await balance()).toEqual(after);
  });
});
