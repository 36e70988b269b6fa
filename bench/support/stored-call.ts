/** What benches store of every call. */
import type { CallRecord } from '../../src/calls/index.ts';
import type { Storage } from '../../src/storage/index.ts';
import { anAttempt } from '../../src/storage/testing/records.ts';
import type { EventRecord } from '../../src/webhooks/index.ts';

/** Creates a line of the call's timeline. */
export const timelineLine = ({ id, createdAt }: CallRecord) => ({
  ...{ callId: id, at: createdAt, kind: 'action' },
  data: { action: 'say', text: 'Good morning' },
});

/** Stores that the application has accepted an event at the first attempt. */
export function deliver(storage: Storage, event: EventRecord): Promise<void> {
  const attempt = anAttempt(storage.ids.next('dlv'), event.id, { at: event.createdAt });
  const delivered = { id: event.id, state: 'delivered', attempts: 1, nextAttemptAt: null } as const;
  return storage.saveAttempt(attempt, delivered);
}
