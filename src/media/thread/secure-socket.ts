import type { DatagramHandler, Endpoint, RtpSocket } from '../../net/index.ts';
import { isRtcp, SrtpContext } from '../../rtp/index.ts';
import type { SrtpKeys } from '../agreement.ts';

/** SRTP and SRTCP of one session. A context lasts as long as its key, since it counts packets. */
export class Protection {
  readonly send: SrtpContext;
  readonly receive: SrtpContext;
  #keys: SrtpKeys;

  /** @param before the previous protection: a direction with the same key keeps its counters (RFC 3711 §3.3.1). */
  constructor(keys: SrtpKeys, before?: Protection | null) {
    const { send, receive, tagBytes, mkiBytes } = keys;
    const known = before ? before.#keys : undefined;
    const same = known?.tagBytes === tagBytes;
    const keepsSend = same && known?.send === send;
    const keepsReceive = same && known?.receive === receive && known.mkiBytes === mkiBytes;
    this.#keys = keys;
    this.send = (keepsSend && before?.send) || new SrtpContext(Buffer.from(send, 'base64'), { tagBytes });
    this.receive =
      (keepsReceive && before?.receive) ||
      new SrtpContext(Buffer.from(receive, 'base64'), { tagBytes, mkiBytes });
  }
}

/** An RTP socket that uses SRTP (RFC 3711) while `protection` is set: drops packets that are not authentic. */
export class SecureSocket implements RtpSocket {
  protection: Protection | null = null;
  #socket: RtpSocket;
  #taker: DatagramHandler | undefined;

  constructor(socket: RtpSocket) {
    this.#socket = socket;
  }

  get port(): number {
    return this.#socket.port;
  }

  get packet(): Buffer {
    return this.#socket.packet;
  }

  get unsent(): number {
    return this.#socket.unsent;
  }

  setRemote(to: Endpoint): void {
    this.#socket.setRemote(to);
  }

  connect(to: Endpoint): void {
    this.#socket.connect(to);
  }

  elapsedSince(arrivedAt: number): number {
    return this.#socket.elapsedSince(arrivedAt);
  }

  receive(take: DatagramHandler): void {
    this.#taker = take;
    this.#socket.receive(this.protection ? this.#open : take);
  }

  send(length: number): void {
    const context = this.protection?.send;
    this.#socket.send(context ? protect(context, this.packet, length) : length);
  }

  close(): void {
    this.#socket.close();
  }

  #open: DatagramHandler = (bytes, length, from, arrivedAt) => {
    const context = this.protection?.receive;
    const opened = isRtcp(bytes, 0, length)
      ? context?.unprotectRtcp(bytes, length)
      : context?.unprotect(bytes, length);
    if (opened !== undefined) this.#taker?.(bytes, opened, from, arrivedAt);
  };
}

/** Encrypts and signs a packet in place. @returns its new length. */
function protect(context: SrtpContext, packet: Buffer, length: number): number {
  return isRtcp(packet, 0, length) ? context.protectRtcp(packet, length) : context.protect(packet, length);
}
