import { expect, test } from 'vitest';
import type { DialedLeg, DialRequest, OutboundCall } from '../calls/index.ts';
import type { Application } from '../directory/index.ts';
import { callPlacer } from './place-call.ts';

const order = { from: '+15550100001', to: 'sip:anna@10.0.0.5', answerUrl: '', timeoutSeconds: 60 };
const more = { actions: undefined, metadata: {}, variables: {}, sipHeaders: {} };
const application = { id: 'app_1', customerId: 'cust_1' } as Application;

/** Places a call that is stored when the promise resolves. */
function place(stored: Promise<void>) {
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
  const placer = callPlacer({ dial }, switchboard as never, {} as never, { admit: () => undefined } as never);
  const placed = placer(application, { ...order, ...more }, { key: 'order-1', requestHash: 'x' });
  return { seen, placed };
}

test('sends the INVITE after the call is stored with the idempotency key', async () => {
  const stored = Promise.withResolvers<void>();
  const { seen, placed } = place(stored.promise);
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

test('aborts a call that cannot be stored before the INVITE is sent', async () => {
  const { seen, placed } = place(Promise.reject(new Error('the disk is full')));
  await expect(placed).rejects.toThrow('the disk is full');
  await seen.request!.after;
  expect(seen.request!.signal.aborted).toBe(true);
});
