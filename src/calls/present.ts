import { formatAmount, rfc3339 } from '../core/index.ts';
import { type CallRecord, durations } from './call.ts';
import type { TimelineEntry } from './ports.ts';

/** The properties of a call that its events contain. */
export type EventCall = Pick<
  CallRecord,
  | 'id'
  | 'customerId'
  | 'applicationId'
  | 'providerCallId'
  | 'status'
  | 'direction'
  | 'from'
  | 'to'
  | 'routeMode'
  | 'routingTarget'
  | 'variables'
  | 'sipHeaders'
>;

/** Copies what an event contains of its call: every event is stored, and metadata may be large. */
export const eventCallOf = (call: CallRecord): EventCall => ({
  id: call.id,
  customerId: call.customerId,
  applicationId: call.applicationId,
  providerCallId: call.providerCallId,
  status: call.status,
  direction: call.direction,
  from: call.from,
  to: call.to,
  routeMode: call.routeMode,
  routingTarget: call.routingTarget,
  variables: { ...call.variables },
  sipHeaders: call.sipHeaders && { ...call.sipHeaders },
});

/** The short form of a call, in events. */
export function presentEventCall(call: EventCall) {
  return {
    id: call.id,
    customer_id: call.customerId,
    application_id: call.applicationId,
    provider_call_id: call.providerCallId,
    status: call.status,
    direction: call.direction,
    from: call.from,
    to: call.to,
    route_mode: call.routeMode,
    routing_target: call.routingTarget,
    sip_headers: call.sipHeaders ?? {},
  };
}

/** The complete call, in REST responses and requests to the `answer_url`. */
export function presentCall(call: CallRecord) {
  const { durationSeconds, billsecSeconds } = durations(call);
  return {
    ...presentEventCall(call),
    answer_url: call.answerUrl,
    metadata: call.metadata,
    created_at: rfc3339(call.createdAt),
    dialing_at: time(call.dialingAt),
    ringing_at: time(call.ringingAt),
    answered_at: time(call.answeredAt),
    ended_at: time(call.endedAt),
    duration_seconds: durationSeconds,
    billsec_seconds: billsecSeconds,
    reason: call.reason,
    ended_by: call.endedBy,
    error: call.error,
    cost_amount: call.costAmount === null ? null : formatAmount(call.costAmount),
    cost_currency: call.costCurrency,
  };
}

/** An entry of a call's timeline. Its time has milliseconds, because several entries can fall into one second. */
export const presentTimelineEntry = ({ at, kind, data }: TimelineEntry) => ({
  at: new Date(at).toISOString(),
  kind,
  data,
});

const time = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));
