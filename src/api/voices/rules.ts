import type { VoiceShown } from '../../../contract/resources/index.ts';
import { type SpeechRules, speechFaults, speechRules } from '../../../contract/speech-rules.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import type { Services } from '../route.ts';

type Speaking = Pick<Application, 'ai' | 'voice' | 'language'>;

/** The voices of the program, after that of the application's own server if it has one. */
export function voicesOf(application: Application | null, { voices }: Services): VoiceShown[] {
  const { speechModel: engine, speechVoice } = application?.ai ?? {};
  const own: VoiceShown[] = engine
    ? [{ voice: speechVoice ?? 'alloy', gender: null, languages: [], engine }]
    : [];
  return [...own, ...voices];
}

/** What can be spoken for an application; undefined: anything, for it has a server of its own. */
export const speechRulesOf = (
  application: Pick<Speaking, 'ai'> | null,
  { voices }: Services,
): SpeechRules | undefined => (application?.ai?.speechModel ? undefined : speechRules(voices));

/**
 * Refuses a voice or a language that nobody speaks with `invalid_request`.
 * @param changes what a request sets. @param before the application as it is.
 */
export function checkSpeech(
  changes: { [Field in keyof Speaking]?: Speaking[Field] | undefined },
  services: Services,
  before?: Application,
): void {
  const { ai = before?.ai ?? null, voice, language } = changes;
  // Without its server the application speaks as it did with it.
  const own = changes.ai === undefined ? {} : { voice: before?.voice, language: before?.language };
  const effective = {
    voice: voice === undefined ? own.voice : voice,
    language: language === undefined ? own.language : language,
  };
  const details = speechFaults(effective, [], speechRulesOf({ ai }, services));
  if (details[0]) throw new Failure('invalid_request', details[0].message, { details });
}
