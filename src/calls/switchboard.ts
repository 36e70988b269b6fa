import { explain, type Ids, sleep } from '../kit/index.ts';
import type { CallRecord } from './call.ts';
import { type Ending, endingOf } from './ending.ts';
import type { Leg } from './ports.ts';
import { Session, type SessionPorts } from './session.ts';

/** Where a number leads. */
export interface Route {
  customerId: string;
  applicationId: string;
  answerUrl: string;
  routeMode: CallRecord['routeMode'];
  /** The application's id with route mode `webhook`, else what the number is routed to. */
  routingTarget: string;
}

/** A call that has come in and was found a route. */
export interface Arrival {
  leg: Leg;
  from: string;
  to: string;
  route: Route;
}

export interface SwitchboardPorts extends SessionPorts {
  ids: Ids;
  /** Leads a call from its first ring to the ending that it returns. */
  lead(session: Session): Promise<Ending>;
  /** Calls at once. */
  maxCalls: number;
}

/** All calls that are alive on this node. */
export class Switchboard {
  #ports: SwitchboardPorts;
  #live = new Map<string, Session>();
  #ends = new Set<Promise<void>>();
  #draining = false;

  constructor(ports: SwitchboardPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Whether another call can be taken now; if not, the caller is told to try again later. */
  get open(): boolean {
    return !this.#draining && this.#live.size < this.#ports.maxCalls;
  }

  /** The live call with this id. */
  session(callId: string): Session | undefined {
    return this.#live.get(callId);
  }

  sessions(): Iterable<Session> {
    return this.#live.values();
  }

  /** Takes a call in and leads it to its end. Resolves when it is over; never rejects. */
  arrive(arrival: Arrival): Promise<void> {
    const session = new Session(this.#inbound(arrival), arrival.leg, this.#ports);
    this.#live.set(session.id, session);
    const end = this.#lead(session)
      .catch((error) =>
        session.log.error({ error: explain(error) }, 'the end of the call could not be written'),
      )
      .finally(() => {
        this.#live.delete(session.id);
        this.#ends.delete(end);
      });
    this.#ends.add(end);
    return end;
  }

  /** Takes no more calls, lets the running ones go on for `ms`, then ends them; resolves when all are over. */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    const over = new AbortController();
    const deadline = sleep(this.#ports.clock, ms, over.signal).then(() => {
      for (const session of this.#live.values()) void session.end({ kind: 'completed', by: 'system' });
    });
    deadline.catch(() => {});
    while (this.#ends.size > 0) await Promise.all(this.#ends);
    over.abort();
  }

  async #lead(session: Session): Promise<void> {
    const { leg } = session;
    void leg.ended.then((end) => {
      // Where we ended the leg, whoever did so brings the ending.
      if (end.by !== 'application') return session.end(endingOf(end, session.answered));
    });
    session.log.info({ from: session.record.from, to: session.record.to }, 'call arrived');
    try {
      await session.report('call.created');
      await session.end(await this.#ports.lead(session));
    } catch (error) {
      if (!session.scope.closed) session.log.error({ error: explain(error) }, 'the call failed');
      const failure = { code: 'internal_error', message: 'MiniVoice could not go on with the call.' };
      await session.end({ kind: 'failed', error: failure, blame: 'us' });
    }
  }

  #inbound({ leg, from, to, route }: Arrival): CallRecord {
    const now = Math.round(this.#ports.clock.now());
    return {
      ...route,
      id: this.#ports.ids.next('call'),
      providerCallId: leg.id,
      status: 'ringing',
      direction: 'inbound',
      from,
      to,
      metadata: {},
      variables: {},
      createdAt: now,
      dialingAt: null,
      ringingAt: now,
      answeredAt: null,
      endedAt: null,
      reason: null,
      endedBy: null,
      sipStatus: null,
      error: null,
    };
  }
}
