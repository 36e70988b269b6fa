import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { freePort } from '../../e2e/support/peers.ts';
import { runAsPeer } from '../../e2e/support/priorities.ts';
import { systemClock } from '../../src/core/index.ts';
import { Beat } from '../../src/media/thread/beat.ts';
import { Inbox } from '../support/inbox.ts';
import { isLoud, rtp, TONE } from './caller.ts';

export const HOST = '127.0.0.1';

/** A message as it came: `what` is a method, or a status and the method, like `200 INVITE`. */
export interface Heard {
  what: string;
  at: number;
  text: string;
}

/** The first value of a field, as it is written. */
export const field = ({ text }: Heard, name: string): string =>
  new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(text)?.[1] ?? '';

export const tagOf = (heard: Heard, name: string): string =>
  /;tag=([^;>\s]+)/.exec(field(heard, name))?.[1] ?? '';

export const body = ({ text }: Heard): string => text.slice(text.indexOf('\r\n\r\n') + 4);

/** A session description of sound. */
export const sdp = (port: number, more: { codecs?: string; address?: string; says?: string } = {}): string =>
  [
    'v=0',
    `o=- ${port} ${version++} IN IP4 ${HOST}`,
    's=-',
    `c=IN IP4 ${more.address ?? HOST}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${more.codecs ?? '0'}`,
    ...(more.says ? [`a=${more.says}`] : []),
    '',
  ].join('\r\n');
let version = 1;

/**
 * A SIP peer over UDP, with an RTP port, that sends whatever the test passes, correct or not. It stores everything that
 * it receives. By itself it only answers BYE and CANCEL, unless it is `deaf`.
 */
export class RawPeer {
  readonly port: number;
  readonly mediaPort: number;
  readonly heard = new Inbox<Heard>(({ what }) => what);
  deaf = false;
  /** Packets with sound in them that came. */
  loud = 0;
  said = 0;
  ssrc = 1;
  payloadType = 0;
  #socket: Socket;
  #media: Socket;
  #beat: Beat | undefined;

  private constructor(socket: Socket, media: Socket) {
    this.#socket = socket;
    this.#media = media;
    this.port = socket.address().port;
    this.mediaPort = media.address().port;
    socket.on('message', (bytes, from) => this.#take(bytes.toString('latin1'), from.port));
    media.on('message', (bytes) => {
      if (bytes.length >= 172 && isLoud(bytes.subarray(12))) this.loud++;
    });
  }

  static async open(): Promise<RawPeer> {
    runAsPeer();
    return new RawPeer(await bound(), await bound());
  }

  get uri(): string {
    return `sip:raw@${HOST}:${this.port}`;
  }

  /** Sends it as it is. */
  send(text: string, port: number): void {
    this.#socket.send(text, port, HOST);
  }

  /** The next message of this kind that was not asked for before. */
  hear(what: string, matches: (heard: Heard) => boolean = () => true): Promise<Heard> {
    return this.heard.take((heard) => heard.what === what && matches(heard), what);
  }

  count(what: string): number {
    return this.heard.all.filter((heard) => heard.what === what).length;
  }

  /** Answers a request as it came. @param tag of its To, where it has none. */
  answer(
    request: Heard,
    status: number,
    { tag = 'raw', sdp = '', port }: { tag?: string; sdp?: string; port: number },
  ): void {
    const to = field(request, 'To');
    const vias = [...request.text.matchAll(/^Via:.*?\r$/gim)].map(([line]) => line.trim());
    const lines = [
      `SIP/2.0 ${status} Said`,
      ...vias,
      `From: ${field(request, 'From')}`,
      `To: ${to}${to.includes(';tag=') || status === 100 ? '' : `;tag=${tag}`}`,
      ...['Call-ID', 'CSeq'].map((name) => `${name}: ${field(request, name)}`),
      `Contact: <${this.uri}>`,
      ...(sdp ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${sdp.length}`,
    ];
    this.send(`${lines.join('\r\n')}\r\n\r\n${sdp}`, port);
  }

  /** Says a tone to where a session description wants it. */
  talk(description: string): void {
    const port = Number(/^m=audio (\d+)/m.exec(description)?.[1]);
    this.#beat?.stop();
    this.#beat = new Beat(systemClock, () => {
      const at = this.said++;
      this.#media.send(rtp(this.payloadType, at, at, this.ssrc, TONE), port, HOST);
    });
    this.#beat.start();
  }

  stopAudio(): void {
    this.#beat?.stop();
  }

  close(): void {
    this.stopAudio();
    this.#socket.close();
    this.#media.close();
  }

  #take(text: string, port: number): void {
    const status = /^SIP\/2\.0 (\d+)/.exec(text)?.[1];
    const method = /^CSeq: *\d+ +(\w+)/im.exec(text)?.[1] ?? '';
    const heard = {
      what: status ? `${status} ${method}` : (text.split(' ')[0] ?? ''),
      at: systemClock.monotonic(),
      text,
    };
    if (!this.deaf && (heard.what === 'BYE' || heard.what === 'CANCEL')) this.answer(heard, 200, { port });
    this.heard.add(heard);
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4').bind(freePort(), HOST);
  await once(socket, 'listening');
  return socket;
}
