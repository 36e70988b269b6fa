import type { Clock, Timer } from '../../kit/index.ts';
import type { Endpoint, Listener, Network, Stream } from '../../net/index.ts';
import type { Counters } from './counters.ts';
import type { Intake } from './intake.ts';
import { TcpFlow } from './tcp-flow.ts';

const CONNECT_TIMEOUT_MS = 4000;
const MAX_CONNECTIONS = 4096;

const key = ({ address, port }: Endpoint): string => `${address}:${port}`;

/** SIP over TCP: connections are kept and used again, whoever opened them (RFC 3261 §18). */
export class TcpTransport {
  #clock: Clock;
  #network: Network;
  #intake: Intake;
  #counters: Counters;
  #listener: Listener | undefined;
  #flows = new Map<string, TcpFlow>();
  #opening = new Map<string, Promise<TcpFlow>>();
  #closed = new AbortController();

  constructor(clock: Clock, network: Network, intake: Intake, counters: Counters) {
    this.#clock = clock;
    this.#network = network;
    this.#intake = intake;
    this.#counters = counters;
  }

  async listen(at: Endpoint): Promise<Endpoint> {
    this.#listener = await this.#network.listen(at, (stream) => this.#accept(stream));
    return this.#listener.local;
  }

  /** @throws when there is no connection within 4 s. */
  flowTo(to: Endpoint): TcpFlow | Promise<TcpFlow> {
    const name = key(to);
    const open = this.#flows.get(name) ?? this.#opening.get(name);
    if (open) return open;
    const opening = this.#connect(to).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the transport was closed'));
    const listening = this.#listener?.close();
    for (const flow of this.#flows.values()) flow.close();
    await listening;
  }

  async #connect(to: Endpoint): Promise<TcpFlow> {
    const given = new AbortController();
    const giveUp = () => given.abort(new Error(`no connection to ${key(to)} in ${CONNECT_TIMEOUT_MS} ms`));
    const timer: Timer = this.#clock.after(CONNECT_TIMEOUT_MS, giveUp);
    try {
      const signal = AbortSignal.any([given.signal, this.#closed.signal]);
      return this.#adopt(await this.#network.connect(to, signal));
    } finally {
      timer.cancel();
    }
  }

  #accept(stream: Stream): void {
    if (this.#flows.size < MAX_CONNECTIONS) return void this.#adopt(stream);
    this.#counters.tcp.dropped++;
    stream.handle({ data() {}, closed() {} });
    stream.close();
  }

  #adopt(stream: Stream): TcpFlow {
    const name = key(stream.remote);
    const flow = new TcpFlow(stream, this.#clock, this.#intake, this.#counters.tcp, () => {
      if (this.#flows.get(name) === flow) this.#flows.delete(name);
    });
    this.#flows.set(name, flow);
    return flow;
  }
}
