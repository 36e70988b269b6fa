import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answerer, type Step } from './support/answerer.ts';
import { Harness, type Line } from './support/harness.ts';
import { missing } from './support/peers.ts';
import { Sipp } from './support/sipp.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

/** A number whose calls go to a SIP URI that follows these steps. */
async function routedTo(steps: Step[]): Promise<{ line: Line; desk: Answerer }> {
  const [line, desk] = await Promise.all([harness.line([]), Answerer.start(steps)]);
  const did = await line.get(`/v1/dids/by-number/${encodeURIComponent(line.number)}`);
  const route = { route_mode: 'sip', routing_target: desk.uri };
  expect((await line.ask('PATCH', `/v1/dids/${did['id']}`, route)).status).toBe(200);
  return { line, desk };
}

describe.skipIf(missing.sipp)(
  `a number with route_mode sip ${missing.sipp ?? ''}`,
  { concurrent: true },
  () => {
    it('rings at its SIP URI and is answered there', async () => {
      const { line, desk } = await routedTo([
        ...([{ say: 180 }, { wait: 300 }, { say: 200, sdp: true }, { hear: 'ACK' }] as Step[]),
        ...([{ wait: 300 }, { bye: true }] as Step[]),
      ]);
      const { caller, call } = await line.call();
      await call.next('call.completed');
      expect(await call.read()).toMatchObject({ status: 'completed', route_mode: 'sip', ended_by: 'callee' });
      await Promise.all([desk.done, caller.done]);
    });

    it('is busy when the SIP URI is busy', async () => {
      const { line, desk } = await routedTo([{ say: 486 }, { hear: 'ACK' }]);
      const caller = await Sipp.call(harness.server, { to: line.number, expect: 486 });
      const call = await line.arrived();
      expect((await call.next('call.failed')).data).toMatchObject({ reason: 'busy', sip_status: 486 });
      await Promise.all([desk.done, caller.done]);
    });
  },
);
