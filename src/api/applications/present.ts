import type { z } from 'zod';
import type {
  applicationPatch,
  application as wire,
  customer as wireCustomer,
} from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Application, ApplicationFields, Customer } from '../../directory/index.ts';
import { aiOf, presentAi, presentScorecardItem, scorecardItem } from './ai-settings.ts';

export const presentApplication = (application: Application): z.input<typeof wire> => ({
  id: application.id,
  customer_id: application.customerId,
  name: application.name,
  answer_url: application.answerUrl,
  answer_method: application.answerMethod,
  fallback_answer_url: application.fallbackAnswerUrl,
  webhook_url: application.webhookUrl,
  webhook_signed: application.webhookSecrets.length > 0,
  fault_message: application.faultMessage,
  voice: application.voice,
  language: application.language,
  ai_enabled: application.aiEnabled,
  record_calls: application.recordCalls,
  ai_events: application.aiEvents,
  scorecard: application.scorecard?.map(presentScorecardItem) ?? null,
  ai: application.ai && presentAi(application.ai),
  created_at: rfc3339(application.createdAt),
  updated_at: rfc3339(application.updatedAt),
});

export const presentCustomer = ({ id, name, createdAt }: Customer): z.input<typeof wireCustomer> => ({
  id,
  name,
  created_at: rfc3339(createdAt),
});

/** What a body sets on an application; undefined where it says nothing. */
export function applicationFields(body: z.output<typeof applicationPatch>): {
  [Field in keyof ApplicationFields]?: ApplicationFields[Field] | undefined;
} {
  const { webhook_secret: secret } = body;
  return {
    name: body.name,
    answerUrl: body.answer_url,
    answerMethod: body.answer_method,
    fallbackAnswerUrl: body.fallback_answer_url,
    webhookUrl: body.webhook_url,
    webhookSecrets: secret === undefined ? undefined : secret === null ? [] : [secret].flat(),
    faultMessage: body.fault_message,
    voice: body.voice,
    language: body.language,
    aiEnabled: body.ai_enabled,
    recordCalls: body.record_calls,
    aiEvents: body.ai_events,
    scorecard: body.scorecard === null ? null : body.scorecard?.map(scorecardItem),
    ai: body.ai && aiOf(body.ai),
  };
}
