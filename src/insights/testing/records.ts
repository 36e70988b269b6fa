import type { Evidence, Part, PartName, Parts, Transcript } from '../index.ts';

interface Owner {
  recordingId: string;
  callId: string;
  applicationId: string;
}

/** Makes a transcript of two sentences. */
export function aTranscript(owner: Owner, changes: Partial<Transcript> = {}): Transcript {
  return {
    recordingId: owner.recordingId,
    callId: owner.callId,
    applicationId: owner.applicationId,
    status: 'completed',
    language: 'en',
    engine: 'moonshine-base',
    segments: [
      { speaker: 'agent', text: 'Good morning, Harbour Parcels.', startMs: 400, endMs: 2100 },
      { speaker: 'caller', text: 'Where is my parcel?', startMs: 12_600, endMs: 13_900 },
    ],
    fullText: 'Good morning, Harbour Parcels.\nWhere is my parcel?',
    error: null,
    createdAt: 1_780_056_090_000,
    ...changes,
  };
}

/** Makes every part of an analysis, each with a claim and its evidence. */
export function someParts(owner: Owner): Part[] {
  const { recordingId, callId, applicationId } = owner;
  const evidence: Evidence = {
    ...{ recordingId, speaker: 'caller', text: 'Where is my parcel?', startMs: 12_600, endMs: 13_900 },
  };
  const parts: Parts = {
    summary: {
      summary: 'The caller asks for a parcel.',
      outcome: 'unknown',
      sentiment: 'neutral',
      actionItems: [{ text: 'Caller: I will call again.', evidence: null }],
      keyPoints: [{ text: 'Where is my parcel?', evidence }],
      outcomeEvidence: null,
      sentimentEvidence: null,
      confidence: 0.5,
    },
    score: {
      items: [
        { name: 'greeting', score: 20, maxScore: 20, reason: 'The agent said “good morning”.', evidence },
        { name: 'closing', score: 0, maxScore: 10, reason: 'Nothing was said.', evidence: null },
      ],
      confidence: 0.5,
    },
    topics: [
      { topic: 'Delivery', rawTopic: 'parcel', normalizedTopic: 'delivery', confidence: 0.4, evidence },
    ],
  };
  return (Object.keys(parts) as PartName[]).map((part) => ({
    ...{ callId, applicationId, part, data: parts[part], status: 'completed', engine: 'heuristic' },
    ...{ error: null, createdAt: 1_780_056_091_000 },
  }));
}
