import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestReceiver } from '../src/streams/testing/receiver.ts';
import { Harness } from './support/harness.ts';
import { Parties } from './support/parties.ts';
import { ulaw, ulawSample } from './support/pcap.ts';
import { missing } from './support/peers.ts';
import { tonesOf } from './support/rtp-phone.ts';

let harness: Harness;
const parties = new Parties();
const receivers: TestReceiver[] = [];
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(async () => {
  await parties.close();
  for (const each of receivers) each.close();
  await harness.close();
});

async function receiver(): Promise<TestReceiver> {
  const listening = await TestReceiver.listen();
  receivers.push(listening);
  return listening;
}

type Track = 'inbound' | 'outbound';

/** The audio of a track's last frames, or of all frames. */
function soundOf({ last }: TestReceiver, track: Track, frames = 0): Int16Array {
  const payloads = last.messages.flatMap((message) =>
    message.event === 'media' && message.media.track === track ? [message.media.payload] : [],
  );
  return Int16Array.from(
    Buffer.concat(payloads.slice(-frames).map((p) => Buffer.from(p, 'base64'))),
    ulawSample,
  );
}

/** Resolves when exactly these tones are on the track for 100 ms. */
const hears = (listener: TestReceiver, track: Track, ...tones: number[]) =>
  listener.until(
    () => `${tonesOf(soundOf(listener, track, 5))}` === `${tones}` && soundOf(listener, track).length >= 800,
  );

/** Audio as a server sends it. */
const tone = (hz: number, ms: number) => ({
  payload: Buffer.from(
    Array.from({ length: ms * 8 }, (_, i) => ulaw(6000 * Math.sin((2 * Math.PI * hz * i) / 8000))),
  ).toString('base64'),
});

describe.skipIf(missing.sipp)(`a stream ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  const play = () => ({ play: { url: harness.tone(1000, 10_000) } });

  it('reports its start, the caller’s audio and digits, and its end', async () => {
    const listener = await receiver();
    const line = await harness.line([
      { set_variable: { name: 'plan', value: 'gold' } },
      { start_stream: { stream_url: listener.url } },
      play(),
    ]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    const [start] = await listener.until(() => listener.last).then(() => listener.received('start'));
    expect(listener.last.messages[0]).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    expect(start!.start).toMatchObject({
      ...{ call_id: call.id, track: 'inbound', bidirectional: false, custom_parameters: { plan: 'gold' } },
      media_format: { encoding: 'audio/x-mulaw', sample_rate: 8000, channels: 1 },
    });
    expect(listener.last.headers['x-minivoice-signature']).toMatch(/^v1=[0-9a-f]{64}$/);
    await hears(listener, 'inbound', 600);
    phone.press('7');
    const [pressed] = await listener.received('dtmf');
    expect(pressed!.dtmf).toEqual({ track: 'inbound', digit: '7' });
    await sipp.hangUp();
    const [stop] = await listener.received('stop');
    expect(stop!.stop).toMatchObject({ reason: 'call_ended', messages_dropped: 0 });
    expect(soundOf(listener, 'outbound')).toHaveLength(0);
    const media = await listener.received('media');
    expect(media.map((each) => each.media.chunk)).toEqual(media.map((_, i) => `${i + 1}`));
    expect(media.map((each) => each.media.timestamp)).toEqual(media.map((_, i) => `${i * 20}`));
    expect(media.every((each) => Buffer.from(each.media.payload, 'base64').length === 160)).toBe(true);
  });

  it.each(['outbound', 'both'] as const)('of track %s carries that track', async (track) => {
    const listener = await receiver();
    const line = await harness.line([{ start_stream: { stream_url: listener.url, track } }, play()]);
    const { sipp, call } = await parties.caller(line, 600);
    await listener.until(() => listener.connections.length);
    await hears(listener, 'outbound', 1000);
    if (track === 'both') await hears(listener, 'inbound', 600);
    else expect(soundOf(listener, 'inbound')).toHaveLength(0);
    await call.perform([{ stop_stream: { stream_url: listener.url } }]);
    const [stop] = await listener.received('stop');
    expect(stop!.stop.reason).toBe('stopped');
    await sipp.hangUp();
  });

  it('with bidirectional plays the server’s audio to the caller until clear', async () => {
    const listener = await receiver();
    const line = await harness.line([
      { start_stream: { stream_url: listener.url, bidirectional: true } },
      { pause: { seconds: 30 } },
    ]);
    const { phone, sipp } = await parties.caller(line, 600);
    await listener.until(() => listener.connections.length);
    await listener.received('start');
    listener.send({ event: 'media', media: tone(800, 300) });
    listener.send({ event: 'mark', mark: { name: 'said' } });
    await phone.hears(800);
    expect((await listener.received('mark'))[0]!.mark.name).toBe('said');
    await phone.hears();
    for (let n = 0; n < 10; n++) listener.send({ event: 'media', media: tone(1200, 2000) });
    listener.send({ event: 'mark', mark: { name: 'dropped' } });
    await phone.hears(1200);
    listener.send({ event: 'clear' });
    await phone.hears();
    expect((await listener.received('mark', 2))[1]!.mark.name).toBe('dropped');
    const from = phone.frames;
    await phone.more(25);
    expect(phone.everIn(from)).toEqual([]);
    await sipp.hangUp();
  });

  it('does not affect the call when its receiver dies', async () => {
    const listener = await receiver();
    const line = await harness.line([{ start_stream: { stream_url: listener.url, track: 'both' } }, play()]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    await listener.until(() => listener.connections.length);
    await Promise.all([hears(listener, 'inbound', 600), phone.hears(1000)]);
    const from = phone.frames;
    listener.close();
    await phone.more(50);
    expect(phone.everIn(from)).toEqual([1000]);
    await sipp.hangUp();
    await call.next('call.completed');
    expect((await call.timeline('action')).map(({ status }) => status)).toEqual(['completed', 'interrupted']);
  });

  it('does not affect the call when nobody accepts it', async () => {
    const line = await harness.line([{ start_stream: { stream_url: 'ws://127.0.0.1:9/' } }, play()]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    await phone.hears(1000);
    await sipp.hangUp();
    await call.next('call.completed');
  });

  it('carries the correct audio on each track during bridge, recording, hold, and mute', async () => {
    const [listener, bob] = await Promise.all([receiver(), parties.callee(800)]);
    const line = await harness.line([
      { start_recording: {} },
      { start_stream: { stream_url: listener.url, track: 'both' } },
      { bridge: { destination: bob.uri } },
    ]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    await Promise.all([phone.hears(800), bob.phone.hears(600)]);
    await hears(listener, 'inbound', 600);
    await hears(listener, 'outbound', 800);
    await phone.more(20);

    await call.perform([{ hold: {} }]);
    await bob.phone.hears();
    phone.say(1200);
    await phone.more(40);
    expect(phone.tonesIn(-5)).not.toContain(800);
    await call.perform([{ resume: {} }]);
    await bob.phone.hears(1200);
    await call.perform([{ mute: { direction: 'read' } }]);
    await phone.hears();
    bob.phone.say(1400);
    await phone.more(25);
    await sipp.hangUp();
    await bob.sipp.done;
    await call.next('call.completed');

    expect(bob.phone.everIn(0)).toEqual([600, 1200]);
    const recorded = await call.hear();
    const [held] = recorded.heard(0, 1200, 40);
    // A held party is still recorded; nobody else hears them.
    expect(held!.to - held!.from).toBeGreaterThan(700);
    expect(recorded.heardMs(1, 600) + recorded.heardMs(1, 1200)).toBe(0);
    expect(recorded.heardMs(0, 800) + recorded.heardMs(0, 1400)).toBe(0);
    expect(recorded.heardMs(1, 800)).toBeGreaterThan(50);
    // The right channel is what the caller hears, so it lacks what they did not hear.
    expect(recorded.heardMs(1, 1400)).toBe(0);
    expect(recorded.loudMs(1)).toBeGreaterThan(recorded.heardMs(1, 800) + 300);
  });
});
