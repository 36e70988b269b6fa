import { expect, test } from 'vitest';
import type { DialedLeg, DialRequest, Placement } from '../calls/index.ts';
import type { Application } from '../directory/index.ts';
import { callPlacer } from './place-call.ts';

const order = { from: '+15550100001', to: 'sip:anna@10.0.0.5', answerUrl: '', timeoutSeconds: 60 };
const more = { actions: undefined, metadata: {}, variables: {}, sipHeaders: {} };
const application = { id: 'app_1', customerId: 'cust_1' } as Application;

/** Places a call that is written when the promise resolves. */
function place(written: Promise<void>) {
  const asked: { request?: DialRequest; placement?: Placement } = {};
  const dial = async (request: DialRequest) => {
    asked.request = request;
    return {} as DialedLeg;
  };
  const switchboard = {
    place: async (placement: Placement) => {
      asked.placement = placement;
      await written;
      return { id: 'call_1' };
    },
  };
  const placer = callPlacer({ dial }, switchboard as never, {} as never, { ask: () => undefined } as never);
  const placed = placer(application, { ...order, ...more }, { key: 'order-1', requestHash: 'x' });
  return { asked, placed };
}

test('nobody is called before the call is written, with the key of its request', async () => {
  const written = Promise.withResolvers<void>();
  const { asked, placed } = place(written.promise);
  let called = false;
  void asked.request!.after!.then(() => {
    called = true;
  });
  await new Promise(setImmediate);
  expect(asked.placement?.idempotencyKey).toEqual({ key: 'order-1', requestHash: 'x' });
  expect(called).toBe(false);
  written.resolve();
  await placed;
  await asked.request!.after;
  expect(called).toBe(true);
  expect(asked.request!.signal.aborted).toBe(false);
});

test('a call that cannot be written is taken back before anybody is called', async () => {
  const { asked, placed } = place(Promise.reject(new Error('the disk is full')));
  await expect(placed).rejects.toThrow('the disk is full');
  await asked.request!.after;
  expect(asked.request!.signal.aborted).toBe(true);
});
