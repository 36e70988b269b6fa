import type { Server } from '../../e2e/support/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read fields of received JSON.
export type Wire = Record<string, any>;

/** A request answered with 2xx, which must hold whatever happens then. */
export interface Promised {
  what: 'place' | 'start' | 'stop' | 'pause' | 'resume' | 'hangup';
  callId: string;
  /** The recording in the answer. */
  recording?: Wire;
}

/** A request for a call, which may be repeated. */
interface Order {
  body: Wire;
  /** The call in the answer; undefined if there was no answer. */
  callId?: string;
}

const TOO_LATE = new Set(['active_call_not_found', 'recording_not_started', 'recording_start_failed']);

/** A REST client that remembers what it was promised. */
export class Rest {
  readonly promised: Promised[] = [];
  /** By `Idempotency-Key`. */
  readonly orders = new Map<string, Order>();
  /** Requests repeated after a crash, and how many of these had no answer before. */
  readonly counts = { repeated: 0, unknown: 0 };
  readonly broken: string[] = [];
  #server: Server;
  #key: string;
  #repeated = new Set<string>();

  constructor(server: Server, key: string) {
    this.#server = server;
    this.#key = key;
  }

  /** Continues with another server process. */
  set server(server: Server) {
    this.#server = server;
  }

  /** Requests a call. @returns its id; undefined without an answer */
  async place(key: string, body: Wire): Promise<string | undefined> {
    const order: Order = { body };
    this.orders.set(key, order);
    const call = await this.#post('/v1/calls', body, key);
    if (!call) return undefined;
    order.callId = call['id'];
    this.promised.push({ what: 'place', callId: call['id'] });
    return call['id'];
  }

  /** Repeats the request for every call of earlier processes: none may be created twice. */
  async repeat(): Promise<void> {
    for (const [key, order] of this.orders) {
      if (this.#repeated.has(key)) continue;
      this.#repeated.add(key);
      this.counts.repeated++;
      if (!order.callId) this.counts.unknown++;
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

  /** @returns undefined if it was refused, or the server died meanwhile */
  async #post(path: string, body: Wire, key?: string): Promise<Wire | undefined> {
    const repeat = key === undefined ? {} : { 'Idempotency-Key': key };
    const headers = { Authorization: `Bearer ${this.#key}`, 'Content-Type': 'application/json', ...repeat };
    try {
      const answer = await fetch(this.#server.http + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      const received = (await answer.json()) as Wire;
      if (answer.ok) return received;
      // A command to a call that ends at this moment is refused with that reason.
      if (!TOO_LATE.has(received['error']?.code))
        this.broken.push(`${path} answered ${answer.status} ${JSON.stringify(received)}`);
    } catch {}
    return undefined;
  }
}
