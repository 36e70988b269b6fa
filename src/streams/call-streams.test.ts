import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallRecord, Session } from '../calls/index.ts';
import { SimulatedLeg } from '../calls/testing/simulated-leg.ts';
import { silentLog } from '../core/index.ts';
import { verifySignature } from '../webhooks/index.ts';
import { streamsOfCalls } from './index.ts';
import { TestReceiver } from './testing/receiver.ts';
import { SECRETS, TestCall } from './testing/streamed-call.ts';

const SILENCE = Buffer.alloc(160, 0xff).toString('base64');
const SPEECH = Buffer.alloc(160, 2).toString('base64');

let receiver: TestReceiver;
let call: TestCall;

beforeEach(async () => {
  receiver = await TestReceiver.listen();
  call = new TestCall();
});

afterEach(() => {
  call.streams.close();
  receiver.close();
});

describe('a stream', () => {
  it('sends `start`, each frame, and `stop`', async () => {
    const sound = call.start(receiver.url);
    sound.emit('inbound', 1);
    await receiver.received('start');
    sound.emit('inbound', 2);
    call.streams.stop();
    const [stop] = await receiver.received('stop');
    const [connected, start, first, second] = receiver.last.messages;
    expect(connected).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const { stream_id } = first as { stream_id: string };
    expect(stream_id).toMatch(/^str_/);
    expect(start).toMatchObject({
      sequence_number: '1',
      stream_id,
      start: {
        stream_id,
        call_id: 'call_1',
        application_id: 'app_1',
        track: 'inbound',
        bidirectional: false,
        media_format: { encoding: 'audio/x-mulaw', sample_rate: 8000, channels: 1 },
        custom_parameters: { plan: 'gold', odd: '"}\u2028' },
        reconnect: 0,
      },
    });
    const payload = (value: number) => Buffer.alloc(160, value).toString('base64');
    const media = { track: 'inbound', chunk: '1', timestamp: '0', payload: payload(1) };
    expect(first).toEqual({ event: 'media', sequence_number: '2', stream_id, media });
    expect(second).toMatchObject({
      sequence_number: '3',
      media: { chunk: '2', timestamp: '20', payload: payload(2) },
    });
    expect(stop).toMatchObject({
      sequence_number: '4',
      stop: { call_id: 'call_1', reason: 'stopped', messages_dropped: 0, messages_ignored: 0 },
    });
    await receiver.until(() => receiver.last.closed === 1000);
    expect(sound.closed).toBe(true);
    expect(call.counts).toEqual({ open: 0, started: 1, failed: 0, dropped: 0 });
    expect(call.notes.map(({ kind }) => kind)).toEqual(['stream_started', 'stream_ended']);
  });

  it('signs its handshake over its URL with every active secret', async () => {
    call.start(receiver.url);
    await receiver.received('start');
    const now = call.clock.now() / 1000;
    for (const secret of SECRETS) {
      expect(verifySignature(receiver.last.headers, receiver.url, secret, now)).toBe(true);
    }
    expect(verifySignature(receiver.last.headers, `${receiver.url}&more`, SECRETS[0]!, now)).toBe(false);
  });

  it('does not sign its handshake without a secret, and offers no compression', async () => {
    call = new TestCall({ secrets: () => [] });
    call.start(receiver.url);
    await receiver.received('start');
    expect(receiver.last.headers).not.toHaveProperty('x-minivoice-signature');
    expect(receiver.last.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it('counts the frames of each track separately', async () => {
    const sound = call.start(receiver.url, { track: 'both' });
    for (const track of ['inbound', 'outbound', 'outbound'] as const) sound.emit(track);
    const media = (await receiver.received('media', 3)).map(({ media }) => `${media.track} ${media.chunk}`);
    expect(media).toEqual(['inbound 1', 'outbound 1', 'outbound 2']);
  });

  it('sends only the requested track', async () => {
    const sound = call.start(receiver.url, { track: 'outbound' });
    sound.emit('inbound', 1);
    sound.emit('outbound', 2);
    const [only] = await receiver.received('media');
    expect(only!.media).toMatchObject({ track: 'outbound', chunk: '1' });
  });

  it('sends keys between the media messages', async () => {
    const sound = call.start(receiver.url);
    sound.emit('inbound');
    call.leg.press('#');
    sound.emit('inbound');
    await receiver.received('media', 2);
    expect(receiver.last.messages.map(({ event }) => event)).toEqual([
      'connected',
      'start',
      'media',
      'dtmf',
      'media',
    ]);
    expect((await receiver.received('dtmf'))[0]!.dtmf).toEqual({ track: 'inbound', digit: '#' });
  });

  it.each([
    ['the caller while digits are sensitive', 'caller', [SILENCE, SPEECH, SPEECH]],
    ['both parties while a recording is paused', 'everything', [SILENCE, SILENCE, SPEECH]],
    ['keys typed ahead for a sensitive gather', 'keys', [SPEECH, SPEECH, SPEECH]],
  ] as const)('holds back %s', async (_, what, expected) => {
    const sound = call.start(receiver.url, { track: 'both' });
    call.heldBack = { ...call.heldBack, [what]: true };
    sound.emit('inbound', 2);
    sound.emit('outbound', 2);
    call.leg.press('4');
    call.heldBack = { ...call.heldBack, [what]: false };
    sound.emit('inbound', 2);
    call.leg.press('5');
    const dtmf = await receiver.received('dtmf');
    expect(dtmf.map(({ dtmf }) => dtmf.digit)).toEqual(['5']);
    expect((await receiver.received('media', 3)).map(({ media }) => media.payload)).toEqual(expected);
  });

  it('detects keys only while a stream is running', () => {
    expect(call.leg.sound.digits.listeners).toBe(0);
    for (const track of ['inbound', 'outbound'] as const) call.start(receiver.url, { track });
    expect(call.leg.sound.digits.listeners).toBe(1);
    call.streams.stop({ track: 'inbound' });
    expect(call.leg.sound.digits.listeners).toBe(1);
    call.streams.stop();
    expect(call.leg.sound.digits.listeners).toBe(0);
  });

  it('ends with the call, and no stream starts after it', async () => {
    call.start(receiver.url);
    await receiver.received('start');
    call.streams.close();
    expect((await receiver.received('stop'))[0]!.stop.reason).toBe('call_ended');
    expect(() => call.start(receiver.url)).toThrow('the call has ended');
  });
});

describe('the streams of a call', () => {
  it('stop when URL and track match', async () => {
    const other = await TestReceiver.listen();
    call.start(receiver.url, { track: 'inbound' });
    call.start(receiver.url, { track: 'outbound' });
    call.start(other.url, { track: 'outbound' });
    call.streams.stop({ streamUrl: receiver.url, track: 'outbound' });
    expect(call.sounds.map(({ closed }) => closed)).toEqual([false, true, false]);
    call.streams.stop({ streamUrl: 'ws://nobody.example/' });
    call.streams.stop({ track: 'both' });
    expect(call.streams.size).toBe(2);
    call.streams.stop({ streamUrl: undefined, track: undefined });
    expect(call.streams.size).toBe(0);
    other.close();
  });

  it('are not started twice', () => {
    call.start(receiver.url);
    call.start(receiver.url);
    expect(call.streams.size).toBe(1);
    call.start(receiver.url, { bidirectional: true });
    expect(call.streams.size).toBe(2);
  });

  it('are eight at most', () => {
    for (let number = 1; number <= 8; number++) call.start(`${receiver.url}&number=${number}`);
    expect(() => call.start(receiver.url)).toThrow('a call has at most 8 streams at a time');
    call.streams.stop({ streamUrl: `${receiver.url}&number=3` });
    call.start(receiver.url);
    expect(call.counts.open).toBe(8);
  });
});

describe('each call', () => {
  it('has its own streams, which send its keys and end with it', async () => {
    const deps = { journal: { commit: async () => {} }, clock: call.clock, log: silentLog };
    const newSession = (id: string) => {
      const record = { id, applicationId: 'app_1', variables: {}, answeredAt: null } as unknown as CallRecord;
      return new Session(record, new SimulatedLeg(call.clock), deps);
    };
    const streamsOf = streamsOfCalls(call.deps);
    const session = newSession('call_a');
    expect(streamsOf(session)).toBe(streamsOf(session));
    expect(streamsOf(newSession('call_b'))).not.toBe(streamsOf(session));
    streamsOf(session).start({ streamUrl: receiver.url, track: 'inbound', bidirectional: false });
    session.holdBack('caller', true);
    (session.leg as SimulatedLeg).press('6');
    session.holdBack('caller', false);
    (session.leg as SimulatedLeg).press('7');
    expect((await receiver.received('dtmf'))[0]!.dtmf.digit).toBe('7');
    await session.end({ kind: 'completed', by: 'application' });
    expect((await receiver.received('stop'))[0]!.stop).toMatchObject({
      call_id: 'call_a',
      reason: 'call_ended',
    });
  });
});
