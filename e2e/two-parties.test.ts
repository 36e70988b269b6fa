import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answerer } from './support/answerer.ts';
import { Baresip } from './support/baresip.ts';
import { Harness } from './support/harness.ts';
import { Parties } from './support/parties.ts';
import { Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';
import { RINGBACK } from './support/rtp-phone.ts';

let harness: Harness;
const parties = new Parties();
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(async () => {
  await parties.close();
  await harness.close();
});

const why = missing.sipp ?? '';
const START = { start_recording: {} };
const fallback = () => ({ play: { url: harness.tone(1000, 2000) } });

describe.skipIf(missing.sipp)(`a bridge ${why}`, { concurrent: true }, () => {
  it('connects two parties who hear each other and not themselves, after a ringing tone', async () => {
    const bob = await parties.callee(800, [
      ...[{ say: 180 }, { wait: 500 }, { say: 200, sdp: true }],
      ...([{ hear: 'ACK' }, { until: 'end' }] as const),
    ]);
    const line = await harness.line([START, { bridge: { destination: bob.uri } }]);
    const alice = await parties.caller(line, 600);
    await alice.phone.hears(...RINGBACK);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await Promise.all([alice.phone.more(25), bob.phone.more(25)]);
    expect(alice.phone.everIn(-25)).toEqual([800]);
    expect(bob.phone.everIn(0)).toEqual([600]);

    await alice.sipp.hangUp();
    await bob.sipp.done;
    const { data } = await alice.call.next('call.completed');
    expect(data).toMatchObject({ reason: 'normal', ended_by: 'caller' });
    expect(alice.call.eventNames).toEqual([
      ...['call.created', 'call.answered', 'recording.started', 'recording.completed', 'call.completed'],
    ]);
    expect(await alice.call.timeline('leg')).toMatchObject([
      { status: 'ringing' },
      { status: 'answered' },
      { status: 'ended', ended_by: 'call' },
    ]);
  });

  it('is recorded with the caller on the left and, after the answer, the called party on the right', async () => {
    const bob = await Answerer.start(
      [
        ...([{ say: 180 }, { wait: 300 }, { say: 200, sdp: true }, { hear: 'ACK' }] as const),
        ...([{ talk: true }, { wait: 1500 }, { bye: true }] as const),
      ],
      { talk: new Talk().tone(800, 3000).packets },
    );
    const line = await harness.line([START, { bridge: { destination: bob.uri } }]);
    const { caller, call } = await line.call({ talk: new Talk().tone(600, 8000).packets });
    const { data } = await call.next('call.completed');
    await Promise.all([caller.done, bob.done]);
    expect(data['ended_by']).toBe('callee');

    const audio = await call.hear();
    const [said, ...more] = audio.heard(0, 600, 40);
    expect(more).toEqual([]);
    expect(said!.from).toBeLessThan(300);
    expect(audio.durationMs - said!.to).toBeLessThanOrEqual(40);
    const [heard, ...gaps] = audio.heard(1, 800, 40);
    expect(gaps).toEqual([]);
    expect(heard!.to - heard!.from).toBeGreaterThan(1200);
    expect(audio.heardMs(1, 600) + audio.heardMs(0, 800)).toBe(0);
    // The ringing tone was on the right too, and stopped before the called party was heard.
    expect(audio.heard(1, 480).every(({ to }) => to <= heard!.from + 40)).toBe(true);
  });

  it('to a busy party fails, and the following actions run', async () => {
    const bob = await parties.callee(0, [{ say: 180 }, { say: 486 }, { hear: 'ACK' }]);
    const line = await harness.line([{ bridge: { destination: bob.uri } }, fallback()]);
    const alice = await parties.caller(line, 600);
    await alice.phone.hears(1000);
    await alice.sipp.hangUp();
    await alice.call.next('call.completed');
    expect((await alice.call.actions())[0]).toBe('bridge: busy');
    await bob.sipp.done;
  });

  it('to a party that does not answer is canceled after timeout_seconds', async () => {
    const bob = await parties.callee(0, [{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }]);
    const line = await harness.line([{ bridge: { destination: bob.uri, timeout_seconds: 5 } }, fallback()]);
    const alice = await parties.caller(line, 600);
    await bob.sipp.done;
    await alice.phone.hears(1000);
    await alice.sipp.hangUp();
    await alice.call.next('call.completed');
    expect((await alice.call.actions())[0]).toBe('bridge: no_answer');
  });

  it('is canceled when the caller hangs up while it rings', async () => {
    const bob = await parties.callee(0, [{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }]);
    const line = await harness.line([{ bridge: { destination: bob.uri } }, fallback()]);
    const alice = await parties.caller(line, 600);
    await alice.phone.hears(...RINGBACK);
    await alice.sipp.hangUp();
    await bob.sipp.done;
    await alice.call.next('call.completed');
  });

  it('plays early media of the far end to the caller', async () => {
    const bob = await parties.callee(800, [
      ...[{ say: 183, sdp: true }, { wait: 10_000 }, { say: 200, sdp: true }],
      ...([{ hear: 'ACK' }, { until: 'end' }] as const),
    ]);
    const line = await harness.line([{ bridge: { destination: bob.uri } }]);
    const alice = await parties.caller(line, 600);
    await alice.phone.hears(800);
    expect(await alice.call.timeline('leg')).toMatchObject([{ status: 'early_media' }]);
    await alice.sipp.hangUp();
    await bob.sipp.close();
    await alice.call.next('call.completed');
  });

  it('with continue_after continues when the far end hangs up', async () => {
    const bob = await parties.callee(800);
    const line = await harness.line([{ bridge: { destination: bob.uri, continue_after: true } }, fallback()]);
    const alice = await parties.caller(line, 600);
    await alice.phone.hears(800);
    await bob.sipp.hangUp();
    await alice.phone.hears(1000);
    await alice.sipp.hangUp();
    await alice.call.next('call.completed');
    expect((await alice.call.actions())[0]).toBe('bridge: completed');
  });

  it('forwards the digits of both sides', async () => {
    const bob = await parties.callee(800);
    const line = await harness.line([{ bridge: { destination: bob.uri } }]);
    const alice = await parties.caller(line, 600);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    alice.phone.press('5#');
    bob.phone.press('7');
    await bob.phone.keys.take((key) => key === '#', '#');
    await alice.phone.keys.take((key) => key === '7', '7');
    expect(bob.phone.keys.all).toEqual(['5', '#']);
    expect(alice.phone.keys.all).toEqual(['7']);
    await alice.sipp.hangUp();
    await bob.sipp.done;
  });

  it.skipIf(missing.baresip)('connects two baresip phones', async () => {
    const bob = await parties.callee(800);
    const line = await harness.line([{ bridge: { destination: bob.uri } }]);
    const alice = await Baresip.start({ hz: 600 });
    await alice.dial(line.uri);
    await bob.phone.hears(600);
    await bob.phone.more(25);
    await bob.sipp.hangUp();
    await alice.next('CALL_CLOSED');
    const audio = await alice.heard();
    await alice.close();
    expect(audio.heardMs(0, 800)).toBeGreaterThan(400);
    expect(audio.heardMs(0, 600)).toBe(0);
  });
});

describe.skipIf(missing.sipp)(`a transfer ${why}`, { concurrent: true }, () => {
  it('connects the caller, ends the actions, and the recording continues', async () => {
    const bob = await parties.callee(800);
    const line = await harness.line([START, { transfer: { to: bob.uri } }, fallback()]);
    const alice = await parties.caller(line, 600);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await alice.phone.more(40);
    await bob.sipp.hangUp();
    await alice.call.next('call.completed');
    expect(await alice.call.actions()).toEqual(['start_recording: completed', 'transfer: completed']);
    const audio = await alice.call.hear();
    expect(audio.heardMs(1, 800)).toBeGreaterThan(400);
    expect(audio.heardMs(0, 600)).toBeGreaterThan(400);
  });

  it('by REFER makes the caller’s phone call the destination, and ends the call', async () => {
    const line = await harness.line([
      { transfer: { to: 'sip:desk@127.0.0.1:9', mode: 'refer' } },
      fallback(),
    ]);
    const { sipp, call } = await parties.caller(line, 600, { refer: 200 });
    await sipp.done;
    const { data } = await call.next('call.completed');
    expect(data).toMatchObject({ reason: 'normal', ended_by: 'application' });
    expect(await call.actions()).toEqual(['transfer: completed']);
  });

  it.each(['unreported', 'bye'] as const)('by REFER that is accepted and %s ends the call', async (refer) => {
    const line = await harness.line([
      { transfer: { to: 'sip:desk@127.0.0.1:9', mode: 'refer' } },
      fallback(),
    ]);
    const { sipp, call } = await parties.caller(line, 600, { refer });
    await sipp.done;
    await call.next('call.completed');
    expect(await call.actions()).toEqual(['transfer: completed']);
  });

  it('by REFER without a result continues with the following actions', async () => {
    const line = await harness.line([
      { transfer: { to: 'sip:desk@127.0.0.1:9', mode: 'refer' } },
      fallback(),
    ]);
    const { phone, sipp, call } = await parties.caller(line, 600, { refer: 'noresource' });
    await phone.hears(1000);
    await sipp.hangUp();
    await call.next('call.completed');
    expect((await call.actions())[0]).toBe('transfer: transfer_failed');
  });

  it('by REFER that fails continues with the following actions', async () => {
    const line = await harness.line([
      { transfer: { to: 'sip:desk@127.0.0.1:9', mode: 'refer' } },
      fallback(),
    ]);
    const { phone, sipp, call } = await parties.caller(line, 600, { refer: 486 });
    await phone.hears(1000);
    await sipp.hangUp();
    await call.next('call.completed');
    expect((await call.actions())[0]).toBe('transfer: transfer_failed');
  });
});

describe.skipIf(missing.sipp)(`a bridged call ${why}`, { concurrent: true }, () => {
  it('is connected to a third party over REST, and the recording contains both', async () => {
    const [bob, carol] = await Promise.all([parties.callee(800), parties.callee(1000)]);
    const line = await harness.line([START, { bridge: { destination: bob.uri } }]);
    const alice = await parties.caller(line, 600);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await alice.phone.more(20);
    await alice.call.perform([{ transfer: { destination: carol.uri } }]);
    await bob.sipp.done;
    await Promise.all([alice.phone.hears(1000), carol.phone.hears(600)]);
    await alice.phone.more(20);
    await carol.sipp.hangUp();
    await alice.call.next('call.completed');
    expect(await alice.call.actions()).toEqual([
      ...['start_recording: completed', 'bridge: interrupted', 'transfer: completed'],
    ]);
    const audio = await alice.call.hear();
    expect(audio.heardMs(1, 800)).toBeGreaterThan(300);
    expect(audio.heardMs(1, 1000)).toBeGreaterThan(300);
    expect(audio.heard(1, 800).at(-1)!.to).toBeLessThan(audio.heard(1, 1000)[0]!.from);
  });

  it('joins a conference over REST and leaves the other party', async () => {
    const bob = await parties.callee(800);
    const line = await harness.line(({ body }) =>
      body.call?.['from'] === '+15550001000'
        ? [{ conference: { room: 'one' } }]
        : [{ bridge: { destination: bob.uri } }],
    );
    const carol = await parties.caller(line, 1000, { from: '+15550001000' });
    const alice = await parties.caller(line, 600, { from: '+15550000600' });
    await alice.phone.hears(800);
    await alice.call.perform([{ conference: { room: 'one' } }]);
    await bob.sipp.done;
    await Promise.all([alice.phone.hears(1000), carol.phone.hears(600)]);
    await carol.phone.more(10);
    expect(carol.phone.everIn(0)).toEqual([600]);
    await Promise.all([alice.sipp.hangUp(), carol.sipp.hangUp()]);
  });
});

describe.skipIf(missing.sipp)(`two connected parties ${why}`, { concurrent: true }, () => {
  async function talking(before: object[] = []) {
    const bob = await parties.callee(800);
    const line = await harness.line([...before, { bridge: { destination: bob.uri } }]);
    const alice = await parties.caller(line, 600);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    const end = async () => {
      await alice.sipp.hangUp();
      await bob.sipp.done;
      await alice.call.next('call.completed');
    };
    return { alice, bob, end };
  }

  it('hold plays music to the caller, whom nobody hears, until resume', async () => {
    const { alice, bob, end } = await talking();
    await alice.call.perform([{ hold: {} }]);
    await bob.phone.hears();
    const from = bob.phone.frames;
    await alice.phone.more(50);
    expect(alice.phone.everIn(-25)).not.toContain(800);
    expect(alice.phone.loudness(-25)).toBeGreaterThan(500);
    expect(bob.phone.everIn(from)).toEqual([]);
    await alice.call.perform([{ hold: {} }, { resume: {} }, { resume: {} }]);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await end();
  });

  it.each([
    ['write', [800], []],
    ['read', [], [600]],
    ['both', [], []],
  ] as const)('mute %s cuts off what it says, and unmute gives it back', async (direction, alices, bobs) => {
    const { alice, bob, end } = await talking();
    await alice.call.perform([{ mute: { direction } }, { mute: { direction } }]);
    await Promise.all([alice.phone.hears(...alices), bob.phone.hears(...bobs)]);
    const [from, since] = [alice.phone.frames, bob.phone.frames];
    await Promise.all([alice.phone.more(25), bob.phone.more(25)]);
    expect([alice.phone.everIn(from), bob.phone.everIn(since)]).toEqual([alices, bobs]);
    await alice.call.perform([{ unmute: { direction } }]);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await end();
  });
});

describe.skipIf(missing.sipp)(`send_digits ${why}`, { concurrent: true }, () => {
  const keys = { send_digits: { digits: '1w#D', pause_before_ms: 100 } };

  it('sends telephone events if the phone supports them', async () => {
    const line = await harness.line([keys, { pause: { seconds: 5 } }]);
    const { phone, sipp } = await parties.caller(line, 0);
    await phone.keys.take((key) => key === 'D', 'D');
    expect(phone.keys.all).toEqual(['1', '#', 'D']);
    await sipp.hangUp();
  });

  it('sends tones if the phone does not', async () => {
    const line = await harness.line([keys, { pause: { seconds: 5 } }]);
    const { phone, sipp } = await parties.caller(line, 0, { telephoneEvent: false });
    await phone.until(() => phone.heardBoth(697, 1209), 'a 1');
    await phone.until(() => phone.heardBoth(941, 1477), 'a #');
    await phone.until(() => phone.heardBoth(941, 1633), 'a D');
    await sipp.hangUp();
    expect(phone.keys.all).toEqual([]);
  });
});
