/** The voices and languages that an application can use. */
import { listOf, type VoiceShown, voiceShown } from '../../../contract/resources/index.ts';
import { type SpeechRules, speechErrors, speechRules } from '../../../contract/speech-rules.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { route, type Services } from '../route.ts';

type SpeechSettings = Pick<Application, 'ai' | 'voice' | 'language'>;

/** The voice of the application's own speech server, if it has one, and the voices of MiniVoice. */
function voicesOf(application: Application | null, { voices }: Services): VoiceShown[] {
  const { speechModel: engine, speechVoice } = application?.ai ?? {};
  const own: VoiceShown[] = engine
    ? [{ voice: speechVoice ?? 'alloy', gender: null, languages: [], engine }]
    : [];
  return [...own, ...voices];
}

/** The voices and languages that an application may name; undefined: any, because it has its own server. */
export const speechRulesOf = (
  application: Pick<SpeechSettings, 'ai'> | null,
  { voices }: Services,
): SpeechRules | undefined => (application?.ai?.speechModel ? undefined : speechRules(voices));

/**
 * Rejects an unknown voice or language. Fails with `invalid_request`.
 * @param changes the fields that a request sets.
 * @param before the application before the change.
 */
export function checkSpeech(
  changes: { [Field in keyof SpeechSettings]?: SpeechSettings[Field] | undefined },
  services: Services,
  before?: Application,
): void {
  const { ai = before?.ai ?? null, voice, language } = changes;
  // A change of the server can make the existing voice and language invalid, so they are checked again.
  const existing = changes.ai === undefined ? {} : { voice: before?.voice, language: before?.language };
  const effective = {
    voice: voice === undefined ? existing.voice : voice,
    language: language === undefined ? existing.language : language,
  };
  const details = speechErrors(effective, [], speechRulesOf({ ai }, services));
  if (details[0]) throw new Failure('invalid_request', details[0].message, { details });
}

export const voiceRoutes = [
  route({
    method: 'GET',
    path: '/v1/voices',
    auth: 'any',
    summary: 'Lists the available voices with their languages.',
    response: listOf(voiceShown),
    handle({ client, services }) {
      const data = voicesOf(client, services);
      return { count: data.length, data, next_cursor: null };
    },
  }),
];
