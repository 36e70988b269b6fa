/** A voice that `say` accepts. */
export interface Voice {
  /** Name in actions and applications. */
  voice: string;
  gender: 'male' | 'female';
  /** BCP 47 tags in lower case. A more specific tag, like `de-AT` for `de`, works too. */
  languages: string[];
  /** The synthesizer. */
  engine: string;
}

/** Names of the voices; `male` and `female` are aliases of the first two. */
const NAMES = [
  { voice: 'rms', gender: 'male' },
  { voice: 'slt', gender: 'female' },
  { voice: 'male', gender: 'male' },
  { voice: 'female', gender: 'female' },
] as const;

/** Lists each name for English and, if there are any, for the other languages. */
export function voicesWith(languages: Iterable<string>): Voice[] {
  const others = [...languages].filter((language) => !isEnglish(language)).sort();
  const english = NAMES.map((name): Voice => ({ ...name, languages: ['en', 'en-us'], engine: 'flite' }));
  const foreign = NAMES.map((name): Voice => ({ ...name, languages: others, engine: 'espeak-ng' }));
  return others.length > 0 ? [...english, ...foreign] : english;
}

/** Reports whether a BCP 47 tag is any kind of English. */
export const isEnglish = (language: string): boolean => /^en\b/i.test(language);
