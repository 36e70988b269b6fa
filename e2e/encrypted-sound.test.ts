import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Harness } from './support/harness.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

describe.skipIf(missing.baresip)(`encrypted audio ${missing.baresip ?? ''}`, () => {
  it('flows in both directions with a phone that accepts only SRTP', async () => {
    const line = await harness.line([
      { start_recording: {} },
      { play: { url: harness.tone(1000, 600) } },
      { pause: { seconds: 0.5 } },
    ]);
    const phone = await Baresip.start({ hz: 440, srtp: true });
    await phone.dial(line.uri);
    const call = await line.arrived();
    await call.next('call.completed');
    await phone.next('CALL_CLOSED');
    const [heard, recorded] = [await phone.heard(), await call.hear()];
    await phone.close();
    expect(heard.heardMs(0, 1000)).toBeGreaterThanOrEqual(580);
    expect(recorded.heardMs(0, 440)).toBeGreaterThanOrEqual(900);
  });

  it('is required over a trunk with srtp', async () => {
    const { host, port } = harness.server.sip;
    const answering = await harness.line([
      { play: { url: harness.tone(1000, 600) } },
      { pause: { seconds: 0.5 } },
    ]);
    const line = await harness.line([]);
    // The server is its own carrier: the call that it sends out comes back in.
    const trunk = { name: 'Secure', proxy: `${host}:${port}`, srtp: true };
    expect((await line.ask('POST', '/v1/trunks', trunk)).status).toBe(201);
    const placed = await line.dial({
      ...{ to: answering.number, record: true },
      actions: [{ pause: { seconds: 3 } }],
    });
    await (await answering.arrived()).next('call.completed');
    await placed.next('recording.completed');
    const heard = await placed.hear();
    expect(heard.heardMs(0, 1000)).toBeGreaterThanOrEqual(500);
  });
});
