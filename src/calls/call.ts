/** The status of a call. The last three are final. */
export type CallStatus = 'dialing' | 'ringing' | 'in_progress' | 'completed' | 'failed' | 'canceled';

export type Direction = 'inbound' | 'outbound';

/** An error as it is reported to the application. */
export interface CallError {
  code: string;
  message: string;
  details?: { pointer: string; code: string; message: string; expected?: string; found?: string }[];
}

/** A stored call: plain data, with times in milliseconds since 1970. */
export interface CallRecord {
  id: string;
  customerId: string;
  applicationId: string;
  /** The id of the SIP leg, a UUID. */
  providerCallId: string;
  status: CallStatus;
  direction: Direction;
  from: string;
  to: string;
  answerUrl: string;
  metadata: Record<string, unknown>;
  variables: Record<string, string>;
  routeMode: 'webhook' | 'reject' | 'sip';
  routingTarget: string;
  createdAt: number;
  dialingAt: number | null;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  reason: string | null;
  endedBy: string | null;
  sipStatus: number | null;
  error: CallError | null;
  /** The cost of its legs in millionths of the currency; null until the end, and without a charge. */
  costAmount: number | null;
  /** ISO 4217. */
  costCurrency: string | null;
  /** The SIP header fields of its INVITE; null in calls that were stored before this field existed. */
  sipHeaders: Record<string, string> | null;
}

export const isFinal = (status: CallStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'canceled';

/** Whole seconds from the start, and from the answer, to the end; null until the call has ended. */
export function durations(call: CallRecord): {
  durationSeconds: number | null;
  billsecSeconds: number | null;
} {
  if (call.endedAt === null) return { durationSeconds: null, billsecSeconds: null };
  const seconds = (from: number) => Math.max(0, Math.floor((call.endedAt! - from) / 1000));
  return {
    durationSeconds: seconds(call.createdAt),
    billsecSeconds: call.answeredAt === null ? 0 : seconds(call.answeredAt),
  };
}
