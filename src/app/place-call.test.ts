import { expect, test } from 'vitest';
import type { Admission, DialedLeg, DialRequest, OutboundCall } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Application } from '../directory/index.ts';
import { callPlacer } from './place-call.ts';

const order = { from: '+15550100001', to: 'sip:anna@10.0.0.5', answerUrl: '', timeoutSeconds: 60 };
const more = { actions: undefined, metadata: {}, variables: {}, sipHeaders: {} };
const application = { id: 'app_1', customerId: 'cust_1' } as Application;

/** Places a call that may begin when `turn` resolves, and is stored when `stored` does. */
function place(stored: Promise<void>, turn = Promise.resolve()) {
  const seen: { request?: DialRequest; placement?: OutboundCall } = {};
  const dial = async (request: DialRequest) => {
    seen.request = request;
    return {} as DialedLeg;
  };
  const switchboard = {
    place: async (placement: OutboundCall) => {
      seen.placement = placement;
      await stored;
      return { id: 'call_1' };
    },
  };
  const admission: Pick<Admission, 'admit' | 'begin'> = {
    admit: () => undefined,
    begin: (start) => turn.then(start),
  };
  const placer = callPlacer({ dial }, switchboard as never, {} as never, admission as never);
  const placed = placer(application, { ...order, ...more }, { key: 'order-1', requestHash: 'x' });
  return { seen, placed };
}

test('sends the INVITE after the call is stored with the idempotency key', async () => {
  const stored = Promise.withResolvers<void>();
  const { seen, placed } = place(stored.promise);
  await new Promise(setImmediate);
  let sent = false;
  void seen.request!.after!.then(() => {
    sent = true;
  });
  await new Promise(setImmediate);
  expect(seen.placement?.idempotencyKey).toEqual({ key: 'order-1', requestHash: 'x' });
  expect(sent).toBe(false);
  stored.resolve();
  await placed;
  await seen.request!.after;
  expect(sent).toBe(true);
  expect(seen.request!.signal.aborted).toBe(false);
});

test('waits for the turn of the call before it dials', async () => {
  const turn = Promise.withResolvers<void>();
  const { seen, placed } = place(Promise.resolve(), turn.promise);
  await new Promise(setImmediate);
  expect(seen.request).toBeUndefined();
  turn.resolve();
  await placed;
  expect(seen.request).toBeDefined();
});

test('refuses a call with the error of admission control when the server stops before its turn', async () => {
  const turn = Promise.reject(new Failure('overloaded', 'no call can begin now'));
  const { seen, placed } = place(Promise.resolve(), turn);
  await expect(placed).rejects.toMatchObject({ code: 'overloaded', message: 'no call can begin now' });
  expect(seen.request).toBeUndefined();
});

test('aborts a call that cannot be stored before the INVITE is sent', async () => {
  const { seen, placed } = place(Promise.reject(new Error('the disk is full')));
  await expect(placed).rejects.toThrow('the disk is full');
  await seen.request!.after;
  expect(seen.request!.signal.aborted).toBe(true);
});
