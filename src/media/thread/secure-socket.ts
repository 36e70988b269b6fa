import type { DatagramHandler, Endpoint, RtpSocket } from '../../net/index.ts';
import { isRtcp, RTCP_TRAILER_BYTES, SrtpContext } from '../../rtp/index.ts';
import type { SrtpKeys } from '../agreement.ts';

/** The longest packet that is sent, with what protection adds to it. */
const MAX_BYTES = 1500 + RTCP_TRAILER_BYTES;
/** The packet that is being sent. */
const PACKET = Buffer.alloc(MAX_BYTES);

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

  send(bytes: Uint8Array, length: number): void {
    if (this.protection) this.#sendSealed(this.protection.send, bytes, length);
    else this.#socket.send(bytes, length);
  }

  close(): void {
    this.#socket.close();
  }

  #sendSealed(context: SrtpContext, bytes: Uint8Array, length: number): void {
    PACKET.set(bytes.subarray(0, length));
    const sealed = isRtcp(PACKET, 0, length)
      ? context.protectRtcp(PACKET, length)
      : context.protect(PACKET, length);
    this.#socket.send(PACKET, sealed);
  }

  #open: DatagramHandler = (bytes, length, from, arrivedAt) => {
    const context = this.protection?.receive;
    const opened = isRtcp(bytes, 0, length)
      ? context?.unprotectRtcp(bytes, length)
      : context?.unprotect(bytes, length);
    if (opened !== undefined) this.#taker?.(bytes, opened, from, arrivedAt);
  };
}
