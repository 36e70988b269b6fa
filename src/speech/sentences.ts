/** Longest piece in characters: about 15 s of speech, which take a third of a second to synthesize. */
const LONGEST = 220;
/** Longest first piece, split at a comma: the caller waits for it. */
const LONGEST_FIRST = 110;

const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|sr|jr|st|no|vs|inc|ltd|co|dept|est|ext|approx|fig|jan|feb|mar|apr|aug|sept?|oct|nov|dec|[a-z]|[ap]\.m|e\.g|i\.e|u\.s)\.$/i;
/** Abbreviations that may also end a sentence; a capital letter after them shows that they do. */
const MAY_END = /(?:inc|ltd|co|[ap]\.m|u\.s|jr|sr)\.$/i;

/** Created with the first text, since its rules take 10 ms to load. */
let segmenter: Intl.Segmenter | undefined;

/**
 * Splits a text into pieces that are spoken one after the other. Splits at the ends of sentences and lines, and long
 * sentences at commas or between words. Only white space is lost.
 */
export function sentences(text: string): string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'sentence' });
  const pieces: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    const last = pieces.at(-1);
    const endsLine = last?.endsWith('\n') ?? true;
    if (!endsLine && continues(last!.trim(), segment)) pieces[pieces.length - 1] += segment;
    else pieces.push(segment);
  }
  const whole = pieces.map((piece) => piece.replace(/\s+/g, ' ').trim()).filter((piece) => piece !== '');
  return whole.flatMap((piece, index) => shorten(piece, index === 0 ? LONGEST_FIRST : LONGEST));
}

function continues(before: string, after: string): boolean {
  if (!ABBREVIATION.test(before)) return false;
  return !(MAY_END.test(before) && /^\p{Lu}/u.test(after));
}

function shorten(piece: string, limit: number): string[] {
  if (piece.length <= limit) return [piece];
  const cut = lastBreak(piece, /[,;:–—)]\s/g, limit) ?? lastBreak(piece, /\s/g, LONGEST);
  if (cut === undefined && piece.length <= LONGEST) return [piece];
  const at = cut ?? LONGEST;
  return [piece.slice(0, at).trim(), ...shorten(piece.slice(at).trim(), LONGEST)];
}

/** The last index within `limit` where `mark` ends. Undefined if the piece would have fewer than 20 characters. */
function lastBreak(piece: string, mark: RegExp, limit: number): number | undefined {
  const ends = [...piece.slice(0, limit).matchAll(mark)].map((match) => match.index + match[0].length);
  const last = ends.at(-1);
  return last !== undefined && last >= 20 ? last : undefined;
}
