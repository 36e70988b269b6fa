import type { z } from 'zod';
import type {
  aiSettings,
  aiSettingsShown,
  scorecardItem as wireItem,
} from '../../../contract/resources/index.ts';
import type { AiSettings, ScorecardItem } from '../../directory/index.ts';

export const scorecardItem = ({ look_for: lookFor, ...item }: z.output<typeof wireItem>): ScorecardItem => ({
  ...item,
  lookFor,
});

export const presentScorecardItem = ({ lookFor, ...item }: ScorecardItem): z.input<typeof wireItem> => ({
  ...item,
  look_for: lookFor,
});

export const aiOf = (ai: z.output<typeof aiSettings>): AiSettings => ({
  baseUrl: ai.base_url.replace(/\/+$/, ''),
  apiKey: ai.api_key,
  transcriptionModel: ai.transcription_model,
  chatModel: ai.chat_model,
  speechModel: ai.speech_model,
  speechVoice: ai.speech_voice,
});

/** Without its key. */
export const presentAi = (ai: AiSettings): z.input<typeof aiSettingsShown> => ({
  base_url: ai.baseUrl,
  api_key_set: ai.apiKey !== null,
  transcription_model: ai.transcriptionModel,
  chat_model: ai.chatModel,
  speech_model: ai.speechModel,
  speech_voice: ai.speechVoice,
});
