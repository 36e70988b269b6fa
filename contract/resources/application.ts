import { z } from 'zod';
import { expecting, jsonBytes, language, spoken, url, voice } from '../fields.ts';
import { createdAt, id, updatedAt } from './values.ts';

export const scorecardItem = z.strictObject({
  name: z.string().trim().min(1).max(100).describe('The name of the criterion.'),
  weight: z.number().positive().max(1000).describe('The maximum score of the criterion.'),
  look_for: z
    .array(z.string().trim().min(1).max(300))
    .min(1)
    .max(50)
    .describe('Words and phrases. Any one of them fulfills the criterion. A language model gets them too.'),
  speaker: z.enum(['caller', 'agent', 'any']).describe('The speaker whose words count.').default('agent'),
  where: z
    .enum(['start', 'end', 'anywhere'])
    .describe('The part of the call that counts.')
    .default('anywhere'),
});

export const scorecard = z
  .array(scorecardItem)
  .min(1)
  .max(30)
  .refine((items) => jsonBytes(items) <= 32 * 1024, expecting('at most 32 KiB as JSON', 'too_long'));

const model = (purpose: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .describe(`The model for ${purpose}. null: the built-in engine.`);

/** The AI server of an application: any server with an OpenAI-compatible API. */
export const aiSettings = z.strictObject({
  base_url: url('http', 'https').describe(
    'The URL of the API including its version, such as https://api.example.com/v1.',
  ),
  api_key: z
    .string()
    .min(1)
    .max(500)
    .nullable()
    .default(null)
    .describe('Sent as a bearer token. Stored encrypted and never returned.'),
  transcription_model: model('transcription, at /audio/transcriptions'),
  chat_model: model('summary, score and topics, at /chat/completions'),
  speech_model: model('text to speech of `say` and `gather`, at /audio/speech'),
  speech_voice: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('The voice of the speech model.'),
});

export const aiSettingsShown = aiSettings.omit({ api_key: true }).extend({
  api_key_set: z.boolean().describe('Whether `api_key` is set. The key is never returned.'),
});

const name = z.string().trim().min(1).max(200).describe('A name for people.');
const answerMethod = z.enum(['GET', 'POST']).describe('The HTTP method of requests to `answer_url`.');
const secret = z.string().min(1).max(500);

export const application = z.object({
  id: id('app'),
  customer_id: id('cust'),
  name: z.string().describe('A name for people.'),
  answer_url: z.string().describe('The URL that MiniVoice requests the actions of a call from.'),
  answer_method: answerMethod,
  fallback_answer_url: z
    .string()
    .nullable()
    .describe('Requested once per call if a request for actions fails.'),
  webhook_url: z.string().nullable().describe('The URL that receives all events.'),
  webhook_signed: z.boolean().describe('Whether `webhook_secret` is set. The secret is never returned.'),
  fault_message: z
    .string()
    .nullable()
    .describe('The error prompt that the caller hears if a call cannot continue. null: a general prompt.'),
  voice: z.string().nullable().describe('The voice if an action does not name one. null: the default voice.'),
  language: z
    .string()
    .nullable()
    .describe('The language (BCP 47 tag) if an action does not name one. null: the default language.'),
  ai_enabled: z.boolean().describe('Whether recordings are transcribed and analyzed after the call.'),
  record_calls: z.boolean().describe('Whether every call is recorded from its answer.'),
  ai_events: z.boolean().describe('Whether `ai.completed` and `ai.failed` are sent.'),
  scorecard: scorecard
    .nullable()
    .describe('The criteria for the score of a call. null: the default criteria, from greeting to closing.'),
  ai: aiSettingsShown.nullable().describe("The application's AI server. null: the built-in engines."),
  created_at: createdAt,
  updated_at: updatedAt,
});

/** An application with its API key: returned when the key is created, and never again. */
export const applicationWithKey = application.extend({
  api_key: z.string().describe('The API key. Only this response has it; MiniVoice stores only a hash.'),
});

const webhookSecrets = z
  .union([secret, z.array(secret).max(2)])
  .nullable()
  .describe(
    'The secret that signs webhooks and requests to `answer_url`. During a rotation, two secrets with the new one first.',
  );

const settings = {
  answer_method: answerMethod
    .optional()
    .describe('The HTTP method of requests to `answer_url`. Default: POST.'),
  fallback_answer_url: url('http', 'https')
    .nullable()
    .optional()
    .describe('Requested once per call if a request for actions fails.'),
  webhook_url: url('http', 'https').nullable().optional().describe('The URL that receives all events.'),
  webhook_secret: webhookSecrets.optional(),
  fault_message: spoken(1000)
    .min(1)
    .nullable()
    .optional()
    .describe('The error prompt that the caller hears if a call cannot continue. Default: a general prompt.'),
  voice: voice.nullable().optional().describe('The voice if an action does not name one.'),
  language: language
    .nullable()
    .optional()
    .describe('The language (BCP 47 tag) if an action does not name one.'),
  ai_enabled: z
    .boolean()
    .optional()
    .describe('Transcribes and analyzes recordings after the call. Default: true.'),
  record_calls: z.boolean().optional().describe('Records every call from its answer. Default: false.'),
  ai_events: z.boolean().optional().describe('Sends `ai.completed` and `ai.failed`. Default: false.'),
  scorecard: scorecard.nullable().optional().describe('The criteria for the score of a call.'),
  ai: aiSettings.nullable().optional().describe('An AI server to use instead of the built-in engines.'),
};

const answerUrl = url('http', 'https')
  .optional()
  .describe('The URL that MiniVoice requests the actions of a call from.');

export const newApplication = z.strictObject({ name, answer_url: answerUrl, ...settings });

export const newAdminApplication = newApplication.extend({
  customer_id: z.string().describe('The customer that the application belongs to.'),
});

export const applicationPatch = newApplication.partial();

/** The options for the creation of a new API key. */
export const keyRotation = z.strictObject({
  expire_old_after_seconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(0)
    .describe('How long the newest four existing keys remain valid, in seconds. Older keys expire at once.'),
});

export const customer = z.object({
  id: id('cust'),
  name: z.string().describe('A name for people.'),
  created_at: createdAt,
});

export const newCustomer = z.strictObject({ name });
