import type { Datagrams, Endpoint, Network } from '../../net/index.ts';
import { parseMessage, SipSyntaxError } from '../message/index.ts';
import type { Counters } from './counters.ts';
import type { Flow, Hop } from './flow.ts';
import type { Intake } from './intake.ts';

/** SIP over UDP: one message, one datagram. */
export class UdpTransport {
  #datagrams: Datagrams | undefined;
  #intake: Intake;
  #counters: Counters;

  constructor(intake: Intake, counters: Counters) {
    this.#intake = intake;
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
    // Keep-alives of phones behind NAT: CRLF (RFC 5626 §3.5.1), or a zero byte or two.
    if (data.length <= 4) return;
    const flow = this.flowTo(from);
    try {
      this.#intake.take(parseMessage(data), flow);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      this.#intake.reject(error, flow);
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
