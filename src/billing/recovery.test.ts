import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Defect, defects } from '../core/index.ts';
import { BillingHarness } from './testing/harness.ts';

let harness: BillingHarness;
beforeEach(async () => {
  harness = await BillingHarness.open();
  await harness.rate('+49', 0.6);
  await harness.credit(10);
});

/** Restarts, and checks that the next process finds the same balances in the ledger. */
async function afterRestart(): Promise<BillingHarness> {
  const next = await BillingHarness.restart(harness);
  expect((await BillingHarness.open(next.ledger, next.clock)).money).toEqual(next.money);
  return next;
}

it('charges an answered call up to the restart, with its last event', async () => {
  await harness.connect();
  await harness.seconds(10);
  const { ledger, money } = await afterRestart();
  expect(money).toEqual({ balance: 9.9, reserved: 0, spent: 0.1 });
  expect(ledger.commits.at(-1)).toMatchObject({
    call: { reason: 'node_restarted', costAmount: 100_000 },
    events: [{ event: 'call.failed' }],
    billing: { charges: [{ status: 'settled', billedSeconds: 10 }] },
  });
});

it('charges no more than the reservation when the restart comes late', async () => {
  await harness.connect();
  await harness.seconds(10);
  const { reserved } = harness.money;
  await harness.ledger.commit({});
  harness.clock.jump(24 * 3_600_000);
  const { money, ledger } = await afterRestart();
  expect(money.balance).toBeCloseTo(10 - reserved, 6);
  expect([...ledger.charges.values()]).toMatchObject([{ status: 'settled', billedSeconds: reserved * 100 }]);
});

it('releases the reservation of a call that was ringing', async () => {
  await harness.place('+4930123', { pause: { seconds: 1 } });
  const { money, ledger } = await afterRestart();
  expect(money).toEqual({ balance: 10, reserved: 0, spent: 0 });
  expect([...ledger.charges.values()]).toMatchObject([{ status: 'released' }]);
});

it('charges each bridged leg once, whether or not it was settled before', async () => {
  const bridge = (destination: string) => ({ bridge: { destination, continue_after: true } });
  harness.arrive(bridge('+49301'), bridge('+49302'));
  await harness.seconds(0);
  harness.dialed[0]?.farEndAnswers();
  await harness.seconds(10);
  harness.dialed[0]?.farEndHangsUp();
  await harness.seconds(0);
  harness.dialed[1]?.farEndAnswers();
  await harness.seconds(5);
  const { money, ledger } = await afterRestart();
  expect(money).toEqual({ balance: 9.85, reserved: 0, spent: 0.15 });
  expect([...ledger.calls.values()]).toMatchObject([{ costAmount: 150_000 }]);
});

it('settles nothing twice after a second crash and restart', async () => {
  await harness.connect();
  await harness.seconds(10);
  const once = await afterRestart();
  const twice = await BillingHarness.restart(once);
  expect(twice.money).toEqual(once.money);
  await twice.connect();
  expect(twice.money.reserved).toBeGreaterThan(0);
});

it('releases orphaned reservations', async () => {
  await harness.place('+4930123', { pause: { seconds: 1 } });
  const [call] = harness.calls;
  const left = harness.ledger.kill();
  left.calls.delete(call!.id);
  const { money } = await BillingHarness.restart(await BillingHarness.open(left, harness.clock));
  expect(money).toEqual({ balance: 10, reserved: 0, spent: 0 });
});

it('settles at the restart what could not be written before', async () => {
  const far = await harness.connect();
  await harness.seconds(10);
  const reported: Defect[] = [];
  onTestFinished(defects.on((defect) => reported.push(defect)));
  harness.ledger.broken = true;
  far.farEndHangsUp();
  await harness.seconds(0);
  harness.ledger.broken = false;
  expect(reported).toMatchObject([{ error: { message: 'the disk is full' } }]);
  const { money } = await afterRestart();
  expect(money).toEqual({ balance: 9.9, reserved: 0, spent: 0.1 });
});
