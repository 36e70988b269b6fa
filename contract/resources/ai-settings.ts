import { z } from 'zod';
import { expecting, jsonBytes, url } from '../fields.ts';

const speaker = z.enum(['caller', 'agent', 'any']).describe('Whose words count.');
const where = z.enum(['start', 'end', 'anywhere']).describe('Which part of the call counts.');

export const scorecardItem = z.strictObject({
  name: z.string().trim().min(1).max(100),
  weight: z.number().positive().max(1000).describe('The most points that it gives.'),
  look_for: z
    .array(z.string().trim().min(1).max(300))
    .min(1)
    .max(50)
    .describe('Words and phrases, any of which counts; a language model is told of them too.'),
  speaker: speaker.default('agent'),
  where: where.default('anywhere'),
});

export const scorecard = z
  .array(scorecardItem)
  .min(1)
  .max(30)
  .refine((items) => jsonBytes(items) <= 32 * 1024, expecting('at most 32 KiB as JSON', 'too_long'));

const model = (what: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .describe(`${what}; null: the engine that comes with the program.`);

/** Any server that speaks as OpenAI's does. */
export const aiSettings = z.strictObject({
  base_url: url('http', 'https').describe('With the version, such as https://api.example.com/v1.'),
  api_key: z
    .string()
    .min(1)
    .max(500)
    .nullable()
    .default(null)
    .describe('Sent as a bearer token. It is sealed where it is kept, and never shown.'),
  transcription_model: model('Writes recordings down, at /audio/transcriptions'),
  chat_model: model('Makes summary, score and topics, at /chat/completions'),
  speech_model: model('Speaks what `say` and `gather` say, at /audio/speech'),
  speech_voice: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('The voice of the speech model.'),
});

export const aiSettingsShown = aiSettings.omit({ api_key: true }).extend({
  api_key_set: z.boolean().describe('Whether there is a key. It is never shown.'),
});
