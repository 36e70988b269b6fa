/** Hostile callers: SIP over UDP, TCP and TLS, and RTP within real calls. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectPlain, type Socket as Stream } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { sleep, systemClock } from '../../../src/core/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { tls } from '../targets/listeners.ts';
import { rtp } from '../targets/rtp.ts';
import { rtpBursts } from '../targets/rtp-bursts.ts';
import { sip } from '../targets/sip.ts';
import { SDP } from '../targets/sip-messages.ts';
import { sipStack } from '../targets/sip-stack.ts';
import { sipTcp } from '../targets/sip-tcp.ts';
import { type Attack, nextOf, relocate } from './attack.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Datagrams between two checks that the server answers. */
const BURST = 100;

/** A UDP socket that checks by OPTIONS whether the server answers. */
export class Pinger {
  readonly socket: Socket;
  readonly port: number;
  #sut: ServerUnderTest;
  #pings = 0;
  #waiting = new Map<string, () => void>();

  private constructor(socket: Socket, sut: ServerUnderTest) {
    this.socket = socket;
    this.port = socket.address().port;
    this.#sut = sut;
  }

  static async open(sut: ServerUnderTest, received: (message: string) => void = () => {}): Promise<Pinger> {
    const socket = createSocket('udp4').on('error', () => {});
    await once(socket.bind(0, '127.0.0.1'), 'listening');
    const pinger = new Pinger(socket, sut);
    socket.on('message', (data) => {
      const text = data.toString('latin1');
      const ping = /^Call-ID: (ping-\d+)\r$/m.exec(text)?.[1];
      if (ping && text.startsWith('SIP/2.0')) pinger.#waiting.get(ping)?.();
      else received(text);
    });
    return pinger;
  }

  send(data: Buffer | string): void {
    this.socket.send(data, this.#sut.sipPort, '127.0.0.1');
  }

  /** Resolves with true when all earlier messages are processed. Without response in 30 s: false. */
  async ping(): Promise<boolean> {
    const callId = `ping-${this.port}${this.#pings++}`;
    let answered = false;
    this.#waiting.set(callId, () => {
      answered = true;
    });
    for (let tries = 0; tries < 60 && !answered; tries++) {
      this.send(this.#options(callId, tries));
      for (let waits = 0; waits < 50 && !answered; waits++) await sleep(systemClock, 10);
    }
    this.#waiting.delete(callId);
    return answered;
  }

  #options(callId: string, tries: number): string {
    return [
      `OPTIONS sip:${this.#sut.number}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${callId}-${tries};rport`,
      `From: <sip:ping@127.0.0.1>;tag=${tries}`,
      `To: <sip:${this.#sut.number}@127.0.0.1>`,
      `Call-ID: ${callId}`,
      `CSeq: ${tries + 1} OPTIONS`,
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }

  close(): void {
    this.socket.close();
  }
}

export const udp: Attack = {
  name: 'sip-udp',
  share: 450,
  async open(sut, random) {
    const pinger = await Pinger.open(sut);
    const inputs = [nextOf(sip, random), nextOf(sipStack, random)];
    return {
      async go() {
        for (let sent = 0; sent < BURST; sent++)
          pinger.send(relocate(random.pick(inputs)(), pinger.port, sut.sipPort).subarray(0, 60_000));
        if (!(await pinger.ping())) sut.findings.push('sip-udp: SIP no longer answers');
        return BURST;
      },
      close: async () => pinger.close(),
    };
  },
};

/** Concurrent connections. */
const CONNECTIONS = 8;

/** Sends segments in order, and ends the connection by FIN, RST or destroy. */
async function sendSegments(stream: Stream, pieces: Buffer[], random: RandomChoice): Promise<void> {
  stream.on('error', () => {}).resume();
  for (const piece of pieces) {
    if (stream.destroyed) return;
    stream.write(piece);
    if (random.once(4)) await sleep(systemClock, 1);
  }
  const ending = random.pick(['end', 'destroy', 'reset']);
  if (ending === 'end') {
    stream.end();
    await sleep(systemClock, 2);
  }
  if (ending === 'reset' && !(stream instanceof TLSSocket)) stream.resetAndDestroy();
  else stream.destroy();
}

const cut = (random: RandomChoice, whole: Buffer): Buffer[] => {
  const at = random.int(whole.length + 1);
  return [whole.subarray(0, at), whole.subarray(at)];
};

function overStreams(
  name: string,
  share: number,
  open: (sut: ServerUnderTest) => Stream,
  raw?: typeof tls,
): Attack {
  return {
    name,
    share,
    async open(sut, random) {
      const next = nextOf(sipTcp, random);
      const noise = raw && nextOf(raw, random);
      const one = async () => {
        const inputs = Array.from({ length: 10 }, () => next().subarray(8));
        const pieces = inputs.flatMap((input) => cut(random, relocate(input, 5060, sut.sipPort)));
        if (noise && random.once(2))
          await sendSegments(connectPlain(sut.tlsPort, '127.0.0.1'), [noise()], random);
        await sendSegments(open(sut), pieces, random);
        return inputs.length;
      };
      return {
        go: async () =>
          (await Promise.all(Array.from({ length: CONNECTIONS }, one))).reduce((a, b) => a + b, 0),
        close: async () => {},
      };
    },
  };
}

export const tcp = overStreams('sip-tcp', 150, (sut) => connectPlain(sut.sipPort, '127.0.0.1'));
export const secure = overStreams(
  'sip-tls',
  20,
  (sut) => connectTls({ port: sut.tlsPort, host: '127.0.0.1', rejectUnauthorized: false }),
  tls,
);

/** Packets per call. */
const PACKETS = 1000;

/** Writes a request of a call from `port`. */
function callRequest(
  { number, sipPort }: ServerUnderTest,
  { port, callId }: { port: number; callId: string },
  { method, to, seq, body = '' }: { method: string; to: string; seq: number; body?: string },
): string {
  return [
    `${method} sip:${number}@127.0.0.1:${sipPort} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${callId}${method};rport`,
    'Max-Forwards: 70',
    `From: <sip:rtp@127.0.0.1>;tag=a`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${seq} ${method}`,
    `Contact: <sip:rtp@127.0.0.1:${port}>`,
    ...(body ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** Establishes a call, calls `established` with the server's RTP port, and ends the call. */
async function withCall(
  sut: ServerUnderTest,
  callId: string,
  mediaPort: number,
  established: (rtpPort: number) => Promise<void>,
): Promise<void> {
  const messages: string[] = [];
  const peer = await Pinger.open(sut, (text) => messages.push(text));
  const send = (parts: Parameters<typeof callRequest>[2]) =>
    peer.send(callRequest(sut, { port: peer.port, callId: `${callId}-${peer.port}` }, parts));
  const body = SDP.replaceAll('10.0.0.9', '127.0.0.1').replace('audio 4000', `audio ${mediaPort}`);
  send({ method: 'INVITE', to: `<sip:${sut.number}@127.0.0.1>`, seq: 1, body });
  const isAnswer = (text: string) => text.startsWith('SIP/2.0 200') && text.includes('INVITE');
  const answer = await waitFor(messages, isAnswer);
  if (answer) {
    const to = /^To: (.*)\r$/m.exec(answer)?.[1] ?? '';
    send({ method: 'ACK', to, seq: 1 });
    await established(Number(/^m=audio (\d+)/m.exec(answer)?.[1]));
    send({ method: 'BYE', to, seq: 2 });
  }
  await peer.ping();
  peer.close();
}

/** Sends RTP, SRTP, RTCP and STUN to the ports of an established call. */
export const media: Attack = {
  name: 'rtp',
  share: 200,
  async open(sut, random) {
    const inputs = [nextOf(rtp, random), nextOf(rtpBursts, random)];
    let calls = 0;
    return {
      async go() {
        const socket = createSocket('udp4').on('error', () => {});
        await once(socket.bind(0, '127.0.0.1'), 'listening');
        await withCall(sut, `rtp-${calls++}`, socket.address().port, async (port) => {
          for (let sent = 0; sent < PACKETS; sent++) {
            const input = random.pick(inputs)();
            socket.send(input.subarray(1, 1401), port + (random.once(8) ? 1 : 0), '127.0.0.1');
            if (sent % 25 === 0) await sleep(systemClock, 5);
          }
        });
        socket.close();
        return PACKETS;
      },
      async close() {},
    };
  },
};

async function waitFor(messages: string[], fits: (text: string) => boolean): Promise<string | undefined> {
  for (let waits = 0; waits < 200; waits++) {
    const found = messages.find(fits);
    if (found) return found;
    await sleep(systemClock, 10);
  }
  return undefined;
}
