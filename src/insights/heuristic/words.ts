const CONTRACTIONS: [RegExp, string][] = [
  [/\bcan'?t\b/g, 'cannot'],
  [/\bwon't\b/g, 'will not'],
  [/\b(\w+)n't\b/g, '$1 not'],
  [/\b(i|you|we|they|he|she|it|that|there|who)'ll\b/g, '$1 will'],
  [/\bi'm\b/g, 'i am'],
  [/\b(you|we|they)'re\b/g, '$1 are'],
  [/\b(i|you|we|they)'ve\b/g, '$1 have'],
  [/\b(i|you|we|they)'d\b/g, '$1 would'],
  [/\b(it|that|there|he|she|what|who|how)'s\b/g, '$1 is'],
];

/** A text in lower case, without contractions and most punctuation, as phrases are looked for in it. */
export function plain(text: string): string {
  let words = text.toLowerCase().replace(/’/g, "'");
  for (const [pattern, whole] of CONTRACTIONS) words = words.replace(pattern, whole);
  return words
    .replace(/[^\p{L}\p{N}' ?!]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether a phrase stands in a plain text as whole words. */
export function has(text: string, phrase: string): boolean {
  const words = plain(phrase).replace(/[?!]/g, '').trim();
  return words !== '' && ` ${text.replace(/[?!]/g, '')} `.includes(` ${words} `);
}
