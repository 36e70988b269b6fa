import { createHash } from 'node:crypto';
import type { CallRecord, IdempotencyKey } from '../../calls/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import type { CallOrder } from '../ports.ts';
import type { Services } from '../route.ts';

/** Requests under way, by application and key: a second one waits for the first instead of racing it. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * Does what the key was not used for yet, and otherwise answers what it has done. Without a key it is always done.
 * Fails with `idempotency_key_reused` when the key came with another request before.
 */
export async function oncePerKey(
  key: string | string[] | undefined,
  application: Application,
  order: CallOrder,
  place: (key?: IdempotencyKey) => Promise<CallRecord>,
  services: Services,
): Promise<CallRecord> {
  if (typeof key !== 'string' || key === '') return place();
  if (key.length > 255) throw new Failure('invalid_request', 'Idempotency-Key is longer than 255 characters');
  const lane = `${application.id} ${key}`;
  while (underWay.has(lane)) await underWay.get(lane);
  const work = repeatOrPlace(key, application.id, order, place, services);
  underWay.set(
    lane,
    work.catch(() => {}).finally(() => underWay.delete(lane)),
  );
  return work;
}

async function repeatOrPlace(
  key: string,
  applicationId: string,
  order: CallOrder,
  place: (key: IdempotencyKey) => Promise<CallRecord>,
  { idempotency, calls }: Services,
): Promise<CallRecord> {
  const requestHash = createHash('sha256').update(JSON.stringify(order)).digest('hex');
  const before = await idempotency.repeated(applicationId, key);
  if (before && before.requestHash !== requestHash) {
    throw new Failure('idempotency_key_reused', 'this Idempotency-Key was used for another request');
  }
  const known = before && (await calls.call(before.callId));
  return known ?? place({ key, requestHash });
}
