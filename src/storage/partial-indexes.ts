import { sql } from 'kysely';

/**
 * The conditions of the partial indexes. SQLite uses such an index only for a query that repeats its condition
 * literally, in addition to the comparison with a parameter.
 */
export const PARTIAL = {
  openCalls: sql<boolean>`status in ('dialing', 'ringing', 'in_progress')`,
  unsuccessfulCalls: sql<boolean>`status in ('canceled', 'failed')`,
  unsuccessfulCallsOfApplication: sql<boolean>`status in ('failed', 'canceled')`,
  unfinishedRecordings: sql<boolean>`status in ('started', 'failed')`,
  pendingEvents: sql<boolean>`state = 'pending'`,
  eventsToDeliver: sql<boolean>`state = 'pending' and attempts < 3`,
  parkedEvents: sql<boolean>`state = 'pending' and attempts >= 3`,
  deadEvents: sql<boolean>`state = 'dead'`,
  unusualEvents: sql<boolean>`event not in ('call.created', 'call.answered', 'call.completed')`,
  reservedCharges: sql<boolean>`status = 'reserved'`,
};

/** Nearly every call has these events: a list finds them without an index. */
export const USUAL_EVENTS: readonly string[] = ['call.created', 'call.answered', 'call.completed'];
