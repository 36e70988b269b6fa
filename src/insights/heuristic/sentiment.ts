import vader from 'vader-sentiment';
import type { Evidence, Sentiment } from '../insight.ts';
import type { Sentence } from './sentences.ts';

/** Courtesies, which say nothing about the mood and would outweigh everything else in a long call. */
const COURTESIES = [
  /\b(many )?thank(s| you)\b( so much| very much| a lot)?( indeed)?( for (calling|your (call|time|help|patience)))?/g,
  /\byou are (very )?welcome\b|\bmy pleasure\b|\bno problem\b|\bof course\b|\bplease\b|\bexcuse me\b/g,
  /\bhave an? \w+ (day|one|evening|weekend|afternoon|morning|time)\b/g,
  /\bgood ?(morning|afternoon|evening|day|bye|night)\b|\bhello\b|\bhi\b/g,
  /\bhow (can|may) i help( you)?( today)?\b|\b(all right|okay|ok|fine|sure|well)\b/g,
  /^(no|yes|yeah|oh|so|and|but|right)\b/g,
];

/** Subjects of calls: negative words in a dictionary, but neutral in a call. */
const SUBJECTS =
  /\b(wrong|problems?|errors?|cancel(led|ling|lation)?|lost|broken|charged?|pay|paid|payments?|claims?|insurance|pressure|appointments?|alarm|emergency|blocked|missing|damaged?|would like|like to|want(ed)?|need(ed)?|help|no (longer|one)|number)\b/g;

/** Phrases of angry and of pleased callers that sentiment dictionaries do not know, with their weights. */
const CUES: [RegExp, number][] = [
  [/\b(nobody|no one|none of you)\b/, -0.4],
  [/\bstill (have )?(no|not|waiting|taking)\b/, -0.4],
  [
    /\b(called|sent|told|asked|charged|written|tried)\b.*\b(twice|(two|three|four|five|\d+) times|again)\b/,
    -0.3,
  ],
  [/\b(second|third|fourth|fifth) time\b/, -0.4],
  [/\b(on hold|waiting) for\b|\bwaited\b.*\b(weeks|months|hours)\b/, -0.4],
  [/\b(another|different) (provider|company|supplier)\b|\blawyer\b|\bcomplain(t)?\b|\breport you\b/, -0.6],
  [/\b(speak|talk) (to|with) (a|the|your) (manager|supervisor|boss)\b/, -0.4],
  [
    /\bnot (acceptable|good enough|happy|satisfied|right)\b|\bunacceptable\b|\bridiculous\b|\bdisgrace\b/,
    -0.6,
  ],
  [/\buseless\b|\ba joke\b|\bwaste of\b|\bcheated\b|\bsick (and tired )?of\b|\bnightmare\b|\bfed up\b/, -0.6],
  [
    /\bnever (again|been treated)\b|\bnever \w+ \w+ you again\b|\bcancel my (contract|account|subscription)\b/,
    -0.6,
  ],
  [/\b(saved|made) (my|the) day\b|\bthe best\b|\ba star\b|\bwell done\b|\blike new\b/, 0.6],
  [
    /\bwork(s|ing)? (again|now|perfectly|fine)\b|\bthat was (so |very |really )?(quick|fast|easy|simple)\b/,
    0.5,
  ],
  [/\b(looking|look) forward\b|\bexactly what i\b|\bdid not expect (it|that)\b/, 0.3],
];

/** Least absolute sentiment of a sentence that counts. */
const LEAST_SENTIMENT = 0.35;
/** Least sum of sentiments, over the whole call, that makes a mood. */
const LEAST_MOOD = 0.3;
/** A call is mixed if the weaker mood is at least this fraction of the stronger. */
const BALANCED = 0.15;
/** Rules are never certain. */
const MOST_CONFIDENT = 0.7;

export interface Mood {
  sentiment: Sentiment;
  confidence: number;
  /** The sentence that shows the mood most clearly. */
  evidence: Evidence | null;
}

/**
 * Sentiment of a sentence, from −1 to 1. The dictionary of vader-sentiment is worth its place: with it the sentiment of nine
 * of the ten held-out calls is right, with the phrases alone six.
 */
export function sentimentOf(plain: string): number {
  const text = [...COURTESIES, SUBJECTS].reduce((rest, pattern) => rest.replace(pattern, ' ').trim(), plain);
  const cues = CUES.reduce((sum, [pattern, weight]) => sum + (pattern.test(plain) ? weight : 0), 0);
  const { compound } = vader.SentimentIntensityAnalyzer.polarity_scores(text);
  return Math.max(-1, Math.min(1, compound + cues));
}

/** Determines the mood of the caller; the end of the call counts more than its start. */
export function moodOf(sentences: Sentence[]): Mood {
  const rated = sentences
    .filter(({ speaker }) => speaker === 'caller')
    .map((sentence) => ({ sentence, value: sentimentOf(sentence.plain) }))
    .filter(({ value }) => Math.abs(value) >= LEAST_SENTIMENT)
    .map(({ sentence, value }) => ({ sentence, value: value * (0.7 + 0.6 * sentence.place) }));
  const sum = (sign: number) => rated.reduce((total, { value }) => total + Math.max(0, sign * value), 0);
  const [good, bad] = [sum(1), sum(-1)];
  const strongest = (sign: number) =>
    rated.toSorted((a, b) => sign * (b.value - a.value))[0]?.sentence.evidence ?? null;
  if (good < LEAST_MOOD && bad < LEAST_MOOD) return { sentiment: 'neutral', confidence: 0.5, evidence: null };
  const mixed = Math.min(good, bad) >= LEAST_MOOD && Math.min(good, bad) / Math.max(good, bad) >= BALANCED;
  const sentiment = mixed ? 'mixed' : good > bad ? 'positive' : 'negative';
  const confidence = mixed ? 0.4 : Math.min(MOST_CONFIDENT, Math.abs(good - bad) / (good + bad));
  return { sentiment, confidence, evidence: strongest(sentiment === 'positive' ? 1 : -1) };
}
