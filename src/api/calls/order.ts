import type { z } from 'zod';
import { type Action, checkDocument } from '../../../contract/actions/index.ts';
import type { newCall } from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import type { CallOrder } from '../ports.ts';
import type { Services } from '../route.ts';
import { baseOf } from '../urls.ts';
import { speechRulesOf } from '../voices/rules.ts';

/** A request for a call as an order: what it leaves out is as the application has it. Fails as a document does. */
export function orderOf(
  body: z.output<typeof newCall>,
  application: Application,
  services: Services,
): CallOrder {
  const { from, to, metadata = {}, variables = {}, timeout_seconds: timeoutSeconds } = body;
  const { sip_headers: sipHeaders = {} } = body;
  const answerUrl = body.answer_url ?? application.answerUrl;
  const actions = body.actions && checked(body.actions, answerUrl, application, services);
  if (!actions && !answerUrl) {
    throw new Failure(
      'invalid_request',
      'answer_url or actions is required: the application has no answer_url',
    );
  }
  const recorded = body.record === undefined ? {} : { record: body.record };
  return {
    from,
    to,
    answerUrl,
    actions,
    variables,
    sipHeaders,
    timeoutSeconds,
    metadata: { ...metadata, ...recorded },
  };
}

function checked(
  actions: unknown[],
  answerUrl: string,
  application: Application,
  services: Services,
): Action[] {
  const speech = speechRulesOf(application, services);
  const verdict = checkDocument({ actions }, { ...services.settings, base: baseOf(answerUrl), speech });
  if (verdict.ok) return verdict.actions;
  throw new Failure('invalid_action_payload', 'invalid action payload', { details: verdict.details });
}
