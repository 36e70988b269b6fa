/** Applications and customers: from the wire to the directory's fields, and back. */
import type { z } from 'zod';
import type {
  aiSettings,
  aiSettingsShown,
  applicationPatch,
  application as applicationSchema,
  customer as customerSchema,
  scorecardItem,
} from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type {
  AiSettings,
  Application,
  ApplicationFields,
  Customer,
  ScorecardItem,
} from '../../directory/index.ts';

export const presentApplication = (application: Application): z.input<typeof applicationSchema> => ({
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
  ai: application.ai && presentAiSettings(application.ai),
  created_at: rfc3339(application.createdAt),
  updated_at: rfc3339(application.updatedAt),
});

export const presentCustomer = ({ id, name, createdAt }: Customer): z.input<typeof customerSchema> => ({
  id,
  name,
  created_at: rfc3339(createdAt),
});

/** The application fields that a body sets; undefined for fields that are not in the body. */
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
    scorecard: body.scorecard === null ? null : body.scorecard?.map(scorecardFields),
    ai: body.ai && aiFields(body.ai),
  };
}

const scorecardFields = ({ look_for: lookFor, ...item }: z.output<typeof scorecardItem>): ScorecardItem => ({
  ...item,
  lookFor,
});

const presentScorecardItem = ({ lookFor, ...item }: ScorecardItem): z.input<typeof scorecardItem> => ({
  ...item,
  look_for: lookFor,
});

const aiFields = (ai: z.output<typeof aiSettings>): AiSettings => ({
  baseUrl: ai.base_url.replace(/\/+$/, ''),
  apiKey: ai.api_key,
  transcriptionModel: ai.transcription_model,
  chatModel: ai.chat_model,
  speechModel: ai.speech_model,
  speechVoice: ai.speech_voice,
});

/** Without the key. */
const presentAiSettings = (ai: AiSettings): z.input<typeof aiSettingsShown> => ({
  base_url: ai.baseUrl,
  api_key_set: ai.apiKey !== null,
  transcription_model: ai.transcriptionModel,
  chat_model: ai.chatModel,
  speech_model: ai.speechModel,
  speech_voice: ai.speechVoice,
});
