/** Hostile callers: whatever comes in over UDP, TCP and TLS, and RTP within real calls. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectPlain, type Socket as Stream } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { sleep, systemClock } from '../../../src/core/index.ts';
import type { Chance } from '../chance.ts';
import { tls } from '../targets/doors.ts';
import { rtp } from '../targets/rtp.ts';
import { rtpBursts } from '../targets/rtp-bursts.ts';
import { sip } from '../targets/sip.ts';
import { sipStack } from '../targets/sip-stack.ts';
import { sipTcp } from '../targets/sip-tcp.ts';
import { SDP } from '../targets/sip-words.ts';
import { type Attack, nextOf, relocate } from './attack.ts';
import type { World } from './world.ts';

/** Datagrams between two looks whether the server still answers. */
const BURST = 100;

/** A UDP socket that hears the answers to its own pings. */
export class Pinger {
  readonly socket: Socket;
  readonly port: number;
  #world: World;
  #pings = 0;
  #waiting = new Map<string, () => void>();

  private constructor(socket: Socket, world: World) {
    this.socket = socket;
    this.port = socket.address().port;
    this.#world = world;
  }

  static async open(world: World, heard: (message: string) => void = () => {}): Promise<Pinger> {
    const socket = createSocket('udp4').on('error', () => {});
    await once(socket.bind(0, '127.0.0.1'), 'listening');
    const pinger = new Pinger(socket, world);
    socket.on('message', (data) => {
      const text = data.toString('latin1');
      const ping = /^Call-ID: (ping-\d+)\r$/m.exec(text)?.[1];
      if (ping && text.startsWith('SIP/2.0')) pinger.#waiting.get(ping)?.();
      else heard(text);
    });
    return pinger;
  }

  send(data: Buffer | string): void {
    this.socket.send(data, this.#world.sipPort, '127.0.0.1');
  }

  /** Resolves when everything that was sent before has been read; false when nothing answers for half a minute. */
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
      `OPTIONS sip:${this.#world.number}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${callId}-${tries};rport`,
      `From: <sip:ping@127.0.0.1>;tag=${tries}`,
      `To: <sip:${this.#world.number}@127.0.0.1>`,
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
  async open(world, chance) {
    const pinger = await Pinger.open(world);
    const makers = [nextOf(sip, chance), nextOf(sipStack, chance)];
    return {
      async go() {
        for (let sent = 0; sent < BURST; sent++)
          pinger.send(relocate(chance.pick(makers)(), pinger.port, world.sipPort).subarray(0, 60_000));
        if (!(await pinger.ping())) world.findings.push('sip-udp: SIP no longer answers');
        return BURST;
      },
      close: async () => pinger.close(),
    };
  },
};

/** Connections at a time. */
const CONNECTIONS = 8;

/** Says the pieces one after the other, and ends in one of the ways that connections end. */
async function say(stream: Stream, pieces: Buffer[], chance: Chance): Promise<void> {
  stream.on('error', () => {}).resume();
  for (const piece of pieces) {
    if (stream.destroyed) return;
    stream.write(piece);
    if (chance.once(4)) await sleep(systemClock, 1);
  }
  const how = chance.pick(['end', 'destroy', 'reset']);
  if (how === 'end') {
    stream.end();
    await sleep(systemClock, 2);
  }
  if (how === 'reset' && !(stream instanceof TLSSocket)) stream.resetAndDestroy();
  else stream.destroy();
}

const cut = (chance: Chance, whole: Buffer): Buffer[] => {
  const at = chance.int(whole.length + 1);
  return [whole.subarray(0, at), whole.subarray(at)];
};

function overStreams(name: string, share: number, open: (world: World) => Stream, raw?: typeof tls): Attack {
  return {
    name,
    share,
    async open(world, chance) {
      const next = nextOf(sipTcp, chance);
      const noise = raw && nextOf(raw, chance);
      const one = async () => {
        const inputs = Array.from({ length: 10 }, () => next().subarray(8));
        const pieces = inputs.flatMap((input) => cut(chance, relocate(input, 5060, world.sipPort)));
        if (noise && chance.once(2)) await say(connectPlain(world.tlsPort, '127.0.0.1'), [noise()], chance);
        await say(open(world), pieces, chance);
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

export const tcp = overStreams('sip-tcp', 150, (world) => connectPlain(world.sipPort, '127.0.0.1'));
export const secure = overStreams(
  'sip-tls',
  20,
  (world) => connectTls({ port: world.tlsPort, host: '127.0.0.1', rejectUnauthorized: false }),
  tls,
);

/** Packets in one call. */
const PACKETS = 1000;

/** RTP, SRTP, RTCP and STUN into the ports of a call that is up. */
export const media: Attack = {
  name: 'rtp',
  share: 200,
  async open(world, chance) {
    const makers = [nextOf(rtp, chance), nextOf(rtpBursts, chance)];
    let calls = 0;
    return {
      async go() {
        const heard: string[] = [];
        const peer = await Pinger.open(world, (text) => heard.push(text));
        const sound = createSocket('udp4').on('error', () => {});
        await once(sound.bind(0, '127.0.0.1'), 'listening');
        const call = `rtp-${peer.port}-${calls++}`;
        const request = (method: string, to: string, seq: number, body = '') =>
          [
            `${method} sip:${world.number}@127.0.0.1:${world.sipPort} SIP/2.0`,
            `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${call}${method};rport`,
            'Max-Forwards: 70',
            `From: <sip:rtp@127.0.0.1>;tag=a`,
            `To: ${to}`,
            `Call-ID: ${call}`,
            `CSeq: ${seq} ${method}`,
            `Contact: <sip:rtp@127.0.0.1:${peer.port}>`,
            ...(body ? ['Content-Type: application/sdp'] : []),
            `Content-Length: ${body.length}`,
            '',
            body,
          ].join('\r\n');
        const offer = SDP.replaceAll('10.0.0.9', '127.0.0.1').replace(
          'audio 4000',
          `audio ${sound.address().port}`,
        );
        peer.send(request('INVITE', `<sip:${world.number}@127.0.0.1>`, 1, offer));
        const answer = await findSoon(
          heard,
          (text) => text.startsWith('SIP/2.0 200') && text.includes('INVITE'),
        );
        if (answer) {
          const to = /^To: (.*)\r$/m.exec(answer)?.[1] ?? '';
          const port = Number(/^m=audio (\d+)/m.exec(answer)?.[1]);
          peer.send(request('ACK', to, 1));
          for (let sent = 0; sent < PACKETS; sent++) {
            const input = chance.pick(makers)();
            sound.send(input.subarray(1, 1401), port + (chance.once(8) ? 1 : 0), '127.0.0.1');
            if (sent % 25 === 0) await sleep(systemClock, 5);
          }
          peer.send(request('BYE', to, 2));
        }
        await peer.ping();
        sound.close();
        peer.close();
        return PACKETS;
      },
      async close() {},
    };
  },
};

async function findSoon(heard: string[], fits: (text: string) => boolean): Promise<string | undefined> {
  for (let waits = 0; waits < 200; waits++) {
    const found = heard.find(fits);
    if (found) return found;
    await sleep(systemClock, 10);
  }
  return undefined;
}
