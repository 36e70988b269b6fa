import { afterAll, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../core/index.ts';
import { DEFAULT_SCORECARD } from '../index.ts';
import type { SpokenSegment } from '../insight.ts';
import { HELD_OUT_DIALOGUES } from '../testing/held-out-dialogues.ts';
import { type Dialogue, TUNING_DIALOGUES } from '../testing/tuning-dialogues.ts';
import { HeuristicAnalyst } from './heuristic-analyst.ts';

const analyst = new HeuristicAnalyst({ clock: systemClock, log: silentLog });
afterAll(() => analyst.close());

const spokenIn = ({ lines }: Pick<Dialogue, 'lines'>): SpokenSegment[] =>
  lines.map(([speaker, text], at) => ({
    ...{ recordingId: 'rec_call_1', speaker, text },
    ...{ startMs: 3000 * at, endMs: 3000 * at + 2500 },
  }));
const materialOf = (dialogue: Pick<Dialogue, 'lines'>) => ({
  customerId: 'cust_1',
  spoken: spokenIn(dialogue),
  scorecard: DEFAULT_SCORECARD,
});
const named = (name: string) => HELD_OUT_DIALOGUES.find((one) => one.name === name)!;

describe('the sentiment of ten held-out calls', () => {
  it('is right for at least eight', async () => {
    const summaries = await Promise.all(
      HELD_OUT_DIALOGUES.map((dialogue) => analyst.analyze('summary', materialOf(dialogue))),
    );
    const right = summaries.filter(({ sentiment }, at) => sentiment === HELD_OUT_DIALOGUES[at]!.sentiment);
    expect(right.length).toBeGreaterThanOrEqual(8);
  });
});

describe('a summary', () => {
  it('states the reason and the outcome in words of the call', async () => {
    const shoes = TUNING_DIALOGUES.find(({ name }) => name === 'the wrong shoes')!;
    const summary = await analyst.analyze('summary', materialOf(shoes));
    expect(summary.summary).toContain('You sent me the wrong shoes');
    expect(summary.outcome).toBe('follow_up');
    expect(summary.actionItems.map(({ text }) => text)).toEqual([
      'Agent: I will send you the tracking number.',
    ]);
  });

  it('gives evidence for every claim', async () => {
    for (const dialogue of HELD_OUT_DIALOGUES) {
      const material = materialOf(dialogue);
      const { actionItems, keyPoints, sentimentEvidence, sentiment } = await analyst.analyze(
        'summary',
        material,
      );
      for (const { text, evidence } of [...actionItems, ...keyPoints]) {
        const said = material.spoken.find(({ startMs }) => startMs === evidence?.startMs);
        expect(said?.text).toContain(evidence!.text);
        expect(text).toContain(evidence!.text);
      }
      expect(sentimentEvidence === null).toBe(sentiment === 'neutral');
    }
  });

  it('limits its confidence to 0.7', async () => {
    for (const dialogue of HELD_OUT_DIALOGUES) {
      const { confidence } = await analyst.analyze('summary', materialOf(dialogue));
      expect(confidence).toBeLessThanOrEqual(0.7);
    }
  });

  it('of a silent call is empty', async () => {
    const summary = await analyst.analyze('summary', { customerId: 'cust_1', spoken: [], scorecard: [] });
    expect(summary).toMatchObject({
      sentiment: 'neutral',
      outcome: 'unknown',
      actionItems: [],
      keyPoints: [],
    });
  });
});

describe('a score', () => {
  const points = async (material: ReturnType<typeof materialOf>) => {
    const { items } = await analyst.analyze('score', material);
    return Object.fromEntries(items.map(({ name, score }) => [name, score]));
  };

  it('gives points for phrases in the right part of the call', async () => {
    expect(await points(materialOf(named('the parcel that came early')))).toEqual({
      ...{ greeting: 20, identification: 20, resolution: 30, courtesy: 15, closing: 15 },
    });
    expect((await points(materialOf(named('the double charge'))))['closing']).toBe(0);
  });

  it('uses the given scorecard and quotes its evidence', async () => {
    const scorecard = [
      { name: 'upsell', weight: 7, lookFor: ['premium plan'], speaker: 'agent', where: 'anywhere' },
      { name: 'thanks', weight: 3, lookFor: ["I'm grateful"], speaker: 'caller', where: 'end' },
    ] as const;
    const spoken = spokenIn({
      lines: [
        ['caller', 'Is there a premium plan?'],
        ['agent', 'There is.'],
        ['caller', 'I am grateful for that.'],
      ],
    });
    const items = scorecard.map((item) => ({ ...item, lookFor: [...item.lookFor] }));
    const { items: found } = await analyst.analyze('score', {
      customerId: 'cust_1',
      spoken,
      scorecard: items,
    });
    expect(found).toMatchObject([
      { name: 'upsell', score: 0, maxScore: 7, evidence: null },
      { name: 'thanks', score: 3, evidence: { text: 'I am grateful for that.', startMs: 6000 } },
    ]);
  });
});

describe('topics', () => {
  it('are the recurring subjects of the call, with a normalized name', async () => {
    const topics = await analyst.analyze('topics', materialOf(named('the password that works again')));
    expect(topics[0]).toMatchObject({ topic: 'Account access', normalizedTopic: 'account_access' });
    const insurance = await analyst.analyze('topics', materialOf(named('the lost insurance claim')));
    expect(insurance.map(({ normalizedTopic }) => normalizedTopic)).toContain('insurance');
  });
});
