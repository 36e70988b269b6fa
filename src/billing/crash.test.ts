import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Defect, defects } from '../core/index.ts';
import { Exchange } from './testing/exchange.ts';

let exchange: Exchange;
beforeEach(async () => {
  exchange = await Exchange.open();
  await exchange.rate('+49', 0.6);
  await exchange.give(10);
});

/** The ledger alone, as a process would find it that has just begun. */
async function afterRestart(): Promise<Exchange> {
  const next = await Exchange.restart(exchange);
  expect((await Exchange.open(next.ledger, next.clock)).money).toEqual(next.money);
  return next;
}

it('a call that was answered is paid for up to the restart, with its last event', async () => {
  await exchange.talk();
  await exchange.seconds(10);
  const { ledger, money } = await afterRestart();
  expect(money).toEqual({ balance: 9.9, reserved: 0, spent: 0.1 });
  expect(ledger.commits.at(-1)).toMatchObject({
    call: { reason: 'node_restarted', costAmount: 100_000 },
    events: [{ event: 'call.failed' }],
    billing: { charges: [{ status: 'settled', billedSeconds: 10 }] },
  });
});

it('a restart that comes late costs no more than was reserved', async () => {
  await exchange.talk();
  await exchange.seconds(10);
  const { reserved } = exchange.money;
  await exchange.ledger.commit({});
  exchange.clock.jump(24 * 3_600_000);
  const { money, ledger } = await afterRestart();
  expect(money.balance).toBeCloseTo(10 - reserved, 6);
  expect([...ledger.charges.values()]).toMatchObject([{ status: 'settled', billedSeconds: reserved * 100 }]);
});

it('a call that rang is given its money back', async () => {
  await exchange.place('+4930123', { pause: { seconds: 1 } });
  const { money, ledger } = await afterRestart();
  expect(money).toEqual({ balance: 10, reserved: 0, spent: 0 });
  expect([...ledger.charges.values()]).toMatchObject([{ status: 'released' }]);
});

it('each bridged leg counts once, whether it was settled before or not', async () => {
  const bridge = (destination: string) => ({ bridge: { destination, continue_after: true } });
  exchange.arrive(bridge('+49301'), bridge('+49302'));
  await exchange.seconds(0);
  exchange.dialled[0]?.farEndAnswers();
  await exchange.seconds(10);
  exchange.dialled[0]?.farEndHangsUp();
  await exchange.seconds(0);
  exchange.dialled[1]?.farEndAnswers();
  await exchange.seconds(5);
  const { money, ledger } = await afterRestart();
  expect(money).toEqual({ balance: 9.85, reserved: 0, spent: 0.15 });
  expect([...ledger.calls.values()]).toMatchObject([{ costAmount: 150_000 }]);
});

it('a second crash and a second restart settle nothing twice', async () => {
  await exchange.talk();
  await exchange.seconds(10);
  const once = await afterRestart();
  const twice = await Exchange.restart(once);
  expect(twice.money).toEqual(once.money);
  await twice.talk();
  expect(twice.money.reserved).toBeGreaterThan(0);
});

it('what no open call answers for is given back', async () => {
  await exchange.place('+4930123', { pause: { seconds: 1 } });
  const [call] = exchange.calls;
  const left = exchange.ledger.kill();
  left.calls.delete(call!.id);
  const { money } = await Exchange.restart(await Exchange.open(left, exchange.clock));
  expect(money).toEqual({ balance: 10, reserved: 0, spent: 0 });
});

it('a settlement that could not be written is made up for at the restart', async () => {
  const far = await exchange.talk();
  await exchange.seconds(10);
  const reported: Defect[] = [];
  onTestFinished(defects.on((defect) => reported.push(defect)));
  exchange.ledger.broken = true;
  far.farEndHangsUp();
  await exchange.seconds(0);
  exchange.ledger.broken = false;
  expect(reported).toMatchObject([{ error: { message: 'the disk is full' } }]);
  const { money } = await afterRestart();
  expect(money).toEqual({ balance: 9.9, reserved: 0, spent: 0.1 });
});
