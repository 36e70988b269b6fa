import { z } from 'zod';
import { language, spoken, url, voice } from '../fields.ts';
import { aiSettings, aiSettingsShown, scorecard } from './ai-settings.ts';
import { id, time } from './values.ts';

const name = z.string().trim().min(1).max(200).describe('What people call it.');
const answerMethod = z.enum(['GET', 'POST']).describe('How `answer_url` is asked.');
const secret = z.string().min(1).max(500);

export const application = z.object({
  id: id('app'),
  customer_id: id('cust'),
  name: z.string(),
  answer_url: z.string().describe('Asked for actions when a call comes in.'),
  answer_method: answerMethod,
  fallback_answer_url: z.string().nullable().describe('Asked once when `answer_url` fails.'),
  webhook_url: z.string().nullable().describe('Receives every event.'),
  webhook_signed: z.boolean().describe('Whether a `webhook_secret` is set. The secret is never shown.'),
  fault_message: z.string().nullable().describe('Spoken when a call cannot go on; null: a general apology.'),
  voice: z.string().nullable().describe('Who speaks where an action does not say; null: the default voice.'),
  language: z.string().nullable().describe('A BCP 47 tag, where an action does not say; null: the default.'),
  ai_enabled: z.boolean().describe('Whether recordings are transcribed and analysed after the call.'),
  record_calls: z.boolean().describe('Whether every call is recorded from its answer.'),
  ai_events: z.boolean().describe('Whether `ai.completed` and `ai.failed` are sent.'),
  scorecard: scorecard.nullable().describe('What a good call has; null: greeting to closing, as by default.'),
  ai: aiSettingsShown.nullable().describe('A server for AI; null: the engines that come with the program.'),
  created_at: time,
  updated_at: time,
});

/** With the key in full: at creation, and after a rotation, the only times that it is shown. */
export const applicationWithKey = application.extend({
  api_key: z.string().describe('The API key. It is shown this once: only a hash of it is kept.'),
});

const webhookSecrets = z
  .union([secret, z.array(secret).max(2)])
  .nullable()
  .describe('Signs webhooks and requests. Two at once while one is being rotated, the new one first.');

const settings = {
  answer_method: answerMethod.optional().describe('How `answer_url` is asked. Default: POST.'),
  fallback_answer_url: url('http', 'https')
    .nullable()
    .optional()
    .describe('Asked once when `answer_url` fails.'),
  webhook_url: url('http', 'https').nullable().optional().describe('Receives every event.'),
  webhook_secret: webhookSecrets.optional(),
  fault_message: spoken(1000)
    .min(1)
    .nullable()
    .optional()
    .describe('Spoken when a call cannot go on. Default: a general apology.'),
  voice: voice.nullable().optional().describe('Who speaks where an action does not say.'),
  language: language.nullable().optional().describe('A BCP 47 tag, where an action does not say.'),
  ai_enabled: z.boolean().optional().describe('Recordings are transcribed and analysed. Default: true.'),
  record_calls: z.boolean().optional().describe('Calls are recorded from their answer. Default: false.'),
  ai_events: z.boolean().optional().describe('`ai.completed` and `ai.failed` are sent. Default: false.'),
  scorecard: scorecard.nullable().optional().describe('What a good call has.'),
  ai: aiSettings
    .nullable()
    .optional()
    .describe('A server for AI, in place of the engines that come with the program.'),
};

const answerUrl = url('http', 'https').optional().describe('Asked for actions when a call comes in.');

export const newApplication = z.strictObject({ name, answer_url: answerUrl, ...settings });

export const newAdminApplication = newApplication.extend({
  customer_id: z.string().describe('Whose application it is.'),
});

export const applicationPatch = newApplication.partial();

/** How to make a key in place of the ones there are. */
export const keyRotation = z.strictObject({
  expire_old_after_seconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(0)
    .describe(
      'How long the keys there are go on opening the door, in seconds; the newest four of them at most.',
    ),
});

export const customer = z.object({ id: id('cust'), name: z.string(), created_at: time });

export const newCustomer = z.strictObject({ name });
