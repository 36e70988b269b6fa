import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/index.ts';
import { verifySignature } from '../../src/webhooks/index.ts';
import { Inbox } from './inbox.ts';

/** A request for actions. */
export interface ActionsRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  /** With GET: empty. */
  body: { reason?: string; call?: Wire; variables?: Record<string, string>; data?: Wire };
  /** Whether its signature is valid; true if the application has no secret. */
  verified: boolean;
}

/** An event from a webhook. */
export interface WebhookRequest {
  event: string;
  created_at: string;
  call: Wire;
  variables: Record<string, string>;
  data: Wire;
  headers: IncomingMessage['headers'];
  rawBody: string;
  verified: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read fields of received JSON.
type Wire = Record<string, any>;

/**
 * How the server misbehaves. `silent` never answers, `endless` never ends its answer, `garbage` is not JSON, `huge` is
 * 2 MiB, `reset` breaks the connection; a number is a status without a body.
 */
export type Misbehavior = 'silent' | 'endless' | 'garbage' | 'huge' | 'reset' | number;

/**
 * A response: a list of actions, another document, the bytes of a file, or a misbehavior. A function of the request may
 * return it.
 */
export type Script = Document | ((request: ActionsRequest) => Document | Promise<Document>);
type Document = object | Misbehavior;

/** A customer's application for tests: answers with scripted actions and collects events. */
export class AppServer {
  readonly requests = new Inbox<ActionsRequest>(({ method, path }) => `${method} ${path}`);
  readonly events = new Inbox<WebhookRequest>(({ event, call }) => `${event} of ${call['id']}`);
  /** The answer to a webhook: a status, or a misbehavior. */
  webhook: (event: WebhookRequest) => Misbehavior | Promise<Misbehavior> = () => 204;
  #scripts = new Map<string, Script>();
  #server = createServer((request, response) => void this.#take(request, response));
  #secret: string | undefined;

  private constructor(secret: string | undefined) {
    this.#secret = secret;
  }

  /** Listens on a free port of loopback; with `secret`, every request's signature is verified. */
  static async start(options: { secret?: string } = {}): Promise<AppServer> {
    const app = new AppServer(options.secret);
    await once(app.#server.listen(0, '127.0.0.1'), 'listening');
    return app;
  }

  /** The URL of a path, such as `/answer`. */
  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  get webhookUrl(): string {
    return this.url('/webhook');
  }

  /** Sets the answer of a path. @returns its URL */
  on(path: string, script: Script): string {
    this.#scripts.set(path, script);
    return this.url(path);
  }

  /** The next event of that name (and call, if given) that was not returned before. */
  next(event: string, callId?: string): Promise<WebhookRequest> {
    const matches = (one: WebhookRequest) => one.event === event && (!callId || one.call['id'] === callId);
    return this.events.take(matches, event);
  }

  /** The names of a call's events, in order of arrival. */
  eventNames(callId: string): string[] {
    return this.events.all.filter(({ call }) => call['id'] === callId).map(({ event }) => event);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request;
    const rawBody = Buffer.concat(await request.toArray()).toString();
    const now = systemClock.now() / 1000;
    const verified = !this.#secret || verifySignature(headers, rawBody, this.#secret, now);
    const url = new URL(request.url!, this.url('/'));
    if (url.pathname === '/webhook') {
      const event: WebhookRequest = { ...JSON.parse(rawBody), headers, rawBody, verified };
      const answer = await this.webhook(event);
      this.events.add(event);
      return reply(response, answer);
    }
    const body = rawBody ? JSON.parse(rawBody) : {};
    const query = Object.fromEntries(url.searchParams);
    const asked = { method: request.method!, path: url.pathname, query, headers, body, verified };
    this.requests.add(asked);
    const script = this.#scripts.get(url.pathname) ?? 404;
    reply(response, typeof script === 'function' ? await script(asked) : script);
  }
}

function reply(response: ServerResponse, answer: Document): void {
  if (Buffer.isBuffer(answer)) response.setHeader('Content-Type', 'audio/wav').end(answer);
  else if (typeof answer === 'object') {
    const document = Array.isArray(answer) ? { actions: answer } : answer;
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document));
  } else if (typeof answer === 'number') response.writeHead(answer).end();
  else misbehave(response, answer as Exclude<Misbehavior, number>);
}

function misbehave(response: ServerResponse, how: Exclude<Misbehavior, number>): void {
  switch (how) {
    case 'silent':
      return;
    case 'endless':
      response.write('{"actions":[');
      return;
    case 'garbage':
      response.end('<html>\u0000 it works!');
      return;
    case 'huge':
      response.end(JSON.stringify({ actions: [{ say: { text: 'x'.repeat(2 * 1024 * 1024) } }] }));
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
  }
}
