import vader from 'vader-sentiment';
import type { Evidence, Sentiment } from '../insight.ts';
import type { Sentence } from './sentences.ts';

/** What people say whatever they feel: over a whole call it would drown everything else. */
const COURTESIES = [
  /\b(many )?thank(s| you)\b( so much| very much| a lot)?( indeed)?( for (calling|your (call|time|help|patience)))?/g,
  /\byou are (very )?welcome\b|\bmy pleasure\b|\bno problem\b|\bof course\b|\bplease\b|\bexcuse me\b/g,
  /\bhave an? \w+ (day|one|evening|weekend|afternoon|morning|time)\b/g,
  /\bgood ?(morning|afternoon|evening|day|bye|night)\b|\bhello\b|\bhi\b/g,
  /\bhow (can|may) i help( you)?( today)?\b|\b(all right|okay|ok|fine|sure|well)\b/g,
  /^(no|yes|yeah|oh|so|and|but|right)\b/g,
];

/** What calls are about. Words of trouble in a dictionary, but said calmly every day. */
const MATTERS =
  /\b(wrong|problems?|errors?|cancel(led|ling|lation)?|lost|broken|charged?|pay|paid|payments?|claims?|insurance|pressure|appointments?|alarm|emergency|blocked|missing|damaged?|would like|like to|want(ed)?|need(ed)?|help|no (longer|one)|number)\b/g;

/** What callers say who are angry, and dictionaries of feelings do not know. Each with its weight. */
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

/** A sentence says something of the caller's mood from here on. */
const AUDIBLE = 0.35;
/** Feelings beyond this, over the whole call, make its mood. */
const ENOUGH = 0.3;
/** Both moods count when the weaker is at least this part of the stronger. */
const BALANCED = 0.15;
/** Rules never know for certain. */
const MOST_CONFIDENT = 0.7;

export interface Mood {
  sentiment: Sentiment;
  confidence: number;
  /** The sentence that shows it most clearly. */
  evidence: Evidence | null;
}

/** How a sentence feels, from −1 to 1. */
export function feelingOf(plain: string): number {
  const text = [...COURTESIES, MATTERS].reduce((rest, pattern) => rest.replace(pattern, ' ').trim(), plain);
  const cues = CUES.reduce((sum, [pattern, weight]) => sum + (pattern.test(plain) ? weight : 0), 0);
  const { compound } = vader.SentimentIntensityAnalyzer.polarity_scores(text);
  return Math.max(-1, Math.min(1, compound + cues));
}

/** The caller's mood, by what the caller says; how the call ends counts more than how it began. */
export function moodOf(sentences: Sentence[]): Mood {
  const felt = sentences
    .filter(({ speaker }) => speaker === 'caller')
    .map((sentence) => ({ sentence, feeling: feelingOf(sentence.plain) }))
    .filter(({ feeling }) => Math.abs(feeling) >= AUDIBLE)
    .map(({ sentence, feeling }) => ({ sentence, feeling: feeling * (0.7 + 0.6 * sentence.place) }));
  const sum = (sign: number) => felt.reduce((total, { feeling }) => total + Math.max(0, sign * feeling), 0);
  const [good, bad] = [sum(1), sum(-1)];
  const strongest = (sign: number) =>
    felt.toSorted((a, b) => sign * (b.feeling - a.feeling))[0]?.sentence.evidence ?? null;
  if (good < ENOUGH && bad < ENOUGH) return { sentiment: 'neutral', confidence: 0.5, evidence: null };
  const mixed = Math.min(good, bad) >= ENOUGH && Math.min(good, bad) / Math.max(good, bad) >= BALANCED;
  const sentiment = mixed ? 'mixed' : good > bad ? 'positive' : 'negative';
  const confidence = mixed ? 0.4 : Math.min(MOST_CONFIDENT, Math.abs(good - bad) / (good + bad));
  return { sentiment, confidence, evidence: strongest(sentiment === 'positive' ? 1 : -1) };
}
