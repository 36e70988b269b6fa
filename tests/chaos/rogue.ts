import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/index.ts';

const DOCUMENT = JSON.stringify({ actions: [{ hangup: {} }] });

/** Ways in which a web server can let us down, by the path that is asked. */
const ways = {
  'answers 500': (response) => void response.writeHead(500).end('{}'),
  'answers after the time is over': (response) => void systemClock.after(8000, () => response.end(DOCUMENT)),
  'never ends its answer': (response) => void response.write('{"actions":['),
  'promises more than it sends': (response) => {
    response.writeHead(200, { 'Content-Length': DOCUMENT.length + 100 }).write(DOCUMENT);
    response.socket?.end();
  },
  'sends more than it promises': (response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${DOCUMENT}`);
  },
  'answers 10 MB': (response) => void response.end(`{"actions":[${' '.repeat(10_000_000)}]}`),
  redirects: (response) => void response.writeHead(302, { Location: 'http://169.254.169.254/' }).end(),
  'breaks off in mid-answer': (response) => {
    response.writeHead(200, { 'Content-Length': DOCUMENT.length }).write(DOCUMENT.slice(0, 10));
    systemClock.after(50, () => response.socket?.resetAndDestroy());
  },
  'drips an octet a second': (response) => {
    const drip = () => {
      if (!response.writableEnded && response.write(' ')) systemClock.after(1000, drip);
    };
    drip();
    response.on('close', () => response.end());
  },
  'answers with something else': (response) => void response.end('<html>It works!</html>'),
} satisfies Record<string, (response: ServerResponse) => void>;

export type Way = keyof typeof ways;
export const WAYS = Object.keys(ways) as Way[];

/** A web server that misbehaves. */
export class Rogue {
  #server = createServer((request, response) => {
    request.resume();
    const name = decodeURIComponent(request.url!.slice(1)) as Way;
    response.on('error', () => {});
    (ways[name] as (response: ServerResponse) => void)(response);
  });

  static async start(): Promise<Rogue> {
    const rogue = new Rogue();
    await once(rogue.#server.listen(0, '127.0.0.1'), 'listening');
    return rogue;
  }

  url(way: Way): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${encodeURIComponent(way)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
