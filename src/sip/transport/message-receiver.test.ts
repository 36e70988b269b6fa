import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { parseMessage, type SipMessage, SipSyntaxError } from '../message/index.ts';
import { type Flow, newCounters } from './flow.ts';
import { MessageReceiver } from './message-receiver.ts';

const flow: Flow = {
  remote: { transport: 'udp', address: '10.0.0.9', port: 5060 },
  reliable: false,
  send() {},
};

test('counts and passes on every malformed response, and logs the reason once in ten seconds', async () => {
  const clock = new VirtualClock();
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields: object) => void lines.push(fields) };
  const counters = newCounters();
  const receiver = new MessageReceiver(counters, clock, log);
  const passed: SipMessage[] = [];
  receiver.received = (message) => passed.push(message);
  const feed = (text: string) => {
    try {
      receiver.receive(parseMessage(Buffer.from(text)), flow);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      receiver.reject(error, flow);
    }
  };
  for (let n = 0; n < 100; n++) feed('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n');
  feed('SIP/2.0 999 Odd\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n');
  await clock.advance(10_000);
  feed('SIP/2.0 180 Ringing\r\n\r\n');
  expect(counters.udp).toMatchObject({ received: 102, malformed: 102, defects: 0 });
  expect(passed).toHaveLength(102);
  expect(lines).toMatchObject([
    { source: '10.0.0.9', status: 200, error: expect.stringContaining('malformed') },
    { status: 180, more: 100 },
  ]);
});
