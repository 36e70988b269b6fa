/** A voice that `say` can be asked for. */
export interface Voice {
  /** Its name in an action and on an application. */
  voice: string;
  gender: 'male' | 'female';
  /** BCP 47 tags, in lower case. A tag that is more exact, like `de-AT` for `de`, is spoken too. */
  languages: string[];
  /** What makes the sound. */
  engine: string;
}

/** The names of the voices; `male` and `female` are other names for the first two. */
const NAMES = [
  { voice: 'rms', gender: 'male' },
  { voice: 'slt', gender: 'female' },
  { voice: 'male', gender: 'male' },
  { voice: 'female', gender: 'female' },
] as const;

/** Each name with what speaks English and with what speaks the other languages. */
export function voicesWith(languages: Iterable<string>): Voice[] {
  const others = [...languages].filter((language) => !isEnglish(language)).sort();
  const english = NAMES.map((name): Voice => ({ ...name, languages: ['en', 'en-us'], engine: 'flite' }));
  const foreign = NAMES.map((name): Voice => ({ ...name, languages: others, engine: 'espeak-ng' }));
  return others.length > 0 ? [...english, ...foreign] : english;
}

/** Whether English is meant, whatever kind of it. */
export const isEnglish = (language: string): boolean => /^en\b/i.test(language);
