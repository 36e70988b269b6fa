/** Turns a request for an outbound call into an order, and places it once per `Idempotency-Key`. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type Action, checkDocument } from '../../../contract/actions/index.ts';
import { errorMessage } from '../../../contract/errors.ts';
import type { newCall } from '../../../contract/resources/index.ts';
import type { CallRecord, IdempotencyKey } from '../../calls/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import type { CallOrder } from '../ports.ts';
import type { Services } from '../route.ts';
import { checkOptions } from './actions.ts';

/**
 * Creates the order for an outbound call; settings of the application complete it.
 * Fails with `invalid_request`, or with `invalid_action_payload` for invalid actions.
 */
export function orderOf(
  body: z.output<typeof newCall>,
  application: Application,
  services: Services,
): CallOrder {
  const { from, to, metadata = {}, variables = {}, timeout_seconds: timeoutSeconds } = body;
  const { sip_headers: sipHeaders = {} } = body;
  const answerUrl = body.answer_url ?? application.answerUrl;
  const actions = body.actions && validActions(body.actions, answerUrl, application, services);
  if (!actions && !answerUrl) {
    throw new Failure(
      'invalid_request',
      'answer_url or actions is required: the application has no answer_url',
    );
  }
  const record = body.record === undefined ? {} : { record: body.record };
  return {
    from,
    to,
    answerUrl,
    actions,
    variables,
    sipHeaders,
    timeoutSeconds,
    metadata: { ...metadata, ...record },
  };
}

function validActions(
  actions: unknown[],
  answerUrl: string,
  application: Application,
  services: Services,
): Action[] {
  const verdict = checkDocument({ actions }, checkOptions(application, answerUrl, services));
  if (verdict.ok) return verdict.actions;
  throw new Failure('invalid_action_payload', errorMessage('invalid_action_payload'), {
    details: verdict.details,
  });
}

/** Requests in progress, by application and key: a second request waits for the first. */
const inProgress = new Map<string, Promise<unknown>>();

/**
 * Places a call, unless the key was already used: then returns the call that it placed. Without a key, always places.
 * Fails with `idempotency_key_reused` if the key was used with a different request.
 */
export async function placeOncePerKey(
  key: string | string[] | undefined,
  application: Application,
  order: CallOrder,
  services: Services,
): Promise<CallRecord> {
  const place = (idempotencyKey?: IdempotencyKey) => services.place(application, order, idempotencyKey);
  if (typeof key !== 'string' || key === '') return place();
  if (key.length > 255) throw new Failure('invalid_request', 'Idempotency-Key is longer than 255 characters');
  const id = `${application.id} ${key}`;
  while (inProgress.has(id)) await inProgress.get(id);
  const work = repeatOrPlace(key, application.id, order, place, services);
  inProgress.set(
    id,
    work.catch(() => {}).finally(() => inProgress.delete(id)),
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
    throw new Failure('idempotency_key_reused', errorMessage('idempotency_key_reused'));
  }
  const known = before && (await calls.call(before.callId));
  return known ?? place({ key, requestHash });
}
