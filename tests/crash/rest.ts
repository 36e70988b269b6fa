import type { Server } from '../../e2e/support/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at field by field.
export type Wire = Record<string, any>;

/** What was answered with 2xx: whatever happens then, it must be so. */
export interface Promised {
  what: 'place' | 'start' | 'stop' | 'pause' | 'resume' | 'hangup';
  callId: string;
  /** As it was in the answer. */
  recording?: Wire;
}

/** A request for a call, which may be repeated. */
interface Order {
  body: Wire;
  /** The call that it was answered with; undefined: nobody knows what has become of it. */
  callId?: string;
}

const TOO_LATE = new Set(['active_call_not_found', 'recording_not_started', 'recording_start_failed']);

/** REST as an application uses it, which remembers what it was promised. */
export class Rest {
  readonly promised: Promised[] = [];
  /** By `Idempotency-Key`. */
  readonly orders = new Map<string, Order>();
  /** Requests that were repeated after a crash, and those of them of which nobody knew what had become. */
  readonly figures = { repeated: 0, unknown: 0 };
  readonly broken: string[] = [];
  #server: Server;
  #key: string;
  #repeated = new Set<string>();

  constructor(server: Server, key: string) {
    this.#server = server;
    this.#key = key;
  }

  /** The server is another one from now on. */
  set server(server: Server) {
    this.#server = server;
  }

  /** Asks for a call. @returns its id; undefined when there was no answer. */
  async place(key: string, body: Wire): Promise<string | undefined> {
    const order: Order = { body };
    this.orders.set(key, order);
    const call = await this.#post('/v1/calls', body, key);
    if (!call) return undefined;
    order.callId = call['id'];
    this.promised.push({ what: 'place', callId: call['id'] });
    return call['id'];
  }

  /** Asks once more for every call of the processes before: none may come of it that was there already. */
  async repeat(): Promise<void> {
    for (const [key, order] of this.orders) {
      if (this.#repeated.has(key)) continue;
      this.#repeated.add(key);
      this.figures.repeated++;
      if (!order.callId) this.figures.unknown++;
      const call = await this.#post('/v1/calls', order.body, key);
      if (!call) this.broken.push(`${key} cannot be repeated`);
      else if (order.callId && order.callId !== call['id'])
        this.broken.push(`${key} was ${order.callId}, and is ${call['id']}`);
      else order.callId = call['id'];
    }
  }

  async record(
    callId: string,
    action: 'start' | 'stop' | 'pause' | 'resume',
    more: Wire = {},
  ): Promise<void> {
    const answer = await this.#post(`/v1/calls/${callId}/recordings`, { action, ...more });
    if (answer) this.promised.push({ what: action, callId, recording: answer['data'].recording });
  }

  async hangup(callId: string): Promise<void> {
    if (await this.#post(`/v1/calls/${callId}/hangup`, {})) this.promised.push({ what: 'hangup', callId });
  }

  /** @returns undefined when it was refused, or the server died over it. */
  async #post(path: string, body: Wire, key?: string): Promise<Wire | undefined> {
    const repeat = key === undefined ? {} : { 'Idempotency-Key': key };
    const headers = { Authorization: `Bearer ${this.#key}`, 'Content-Type': 'application/json', ...repeat };
    try {
      const answer = await fetch(this.#server.http + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      const told = (await answer.json()) as Wire;
      if (answer.ok) return told;
      // Whoever orders something of a call that ends at this moment is told so.
      if (!TOO_LATE.has(told['error']?.code))
        this.broken.push(`${path} answered ${answer.status} ${JSON.stringify(told)}`);
    } catch {}
    return undefined;
  }
}
