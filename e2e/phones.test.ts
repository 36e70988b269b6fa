import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START, STOP, wait } from './support/actions.ts';
import { Baresip } from './support/baresip.ts';
import { Harness, type Line } from './support/harness.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

describe.skipIf(missing.baresip)(`a phone ${missing.baresip ?? ''}`, { concurrent: true }, () => {
  async function dialed(line: Line, options = {}) {
    const phone = await Baresip.start(options);
    await phone.dial(line.uri);
    return { phone, call: await line.arrived() };
  }

  it.each(['PCMU', 'PCMA', 'G722/16000/1', 'opus/48000/2'])('is heard and hears in %s', async (codec) => {
    const play = { play: { url: harness.tone(1000, 600) } };
    const line = await harness.line([wait(0.3), START, play, wait(0.5), STOP]);
    const { phone, call } = await dialed(line, { codec });
    await call.next('call.completed');
    await phone.next('CALL_CLOSED');
    const [phoneHeard, recorded] = [await phone.heard(), await call.hear()];
    await phone.close();
    expect(phoneHeard.heardMs(0, 1000)).toBeGreaterThanOrEqual(580);
    expect(phoneHeard.heardMs(0, 440)).toBe(0);
    expect(recorded.heardMs(0, 440)).toBeGreaterThanOrEqual(recorded.durationMs - 60);
    expect(recorded.heardMs(1, 1000)).toBeGreaterThanOrEqual(600);
  });

  it('that holds the call is silent in the recording, which continues', async () => {
    const line = await harness.line([START, wait(20)]);
    const { phone, call } = await dialed(line);
    const held = harness.app.on('/held', [
      wait(1),
      { redirect: { url: harness.app.on('/taken-back', [wait(1)]) } },
    ]);
    await call.next('recording.started');
    const heldAt = performance.now();
    phone.hold(true);
    await call.perform([{ redirect: { url: held } }]);
    await harness.app.requests.take(({ path }) => path === '/taken-back', 'redirect');
    const heldMs = performance.now() - heldAt;
    phone.hold(false);
    await call.next('call.completed');
    const audio = await call.hear();
    await phone.close();
    expect(audio.durationMs).toBeGreaterThanOrEqual(1980);
    const silence = audio.durationMs - audio.heardMs(0, 440);
    expect(silence).toBeGreaterThan(700);
    expect(silence).toBeLessThan(heldMs + 400);
    expect(audio.heard(0, 440).at(-1)!.to).toBeGreaterThan(audio.durationMs - 100);
  });
});
