import type { Endpoint, Network, Stream } from '../../../src/net/index.ts';

/** A network on which nobody can be connected to and no name is known; what goes out by UDP is handed to `said`. */
export class LonelyNetwork implements Network {
  protected received: (data: Buffer, from: Endpoint) => void = () => {};
  protected accepted: (stream: Stream) => void = () => {};
  protected said: (data: Buffer) => void = () => {};

  async bind(local: Endpoint, received: (data: Buffer, from: Endpoint) => void) {
    this.received = received;
    return { local, send: (data: Buffer) => this.said(data), close: async () => {} };
  }

  async listen(local: Endpoint, accepted: (stream: Stream) => void) {
    this.accepted = accepted;
    return { local, close: async () => {} };
  }

  async connect(): Promise<never> {
    throw new Error('connect ECONNREFUSED');
  }

  async resolve(host: string): Promise<string[]> {
    if (/^[\d.]+$/.test(host)) return [host];
    throw new Error('getaddrinfo ENOTFOUND');
  }

  async services(): Promise<never[]> {
    return [];
  }
}
