import { describe } from './details.ts';
import type { Detail } from './errors.ts';
import { pointer } from './pointer.ts';

/** What can be spoken for an application. Undefined: anything, for it has a speech server of its own. */
export interface SpeechRules {
  voices: readonly string[];
  /** BCP 47, in lower case. A tag that is more exact, like `de-AT` for `de`, is spoken too. */
  languages: readonly string[];
}

export const speechRules = (
  voices: readonly { voice: string; languages: readonly string[] }[],
): SpeechRules => ({
  voices: [...new Set(voices.map(({ voice }) => voice))],
  languages: [...new Set(voices.flatMap(({ languages }) => languages))].sort(),
});

/** What is wrong with a voice or a language where they are given: what is expected is what there is. */
export function speechFaults(
  { voice, language }: { voice?: unknown; language?: unknown },
  base: readonly PropertyKey[],
  rules: SpeechRules | undefined,
): Detail[] {
  if (!rules) return [];
  const faults: Detail[] = [];
  const fault = (field: string, expected: string, found: string) =>
    faults.push({
      pointer: pointer([...base, field]),
      code: 'invalid_value',
      message: `there is no ${field} ${describe(found)} here; GET /v1/voices lists what there is`,
      expected,
      found: describe(found),
    });
  if (typeof voice === 'string' && !rules.voices.includes(voice))
    fault('voice', `one of ${rules.voices.join(', ')}`, voice);
  if (typeof language === 'string' && !nearestLanguage(language, new Set(rules.languages)))
    fault('language', `one of ${rules.languages.join(', ')}`, language);
  return faults;
}

/** The nearest of the known languages: for `de-AT-1996` that is `de-at`, or else `de`. */
export function nearestLanguage(
  language: string,
  known: { has(language: string): boolean },
): string | undefined {
  const parts = language.toLowerCase().replaceAll('_', '-').split('-');
  for (; parts.length > 0; parts.pop()) if (known.has(parts.join('-'))) return parts.join('-');
  return undefined;
}

/** The elements of SSML 1.1, and those that vendors have added under a prefix. */
const SSML =
  /<\/?(?:speak|break|prosody|say-as|emphasis|phoneme|sub|voice|audio|mark|lang|lexicon|lookup|token|metadata|meta|desc|par|seq|media|p|s|w|[a-z]+:[a-z-]+)(?:\s[^<>]*)?\/?>|<\?xml\s|<!\[CDATA\[/i;

/** The first tag of SSML in a text; undefined in plain text, in which `<` and `>` may well stand. */
export const ssmlIn = (text: string): string | undefined => SSML.exec(text)?.[0];
