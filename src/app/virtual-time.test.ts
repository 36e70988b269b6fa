import { Socket } from 'node:dgram';
import { Server } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeG711, PCMU, toneLevel } from '../audio/index.ts';
import { seededRandom, silentLog, systemClock } from '../core/index.ts';
import type { Datagrams } from '../net/index.ts';
import { createUserAgent, type Dialog, type UserAgent } from '../sip/index.ts';
import { SERVER, type Simulation, SPEECH_HZ, simulate } from './testing/simulation.ts';

// The whole application in virtual time: it opens no port and sets no timer of the system clock.

const PEER = '10.0.0.2';
const RTP_PORT = 4000;
const NUMBER = '+15550100042';
const APPLICATION = 'https://app.test';

interface Webhook {
  at: number;
  event: string;
  data: Record<string, unknown>;
}

type Spy = ReturnType<typeof vi.spyOn>;
let opened: Spy;
let bound: Spy;
let timers: Spy;
let simulation: Simulation;
let peer: Caller;
/** What the application has received, and responds to a webhook with. */
let requests: { path: string; body: Record<string, unknown> }[];
let webhooks: Webhook[];
let webhookStatus: (webhook: Webhook) => number;
let documents: Record<string, object[]>;

/** A SIP peer with an RTP socket on the memory network. */
class Caller {
  readonly received: Int16Array[] = [];
  agent!: UserAgent;
  #rtp!: Datagrams;
  #sequence = 0;

  static async open({ clock, network }: Simulation): Promise<Caller> {
    const caller = new Caller();
    const settings = { clock, network, random: seededRandom(3), log: silentLog, userAgent: 'peer' };
    caller.agent = createUserAgent({ ...settings, host: PEER, port: 5060 });
    await caller.agent.listen();
    caller.#rtp = await network.bind({ address: PEER, port: RTP_PORT }, (packet) => {
      if ((packet[1]! & 127) === 0) caller.received.push(pcmu(packet.subarray(12)));
    });
    return caller;
  }

  /** Calls a number of the application. */
  async call({ run }: Simulation, number: string): Promise<{ dialog: Dialog; rtpPort: number }> {
    const sdp = [
      ...['v=0', `o=- 1 1 IN IP4 ${PEER}`, 's=-', `c=IN IP4 ${PEER}`, 't=0 0'],
      ...[`m=audio ${RTP_PORT} RTP/AVP 0 101`, 'a=rtpmap:101 telephone-event/8000', ''],
    ].join('\r\n');
    const target = `sip:${number}@${SERVER}:5060`;
    const { result } = this.agent.invite({ target, from: `sip:+15550100001@${PEER}`, sdp });
    const outcome = await run(result);
    if (outcome.kind !== 'accepted') throw new Error(`the call was refused: ${outcome.status}`);
    return { dialog: outcome.dialog, rtpPort: Number(/m=audio (\d+)/.exec(outcome.answer)![1]) };
  }

  /** Presses a key for 100 ms (RFC 4733 §2.5): the first packet, then the last one three times. */
  press(key: number, rtpPort: number): void {
    const timestamp = 160 * ++this.#sequence * 10;
    for (const [isEnd, duration] of [
      [0, 160],
      [0x80, 800],
      [0x80, 800],
      [0x80, 800],
    ] as const) {
      const packet = Buffer.alloc(16);
      packet.writeUInt8(0x80, 0);
      packet.writeUInt8(101, 1);
      packet.writeUInt16BE(++this.#sequence, 2);
      packet.writeUInt32BE(timestamp, 4);
      packet.writeUInt32BE(0x1234, 8);
      packet.writeUInt8(key, 12);
      packet.writeUInt8(isEnd | 10, 13);
      packet.writeUInt16BE(duration, 14);
      this.#rtp.send(packet, { address: SERVER, port: rtpPort });
    }
  }

  /** The highest amplitude of a frequency in the received audio, 0–32767. */
  level(frequency: number): number {
    const levels = this.received.map((samples) => toneLevel(samples, frequency));
    return Math.max(0, ...levels);
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.close(0), this.#rtp.close()]);
  }
}

/** Decodes a PCMU payload. */
function pcmu(payload: Uint8Array): Int16Array {
  const samples = new Int16Array(payload.length);
  decodeG711(PCMU, payload, 0, payload.length, samples);
  return samples;
}

beforeEach(async () => {
  opened = vi.spyOn(Server.prototype, 'listen');
  bound = vi.spyOn(Socket.prototype, 'bind');
  timers = vi.spyOn(systemClock, 'after');
  requests = [];
  webhooks = [];
  webhookStatus = () => 204;
  documents = {};
  simulation = await simulate();
  simulation.http.servers.set(APPLICATION, ({ url, body }) => {
    const path = new URL(url).pathname;
    const json = JSON.parse(String(body));
    if (path !== '/events') {
      requests.push({ path, body: json });
      return { body: JSON.stringify({ actions: documents[path] }) };
    }
    const webhook = { at: simulation.clock.monotonic(), ...json };
    webhooks.push(webhook);
    return { status: webhookStatus(webhook) };
  });
  const { body: customer } = await simulation.api('POST', '/admin/v1/customers', { name: 'Acme' });
  const { body: application } = await simulation.api('POST', '/admin/v1/applications', {
    customer_id: customer['id'],
    name: 'Desk',
    answer_url: `${APPLICATION}/answer`,
    webhook_url: `${APPLICATION}/events`,
    webhook_secret: 's3cret',
  });
  const did = { application_id: application['id'], number_e164: NUMBER };
  expect(await simulation.api('POST', '/admin/v1/dids', did)).toMatchObject({ status: 201 });
  const trunk = { name: 'Carrier', proxy: `${PEER}:5060`, inbound_ip: PEER };
  expect(await simulation.api('POST', '/admin/v1/trunks', trunk)).toMatchObject({ status: 201 });
  peer = await Caller.open(simulation);
});

afterEach(async () => {
  await simulation.run(peer.close());
  await simulation.stop();
  expect(simulation.clock.pending).toBe(0);
  for (const real of [opened, bound, timers]) expect(real).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('an inbound call runs its actions and reports its end, with a retried webhook', async () => {
  documents = {
    '/answer': [
      { say: { text: 'Welcome.' } },
      { gather: { prompt: 'Press two keys.', num_digits: 2, timeout_seconds: 5 } },
      { redirect: { url: `${APPLICATION}/menu`, method: 'POST' } },
    ],
    '/menu': [{ play: { url: `${APPLICATION}/goodbye.wav` } }, { hangup: {} }],
  };
  let failures = 0;
  webhookStatus = ({ event }) => (event === 'call.completed' && failures++ === 0 ? 503 : 204);

  const call = await peer.call(simulation, NUMBER);
  await simulation.until(() => peer.level(SPEECH_HZ) > 5_000);
  peer.press(4, call.rtpPort);
  await simulation.clock.advance(200);
  peer.press(2, call.rtpPort);
  expect(await simulation.run(call.dialog.ended)).toMatchObject({ by: 'remote' });
  await simulation.until(() => webhooks.filter(({ event }) => event === 'call.completed').length === 2);

  expect(requests.map(({ path }) => path)).toEqual(['/answer', '/menu']);
  expect(requests[1]!.body).toMatchObject({
    reason: 'redirect',
    data: { digits: '42', status: 'completed' },
  });
  expect(webhooks.map(({ event }) => event)).toEqual([
    'call.created',
    'call.answered',
    'call.gathered',
    'call.completed',
    'call.completed',
  ]);
  const [first, second] = webhooks.slice(-2);
  expect(second!.data).toEqual(first!.data);
  const delayMs = second!.at - first!.at;
  expect(delayMs).toBeGreaterThan(4_000);
  expect(delayMs).toBeLessThan(6_100);
});

test('a recorded call that the caller ends reports its recording first', async () => {
  documents = {
    '/answer': [
      { start_recording: {} },
      { say: { text: 'Please leave a message.' } },
      { pause: { seconds: 30 } },
    ],
  };
  const call = await peer.call(simulation, NUMBER);
  await simulation.clock.advance(5_000);
  await simulation.run(call.dialog.bye());
  await simulation.until(() => webhooks.some(({ event }) => event === 'call.completed'));

  expect(webhooks.map(({ event }) => event)).toEqual([
    'call.created',
    'call.answered',
    'recording.started',
    'recording.completed',
    'call.completed',
  ]);
  const { recording_id } = webhooks[3]!.data;
  const { body } = await simulation.api('GET', `/v1/recordings/${recording_id}`);
  expect(body).toMatchObject({ status: 'completed', format: 'wav' });
  expect(body['duration_seconds']).toBeGreaterThanOrEqual(4);
});
