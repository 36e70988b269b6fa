import { z } from 'zod';
import type { AnalysisInput } from '../engines.ts';
import type { Evidence, PartName, Parts } from '../insight.ts';

/** The prompt for one part of the analysis, the schema of its answer, and the reader of the answer. */
export interface Question<Name extends PartName> {
  ask(material: AnalysisInput): string;
  // biome-ignore lint/suspicious/noExplicitAny: each question has its own answer, which only its `read` knows.
  schema: z.ZodType<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  read(answer: any, material: AnalysisInput): Parts[Name];
}

const line = z.int().nullable().describe('The number of the line that shows it, or null.');
const confidence = z.number().min(0).max(1);
const claim = z.object({ text: z.string().min(1), line });

const summary = z.object({
  summary: z.string().min(1).describe('Two to four sentences.'),
  outcome: z.string().min(1).describe('resolved, follow_up, unresolved or unknown'),
  outcome_line: line,
  sentiment: z
    .enum(['positive', 'neutral', 'negative', 'mixed'])
    .describe('The mood of the caller at the end.'),
  sentiment_line: line,
  action_items: z.array(claim).describe('What somebody has promised to do.'),
  key_points: z.array(claim).max(8),
  confidence,
});

const score = z.object({
  items: z.array(z.object({ name: z.string(), score: z.number().min(0), reason: z.string(), line })),
  confidence,
});

const topics = z.object({
  topics: z
    .array(
      z.object({
        topic: z.string().min(1),
        raw_topic: z.string().describe('As it was said.'),
        confidence,
        line,
      }),
    )
    .max(12),
});

/** Finds the evidence of a line number; null if there is no such line. */
function evidenceAt({ spoken }: AnalysisInput, number: number | null): Evidence | null {
  const said = number === null ? undefined : spoken[number - 1];
  if (!said) return null;
  const { recordingId, startMs, endMs, speaker, text } = said;
  return { recordingId, startMs, endMs, speaker, text };
}

const claimsOf = (claims: z.output<typeof claim>[], material: AnalysisInput) =>
  claims.map(({ text, line: number }) => ({ text, evidence: evidenceAt(material, number) }));

const aboutSummary: Question<'summary'> = {
  ask: () => 'Summarize the call.',
  schema: summary,
  read: (answer: z.output<typeof summary>, material) => ({
    summary: answer.summary,
    outcome: answer.outcome,
    sentiment: answer.sentiment,
    actionItems: claimsOf(answer.action_items, material),
    keyPoints: claimsOf(answer.key_points, material),
    outcomeEvidence: evidenceAt(material, answer.outcome_line),
    sentimentEvidence: evidenceAt(material, answer.sentiment_line),
    confidence: answer.confidence,
  }),
};

const aboutScore: Question<'score'> = {
  ask({ scorecard }) {
    const items = scorecard.map(
      ({ name, weight, speaker, where, lookFor }) =>
        `- ${name}: 0 to ${weight} points; said by ${speaker}, ${where} in the call; look for: ${lookFor.join('; ')}`,
    );
    return `Score the call by this scorecard, every item once, by its name:\n${items.join('\n')}`;
  },
  schema: score,
  // The scorecard defines the items and their points; an answer cannot add any.
  read: (answer: z.output<typeof score>, material) => ({
    items: material.scorecard.map(({ name, weight }) => {
      const found = answer.items.find((item) => item.name === name);
      return {
        name,
        score: Math.min(weight, found?.score ?? 0),
        maxScore: weight,
        reason: found?.reason ?? 'The model gave no reason.',
        evidence: evidenceAt(material, found?.line ?? null),
      };
    }),
    confidence: answer.confidence,
  }),
};

const aboutTopics: Question<'topics'> = {
  ask: () => 'Name the topics of the call, the most important first, each in one to three words.',
  schema: topics,
  read: (answer: z.output<typeof topics>, material) =>
    answer.topics.map(({ topic, raw_topic: rawTopic, confidence: trust, line: number }) => ({
      topic,
      rawTopic,
      normalizedTopic: topic.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_'),
      confidence: trust,
      evidence: evidenceAt(material, number),
    })),
};

export const QUESTIONS: { [Name in PartName]: Question<Name> } = {
  summary: aboutSummary,
  score: aboutScore,
  topics: aboutTopics,
};
