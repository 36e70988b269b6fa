import { detach, explain, type Ids, sleep } from '../core/index.ts';
import type { CallRecord } from './call.ts';
import { type Ending, endingOf } from './ending.ts';
import type { DialedLeg, IdempotencyKey, Leg } from './ports.ts';
import { Session, type SessionDeps } from './session.ts';

/** What handles a call: the actions of an application, a refusal, or a SIP URI. */
export interface CallRoute {
  customerId: string;
  applicationId: string;
  answerUrl: string;
  routeMode: CallRecord['routeMode'];
  /** The application's id in route mode `webhook`; otherwise the target of the number. */
  routingTarget: string;
}

/** A new inbound call, with its leg and its route. */
export interface InboundCall {
  leg: Leg;
  from: string;
  to: string;
  route: CallRoute;
  /** The SIP header fields that are reported to the application. */
  sipHeaders?: Record<string, string>;
  /** The call came in on one of the operator's trunks, so the caller's number is reliable. */
  isCallerTrusted?: boolean;
}

/** A new outbound call for an application, with its leg. */
export interface OutboundCall extends Omit<InboundCall, 'leg' | 'isCallerTrusted'> {
  leg: DialedLeg;
  metadata: Record<string, unknown>;
  variables: Record<string, string>;
  /** The key of the request that places the call, stored with the call. */
  idempotencyKey?: IdempotencyKey | undefined;
}

export interface SwitchboardDeps extends SessionDeps {
  ids: Ids;
  /** Runs the flow of a call from its first ring, and resolves with its ending. */
  runFlow(session: Session): Promise<Ending>;
}

/** The live calls of this process. */
export class Switchboard {
  #deps: SwitchboardDeps;
  #live = new Map<string, Session>();
  #running = new Set<Promise<void>>();
  #closing = false;

  constructor(deps: SwitchboardDeps) {
    this.#deps = deps;
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

  /** Runs an inbound call. Resolves when it has ended; never rejects. */
  arrive({ leg, from, to, route, sipHeaders = {}, isCallerTrusted = false }: InboundCall): Promise<void> {
    const now = this.#now();
    const record = {
      ...this.#newRecord(leg, route),
      from,
      to,
      sipHeaders,
      status: 'ringing',
      ringingAt: now,
    } as const;
    return this.#start(
      new Session({ ...record, direction: 'inbound' }, leg, { ...this.#deps, isCallerTrusted }),
    ).over;
  }

  /**
   * Runs an outbound call. Resolves with the new call as soon as it is written; rejects if it cannot be written.
   * @param runFlow replaces the flow of this call.
   */
  async place(placement: OutboundCall, runFlow = this.#deps.runFlow): Promise<CallRecord> {
    const { leg, from, to, route, idempotencyKey, ...more } = placement;
    const record = { ...this.#newRecord(leg, route), ...more, from, to, status: 'dialing' } as const;
    const session = new Session(
      { ...record, direction: 'outbound', dialingAt: this.#now() },
      leg,
      this.#deps,
    );
    const placed = session.record;
    leg.progress.on(() => {
      session
        .markRinging()
        .catch((error) =>
          session.log.error({ error: explain(error) }, 'could not record that the far end rings'),
        );
    });
    await this.#start(session, runFlow, idempotencyKey).created;
    return placed;
  }

  /** Hangs up a live call for the application. A call that is not answered yet is refused or canceled. */
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
   * Waits for live calls for `ms`, or until `hasten` is aborted, then ends them and all new ones. Resolves when all have
   * ended.
   */
  async drain(ms: number, hasten?: AbortSignal): Promise<void> {
    const done = new AbortController();
    const signal = hasten ? AbortSignal.any([hasten, done.signal]) : done.signal;
    const hangUp = () => {
      this.#closing = true;
      for (const session of this.#live.values()) this.#stop(session);
    };
    const deadline = sleep(this.#deps.clock, ms, signal)
      .catch(() => {})
      .then(hangUp);
    while (this.#running.size > 0) await Promise.all(this.#running);
    done.abort();
    await deadline;
  }

  #stop(session: Session): void {
    detach(
      'calls.switchboard',
      session.end({ kind: session.answered ? 'completed' : 'canceled', by: 'system' }),
    );
  }

  #start(session: Session, runFlow = this.#deps.runFlow, idempotencyKey?: IdempotencyKey) {
    this.#live.set(session.id, session);
    const created = session.create(idempotencyKey);
    const over = this.#run(session, created, runFlow)
      .catch((error) => session.log.error({ error: explain(error) }, 'could not record the end of the call'))
      .finally(() => {
        this.#live.delete(session.id);
        this.#running.delete(over);
      });
    this.#running.add(over);
    if (this.#closing) this.#stop(session);
    return { created, over };
  }

  async #run(session: Session, created: Promise<void>, runFlow: SwitchboardDeps['runFlow']): Promise<void> {
    const { from, to, direction } = session.record;
    detach(
      'calls.switchboard',
      session.leg.ended.then((end) => {
        // If the application ended the leg, its flow provides the ending.
        if (end.by !== 'application') detach('calls.switchboard', session.end(endingOf(end, session.record)));
      }),
    );
    session.log.info({ from, to, direction }, 'call started');
    try {
      await created;
    } catch (error) {
      session.leg.refuse('overloaded');
      await session.scope.close(error);
      session.log.warn({ error: explain(error) }, 'call refused: it could not be recorded');
      return;
    }
    try {
      await session.end(await runFlow(session));
    } catch (error) {
      if (!session.scope.closed) session.log.error({ error: explain(error) }, 'call failed');
      const failure = { code: 'internal_error', message: 'An internal error ended the call.' };
      await session.end({ kind: 'failed', error: failure, blame: 'us' });
    }
  }

  #now(): number {
    return Math.round(this.#deps.clock.now());
  }

  #newRecord(leg: Leg, route: CallRoute) {
    return {
      ...route,
      id: this.#deps.ids.next('call'),
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
