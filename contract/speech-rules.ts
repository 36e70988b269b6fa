import { z } from 'zod';
import { describe, pointer } from './details.ts';
import type { Detail } from './errors.ts';

/** A voice that an application can name. */
export const voiceShown = z.object({
  voice: z.string().describe('The name of the voice, for actions and for the application.'),
  gender: z.enum(['male', 'female']).nullable().describe('null if unknown.'),
  languages: z
    .array(z.string())
    .describe(
      'The languages of the voice as BCP 47 tags. `de` also includes more specific tags such as `de-AT`. Empty if unknown.',
    ),
  engine: z
    .string()
    .describe("The speech engine: `flite`, `espeak-ng`, or the model of the application's AI server."),
});

export type VoiceShown = z.output<typeof voiceShown>;

/** The voices and languages that an application may name. */
export interface SpeechRules {
  voices: readonly string[];
  /** BCP 47 tags in lower case. `de` also allows more specific tags such as `de-AT`. */
  languages: readonly string[];
}

export const speechRules = (
  voices: readonly { voice: string; languages: readonly string[] }[],
): SpeechRules => ({
  voices: [...new Set(voices.map(({ voice }) => voice))],
  languages: [...new Set(voices.flatMap(({ languages }) => languages))].sort(),
});

/** The errors for an unknown voice or language; undefined rules allow any. */
export function speechErrors(
  { voice, language }: { voice?: unknown; language?: unknown },
  base: readonly PropertyKey[],
  rules: SpeechRules | undefined,
): Detail[] {
  if (!rules) return [];
  const errors: Detail[] = [];
  const add = (field: string, expected: string, found: string) =>
    errors.push({
      pointer: pointer([...base, field]),
      code: 'invalid_value',
      message: `there is no ${field} ${describe(found)}; GET /v1/voices lists the voices and languages`,
      expected,
      found: describe(found),
    });
  if (typeof voice === 'string' && !rules.voices.includes(voice))
    add('voice', `one of ${rules.voices.join(', ')}`, voice);
  if (typeof language === 'string' && !nearestLanguage(language, new Set(rules.languages)))
    add('language', `one of ${rules.languages.join(', ')}`, language);
  return errors;
}

/** The closest known language: for `de-AT-1996` it is `de-at`, or else `de`. */
export function nearestLanguage(
  language: string,
  known: { has(language: string): boolean },
): string | undefined {
  const parts = language.toLowerCase().replaceAll('_', '-').split('-');
  for (; parts.length > 0; parts.pop()) if (known.has(parts.join('-'))) return parts.join('-');
  return undefined;
}

/** Tags of SSML 1.1 and of vendors' extensions. */
const SSML =
  /<\/?(?:speak|break|prosody|say-as|emphasis|phoneme|sub|voice|audio|mark|lang|lexicon|lookup|token|metadata|meta|desc|par|seq|media|p|s|w|[a-z]+:[a-z-]+)(?:\s[^<>]*)?\/?>|<\?xml\s|<!\[CDATA\[/i;

/** Returns the first SSML tag in a text; undefined for plain text, which may contain `<` and `>`. */
export const ssmlIn = (text: string): string | undefined => SSML.exec(text)?.[0];
