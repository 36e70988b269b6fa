import type { Datagrams, Endpoint, Network } from '../../net/index.ts';
import { parseMessage, SipSyntaxError } from '../message/index.ts';
import type { Counters, Flow, Hop } from './flow.ts';
import type { MessageReceiver } from './message-receiver.ts';

/** SIP over UDP: one message per datagram. */
export class UdpTransport {
  #datagrams: Datagrams | undefined;
  #receiver: MessageReceiver;
  #counters: Counters;

  constructor(receiver: MessageReceiver, counters: Counters) {
    this.#receiver = receiver;
    this.#counters = counters;
  }

  async listen(network: Network, at: Endpoint): Promise<Endpoint> {
    this.#datagrams = await network.bind(at, (data, from) => this.#receive(data, from));
    return this.#datagrams.local;
  }

  flowTo({ address, port }: Endpoint): Flow {
    return new UdpFlow({ transport: 'udp', address, port }, this);
  }

  send(data: Buffer, to: Endpoint, failed?: (error: Error) => void): void {
    this.#counters.udp.sent++;
    this.#datagrams?.send(data, to, (error) => {
      this.#counters.udp.failed++;
      failed?.(error);
    });
  }

  async close(): Promise<void> {
    await this.#datagrams?.close();
    this.#datagrams = undefined;
  }

  #receive(data: Buffer, from: Endpoint): void {
    // Keep-alives of phones behind NAT: CRLF (RFC 5626 §3.5.1), or one or two zero bytes.
    if (data.length <= 4) return;
    const flow = this.flowTo(from);
    try {
      this.#receiver.receive(parseMessage(data), flow);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      this.#receiver.reject(error, flow);
    }
  }
}

class UdpFlow implements Flow {
  readonly remote: Hop;
  readonly reliable = false;
  #transport: UdpTransport;

  constructor(remote: Hop, transport: UdpTransport) {
    this.remote = remote;
    this.#transport = transport;
  }

  send(data: Buffer, failed?: (error: Error) => void): void {
    this.#transport.send(data, this.remote, failed);
  }

  at(port: number): Flow {
    return new UdpFlow({ ...this.remote, port }, this.#transport);
  }
}
