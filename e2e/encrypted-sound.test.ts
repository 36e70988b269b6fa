import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { missing } from './support/peers.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

describe.skipIf(missing.baresip)(`encrypted sound ${missing.baresip ?? ''}`, () => {
  it('is heard both ways by a phone that takes no other', async () => {
    const line = await stage.line([
      { start_recording: {} },
      { play: { url: stage.tone(1000, 600) } },
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

  it('is insisted on over a trunk that says so', async () => {
    const { host, port } = stage.server.sip;
    const answering = await stage.line([
      { play: { url: stage.tone(1000, 600) } },
      { pause: { seconds: 0.5 } },
    ]);
    const line = await stage.line([]);
    // The carrier is the program itself: what it takes in is what it has sent out.
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
