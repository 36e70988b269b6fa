import { detach, explain, type Ids, sleep } from '../core/index.ts';
import type { CallRecord } from './call.ts';
import { type Ending, endingOf } from './ending.ts';
import type { DialledLeg, Leg, RepeatKey } from './ports.ts';
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
  /** The SIP header fields that the application is told. */
  sipHeaders?: Record<string, string>;
  /** The caller's number comes from one of the operator's trunks. */
  isCallerTrusted?: boolean;
}

/** A call that we place for an application. */
export interface Placement extends Omit<Arrival, 'leg' | 'isCallerTrusted'> {
  leg: DialledLeg;
  metadata: Record<string, unknown>;
  variables: Record<string, string>;
  /** Of the request that asks for the call: kept with it. */
  repeatKey?: RepeatKey | undefined;
}

export interface SwitchboardPorts extends SessionPorts {
  ids: Ids;
  /** Leads a call from its first ring to the ending that it returns. */
  lead(session: Session): Promise<Ending>;
}

/** All calls that are alive on this node. */
export class Switchboard {
  #ports: SwitchboardPorts;
  #live = new Map<string, Session>();
  #ends = new Set<Promise<void>>();
  #closing = false;

  constructor(ports: SwitchboardPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The live call with this id. */
  session(callId: string): Session | undefined {
    return this.#live.get(callId);
  }

  sessions(): Iterable<Session> {
    return this.#live.values();
  }

  /** Takes a call in and leads it to its end. Resolves when it is over; never rejects. */
  arrive({ leg, from, to, route, sipHeaders = {}, isCallerTrusted = false }: Arrival): Promise<void> {
    const now = this.#now();
    const record = {
      ...this.#blank(leg, route),
      from,
      to,
      sipHeaders,
      status: 'ringing',
      ringingAt: now,
    } as const;
    return this.#take(
      new Session({ ...record, direction: 'inbound' }, leg, { ...this.#ports, isCallerTrusted }),
    ).over;
  }

  /**
   * Leads a call that we place from its dialling to its end. Resolves as soon as it is written, with the
   * call as it was then, whatever it has become since; rejects when it cannot be.
   * @param lead leads this call, in place of what leads all others.
   */
  async place(placement: Placement, lead = this.#ports.lead): Promise<CallRecord> {
    const { leg, from, to, route, repeatKey, ...more } = placement;
    const record = { ...this.#blank(leg, route), ...more, from, to, status: 'dialing' } as const;
    const session = new Session(
      { ...record, direction: 'outbound', dialingAt: this.#now() },
      leg,
      this.#ports,
    );
    const placed = session.record;
    leg.progress.on(() => {
      session
        .ring()
        .catch((error) => session.log.error({ error: explain(error) }, 'ringing could not be written'));
    });
    await this.#take(session, lead, repeatKey).created;
    return placed;
  }

  /** Hangs up a live call for the application: one that is not answered yet is refused or taken back. */
  hangup(callId: string): void {
    const session = this.#live.get(callId);
    if (!session) return;
    session.note('hangup', { source: 'api' });
    if (session.answered) detach('calls.hangup', session.end({ kind: 'completed', by: 'application' }));
    else if (session.record.direction === 'outbound')
      detach('calls.hangup', session.end({ kind: 'canceled', by: 'application' }));
    else {
      session.leg.refuse('rejected');
      detach('calls.hangup', session.end({ kind: 'refused', reason: 'rejected' }));
    }
  }

  /**
   * Lets the running calls go on for `ms`, or until `hasten` is aborted, then ends them and whatever comes still;
   * resolves when all are over.
   */
  async drain(ms: number, hasten?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const signal = hasten ? AbortSignal.any([hasten, over.signal]) : over.signal;
    const hangUp = () => {
      this.#closing = true;
      for (const session of this.#live.values()) this.#stop(session);
    };
    const deadline = sleep(this.#ports.clock, ms, signal)
      .catch(() => {})
      .then(hangUp);
    while (this.#ends.size > 0) await Promise.all(this.#ends);
    over.abort();
    await deadline;
  }

  #stop(session: Session): void {
    detach(
      'calls.switchboard',
      session.end({ kind: session.answered ? 'completed' : 'canceled', by: 'system' }),
    );
  }

  #take(session: Session, lead = this.#ports.lead, repeatKey?: RepeatKey) {
    this.#live.set(session.id, session);
    const created = session.create(repeatKey);
    const over = this.#lead(session, created, lead)
      .catch((error) =>
        session.log.error({ error: explain(error) }, 'the end of the call could not be written'),
      )
      .finally(() => {
        this.#live.delete(session.id);
        this.#ends.delete(over);
      });
    this.#ends.add(over);
    if (this.#closing) this.#stop(session);
    return { created, over };
  }

  async #lead(session: Session, created: Promise<void>, lead: SwitchboardPorts['lead']): Promise<void> {
    const { from, to, direction } = session.record;
    detach(
      'calls.switchboard',
      session.leg.ended.then((end) => {
        // Where we ended the leg, whoever did so brings the ending.
        if (end.by !== 'application') detach('calls.switchboard', session.end(endingOf(end, session.record)));
      }),
    );
    session.log.info({ from, to, direction }, 'call begins');
    try {
      await created;
    } catch (error) {
      session.leg.refuse('overloaded');
      await session.scope.close(error);
      session.log.warn({ error: explain(error) }, 'the call was refused');
      return;
    }
    try {
      await session.end(await lead(session));
    } catch (error) {
      if (!session.scope.closed) session.log.error({ error: explain(error) }, 'the call failed');
      const failure = { code: 'internal_error', message: 'MiniVoice could not go on with the call.' };
      await session.end({ kind: 'failed', error: failure, blame: 'us' });
    }
  }

  #now(): number {
    return Math.round(this.#ports.clock.now());
  }

  #blank(leg: Leg, route: Route) {
    return {
      ...route,
      id: this.#ports.ids.next('call'),
      providerCallId: leg.id,
      metadata: {},
      variables: {},
      createdAt: this.#now(),
      dialingAt: null,
      ringingAt: null,
      answeredAt: null,
      endedAt: null,
      reason: null,
      endedBy: null,
      sipStatus: null,
      error: null,
      costAmount: null,
      costCurrency: null,
      sipHeaders: {},
    };
  }
}
