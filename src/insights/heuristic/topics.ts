import type { Topic } from '../insight.ts';
import type { Sentence } from './sentences.ts';

/** Common topics and the words that indicate them. */
const COMMON: [topic: string, words: RegExp][] = [
  ['Billing', /\b(bill|bills|billing|invoice|invoices|charge|charged|payment|payments|paid|pay|fee|price)\b/],
  ['Refund', /\b(refund|refunds|refunded|money back)\b/],
  ['Delivery', /\b(parcel|parcels|delivery|deliver|delivered|shipping|tracking|courier|package)\b/],
  [
    'Appointment',
    /\b(appointment|appointments|book|booked|booking|reservation|reserve|reserved|schedule|table for)\b/,
  ],
  ['Cancellation', /\b(cancel|cancelled|canceled|cancellation|cancelling)\b/],
  ['Complaint', /\b(complaint|complain|unacceptable|disappointed|ridiculous|manager)\b/],
  [
    'Technical problem',
    /\b(internet|router|not work|not working|broken|error|crash|crashed|flooded|repair|repaired|engineer)\b/,
  ],
  ['Account access', /\b(password|log in|login|locked out|reset)\b/],
  ['Account details', /\b(change my address|new address|moving|account number|customer number)\b/],
  [
    'Opening hours',
    /\b(open|opening hours|closed)\b.*\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday|holiday|at)\b/,
  ],
  ['Insurance', /\b(insurance|claim|claims|policy)\b/],
  ['Order', /\b(order|orders|ordered)\b/],
];
const MOST = 6;
const MEANINGLESS = new Set(
  'moment thing day name number time lot problem one bit way minute hour week month today tomorrow morning afternoon evening first second third fourth fifth tenth'.split(
    ' ',
  ),
);

/** Finds the topics of a call: common ones, and things that were mentioned more than once. */
export function topicsOf(sentences: Sentence[]): Topic[] {
  const known = COMMON.flatMap(([topic, words]) => {
    const said = sentences.filter(({ plain }) => words.test(plain));
    const rawTopic = said[0] && words.exec(said[0].plain)?.[0];
    return rawTopic ? [topicFrom(topic, rawTopic, said)] : [];
  });
  const taken = new Set(known.map(({ rawTopic }) => rawTopic));
  const named = [...things(sentences)]
    .filter(([thing, said]) => said.length > 1 && !taken.has(thing))
    .map(([thing, said]) => topicFrom(thing[0]!.toUpperCase() + thing.slice(1), thing, said));
  return [...known, ...named].toSorted((a, b) => b.confidence - a.confidence).slice(0, MOST);
}

function topicFrom(topic: string, rawTopic: string, said: Sentence[]): Topic {
  const normalizedTopic = topic.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_');
  // Rules are never certain; a topic that is mentioned more often is more likely.
  const confidence = Math.round(Math.min(0.7, 0.3 + 0.1 * said.length) * 100) / 100;
  return { topic, rawTopic, normalizedTopic, confidence, evidence: said[0]!.evidence };
}

/** Finds runs of nouns and the sentences that contain them. */
function things(sentences: Sentence[]): Map<string, Sentence[]> {
  const found = new Map<string, Sentence[]>();
  for (const sentence of sentences) {
    const runs = sentence.words
      .map(({ kind, lemma }) => (kind === 'NOUN' ? lemma : '|'))
      .join(' ')
      .split('|');
    for (const thing of new Set(runs.map((run) => run.trim()).filter(Boolean))) {
      if (MEANINGLESS.has(thing) || thing.length < 4) continue;
      found.set(thing, [...(found.get(thing) ?? []), sentence]);
    }
  }
  return found;
}
