import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FakeAudioStream } from './testing/fake-audio-stream.ts';
import { TestReceiver } from './testing/receiver.ts';
import { TestCall } from './testing/streamed-call.ts';

let receiver: TestReceiver;
let call: TestCall;
let sound: FakeAudioStream;

beforeEach(async () => {
  receiver = await TestReceiver.listen();
  call = new TestCall();
  sound = call.start(receiver.url, { bidirectional: true });
  await receiver.received('start');
});

afterEach(() => {
  call.streams.close();
  receiver.close();
});

const media = (ms: number) => ({
  event: 'media',
  media: { payload: Buffer.alloc(ms * 8, 7).toString('base64') },
});
const mark = (name: string) => ({ event: 'mark', mark: { name } });

/** The marks echoed so far. */
const marks = async () => {
  await receiver.read();
  await call.clock.advance(0);
  await receiver.read();
  return receiver.last.messages.flatMap((message) => (message.event === 'mark' ? [message.mark.name] : []));
};

const end = async () => {
  call.streams.stop();
  return (await receiver.received('stop'))[0]!.stop;
};

it('plays audio from the server, and echoes a mark when everything before it was heard', async () => {
  receiver.send(media(2000));
  receiver.send(mark('first'));
  receiver.send(media(1000));
  receiver.send(mark('second'));
  await receiver.read();
  expect(sound.played).toEqual([16_000, 8000]);
  await call.clock.advance(1999);
  expect(await marks()).toEqual([]);
  await call.clock.advance(1);
  expect(await marks()).toEqual(['first']);
  await call.clock.advance(1000);
  expect(await marks()).toEqual(['first', 'second']);
});

it('drops the queue on `clear`, and echoes waiting marks at once', async () => {
  receiver.send(media(5000));
  receiver.send(mark('never heard'));
  receiver.send({ event: 'clear' });
  receiver.send(mark('nothing queued'));
  expect(await marks()).toEqual(['never heard', 'nothing queued']);
  expect(call.clock.monotonic()).toBe(0);
});

it('queues one minute of audio, and takes no more until some was heard', async () => {
  for (let second = 0; second < 62; second += 2) receiver.send(media(2000));
  await receiver.read();
  expect(sound.played.length).toBe(30);
  await call.clock.advance(2000);
  receiver.send(media(2000));
  receiver.send(media(20));
  receiver.send({ event: 'clear' });
  receiver.send(media(20));
  await receiver.read();
  expect(sound.played.slice(30)).toEqual([16_000, 160]);
  expect((await end()).messages_ignored).toBe(2);
});

it('queues at most 256 marks', async () => {
  receiver.send(media(1000));
  for (let number = 0; number < 300; number++) receiver.send(mark(`number ${number}`));
  await receiver.read();
  await call.clock.advance(1000);
  expect(await marks()).toHaveLength(256);
  expect((await end()).messages_ignored).toBe(44);
});

it('counts and ignores invalid messages', async () => {
  const { stream_id } = (await receiver.received('start'))[0]!;
  const { socket } = receiver.last;
  const invalid = [
    'hello',
    '{"event":"media"',
    'null',
    '[]',
    '{"event":"stop"}',
    '{"event":"media","media":{"payload":7}}',
    '{"event":"media","media":{"payload":"not base64!"}}',
    '{"event":"mark","mark":{"name":""}}',
    JSON.stringify({ ...media(20), stream_id: 'str_of_another' }),
  ];
  for (const text of invalid) socket.send(text);
  socket.send(Buffer.from(JSON.stringify(media(20))), { binary: true });
  receiver.send({ ...media(20), stream_id });
  await receiver.read();
  expect(sound.played).toEqual([160]);
  expect((await end()).messages_ignored).toBe(invalid.length + 1);
});

it.each([
  ['invalid messages', 130, 'hello'],
  ['audio faster than it can be played', 200, JSON.stringify(media(6000))],
])('ends on a flood of %s', async (_, times, text) => {
  for (let time = 0; time < times; time++) receiver.last.socket.send(text);
  expect((await receiver.received('stop'))[0]!.stop.reason).toBe('flooded');
  await receiver.until(() => receiver.last.closed !== undefined);
  expect(call.streams.size).toBe(0);
});

it('ends on a flood of pings', async () => {
  for (let time = 0; time < 6100; time++) receiver.last.socket.ping();
  expect((await receiver.received('stop'))[0]!.stop.reason).toBe('flooded');
});

it('takes audio in real time without limit', async () => {
  const frame = media(20);
  for (let second = 0; second < 200; second++) {
    for (let count = 0; count < 50; count++) receiver.send(frame);
    await receiver.read();
    await call.clock.advance(1000);
  }
  expect(sound.played.length).toBe(10_000);
  expect((await end()).messages_ignored).toBe(0);
});

it('ignores all messages when the stream is not bidirectional', async () => {
  const oneWay = call.start(receiver.url);
  await receiver.until(() => receiver.connections.length === 2);
  await receiver.received('start');
  receiver.send(media(20));
  receiver.send(mark('nobody listens'));
  await receiver.read();
  expect(oneWay.played).toEqual([]);
  expect((await end()).messages_ignored).toBe(2);
});
