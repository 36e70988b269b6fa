import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FakeSound } from './testing/fake-sound.ts';
import { TestReceiver } from './testing/receiver.ts';
import { TestCall } from './testing/streamed-call.ts';

let receiver: TestReceiver;
let call: TestCall;
let sound: FakeSound;

beforeEach(async () => {
  receiver = await TestReceiver.listen();
  call = new TestCall();
  sound = call.start(receiver.url, { bidirectional: true });
  await receiver.told('start');
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

/** The marks that came back so far. */
const marks = async () => {
  await receiver.read();
  await call.clock.advance(0);
  await receiver.read();
  return receiver.last.messages.flatMap((told) => (told.event === 'mark' ? [told.mark.name] : []));
};

const end = async () => {
  call.streams.stop();
  return (await receiver.told('stop'))[0]!.stop;
};

it('plays what the server sends, and echoes a mark when all before it has been heard', async () => {
  receiver.send(media(2000));
  receiver.send(mark('first'));
  receiver.send(media(1000));
  receiver.send(mark('second'));
  await receiver.read();
  expect(sound.given).toEqual([16_000, 8000]);
  await call.clock.advance(1999);
  expect(await marks()).toEqual([]);
  await call.clock.advance(1);
  expect(await marks()).toEqual(['first']);
  await call.clock.advance(1000);
  expect(await marks()).toEqual(['first', 'second']);
});

it('drops on `clear` what is queued, and the marks that wait come back at once', async () => {
  receiver.send(media(5000));
  receiver.send(mark('never heard'));
  receiver.send({ event: 'clear' });
  receiver.send(mark('nothing queued'));
  expect(await marks()).toEqual(['never heard', 'nothing queued']);
  expect(call.clock.monotonic()).toBe(0);
});

it('takes a minute ahead of what is heard, and then nothing until there is room', async () => {
  for (let second = 0; second < 62; second += 2) receiver.send(media(2000));
  await receiver.read();
  expect(sound.given.length).toBe(30);
  await call.clock.advance(2000);
  receiver.send(media(2000));
  receiver.send(media(20));
  receiver.send({ event: 'clear' });
  receiver.send(media(20));
  await receiver.read();
  expect(sound.given.slice(30)).toEqual([16_000, 160]);
  expect((await end()).messages_ignored).toBe(2);
});

it('keeps no more than 256 marks waiting', async () => {
  receiver.send(media(1000));
  for (let number = 0; number < 300; number++) receiver.send(mark(`number ${number}`));
  await receiver.read();
  await call.clock.advance(1000);
  expect(await marks()).toHaveLength(256);
  expect((await end()).messages_ignored).toBe(44);
});

it('counts and passes over what makes no sense, and goes on', async () => {
  const { stream_id } = (await receiver.told('start'))[0]!;
  const { socket } = receiver.last;
  const nonsense = [
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
  for (const text of nonsense) socket.send(text);
  socket.send(Buffer.from(JSON.stringify(media(20))), { binary: true });
  receiver.send({ ...media(20), stream_id });
  await receiver.read();
  expect(sound.given).toEqual([160]);
  expect((await end()).messages_ignored).toBe(nonsense.length + 1);
});

it.each([
  ['nonsense', 130, 'hello'],
  ['more sound than anybody can hear', 200, JSON.stringify(media(6000))],
])('ends at a flood of %s', async (_, times, text) => {
  for (let time = 0; time < times; time++) receiver.last.socket.send(text);
  expect((await receiver.told('stop'))[0]!.stop.reason).toBe('flooded');
  await receiver.until(() => receiver.last.closed !== undefined);
  expect(call.streams.size).toBe(0);
});

it('ends at a flood of pings', async () => {
  for (let time = 0; time < 6100; time++) receiver.last.socket.ping();
  expect((await receiver.told('stop'))[0]!.stop.reason).toBe('flooded');
});

it('takes sound at its own pace for hours', async () => {
  const frame = media(20);
  for (let second = 0; second < 200; second++) {
    for (let count = 0; count < 50; count++) receiver.send(frame);
    await receiver.read();
    await call.clock.advance(1000);
  }
  expect(sound.given.length).toBe(10_000);
  expect((await end()).messages_ignored).toBe(0);
});

it('ignores all that comes where the stream goes one way', async () => {
  const oneWay = call.start(receiver.url);
  await receiver.until(() => receiver.connections.length === 2);
  await receiver.told('start');
  receiver.send(media(20));
  receiver.send(mark('nobody listens'));
  await receiver.read();
  expect(oneWay.given).toEqual([]);
  expect((await end()).messages_ignored).toBe(2);
});
