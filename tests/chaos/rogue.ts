import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/index.ts';

const DOCUMENT = JSON.stringify({ actions: [{ hangup: {} }] });

/** How a web server can misbehave, by the requested path. */
const misbehaviors = {
  'answers 500': (response) => void response.writeHead(500).end('{}'),
  'answers too late': (response) => void systemClock.after(8000, () => response.end(DOCUMENT)),
  'never ends its response': (response) => void response.write('{"actions":['),
  'announces more than it sends': (response) => {
    response.writeHead(200, { 'Content-Length': DOCUMENT.length + 100 }).write(DOCUMENT);
    response.socket?.end();
  },
  'sends more than it announces': (response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${DOCUMENT}`);
  },
  'answers 10 MB': (response) => void response.end(`{"actions":[${' '.repeat(10_000_000)}]}`),
  redirects: (response) => void response.writeHead(302, { Location: 'http://169.254.169.254/' }).end(),
  'breaks off in the response': (response) => {
    response.writeHead(200, { 'Content-Length': DOCUMENT.length }).write(DOCUMENT.slice(0, 10));
    systemClock.after(50, () => response.socket?.resetAndDestroy());
  },
  'sends one byte per second': (response) => {
    const drip = () => {
      if (!response.writableEnded && response.write(' ')) systemClock.after(1000, drip);
    };
    drip();
    response.on('close', () => response.end());
  },
  'answers with something else': (response) => void response.end('<html>It works!</html>'),
} satisfies Record<string, (response: ServerResponse) => void>;

export type Misbehavior = keyof typeof misbehaviors;

/** A web server that misbehaves. */
export class Rogue {
  #server = createServer((request, response) => {
    request.resume();
    const name = decodeURIComponent(request.url!.slice(1)) as Misbehavior;
    response.on('error', () => {});
    (misbehaviors[name] as (response: ServerResponse) => void)(response);
  });

  static async start(): Promise<Rogue> {
    const rogue = new Rogue();
    await once(rogue.#server.listen(0, '127.0.0.1'), 'listening');
    return rogue;
  }

  url(misbehavior: Misbehavior): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${encodeURIComponent(misbehavior)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
