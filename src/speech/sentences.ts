/** Longest piece in characters: about fifteen seconds of speech, a third of a second of work. */
const LONGEST = 220;
/** The first piece is what the caller waits for, so it is cut at a comma beyond this. */
const LONGEST_FIRST = 110;

const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|sr|jr|st|no|vs|inc|ltd|co|dept|est|ext|approx|fig|jan|feb|mar|apr|aug|sept?|oct|nov|dec|[a-z]|[ap]\.m|e\.g|i\.e|u\.s)\.$/i;
/** These end a sentence as often as not; a capital after them says which. */
const MAY_END = /(?:inc|ltd|co|[ap]\.m|u\.s|jr|sr)\.$/i;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/**
 * Cuts a text into pieces that are spoken one after the other: at the ends of sentences and lines, and where
 * a sentence is too long, at its commas or between words. Nothing but white space is lost.
 */
export function sentences(text: string): string[] {
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

/** The last place within `limit` where `mark` ends; not so early that the piece would be a mere fragment. */
function lastBreak(piece: string, mark: RegExp, limit: number): number | undefined {
  const ends = [...piece.slice(0, limit).matchAll(mark)].map((match) => match.index + match[0].length);
  const last = ends.at(-1);
  return last !== undefined && last >= 20 ? last : undefined;
}
