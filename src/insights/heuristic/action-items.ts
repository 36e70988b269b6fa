import type { Claim } from '../insight.ts';
import type { Sentence } from './sentences.ts';

const DO =
  '(send|call|book|check|ask|order|refund|look|get back|contact|email|schedule|forward|speak|leave|arrange|transfer|update|cancel|open|file|pass|pay|bring|fill|let you know|come|prepare|write|report)';

/** Somebody promises something, or says what another is to do. */
const PROMISES = [
  new RegExp(`\\b(i|we) (will|shall|am going to|are going to) (also |then |just )?${DO}\\b`),
  new RegExp(`\\b(somebody|someone|a colleague|the \\w+|he|she|they|my \\w+) will ${DO}\\b`),
  new RegExp(`\\byou (will|would|need to|have to|must|should) (have to )?${DO}\\b`),
  new RegExp(`\\bplease ${DO}\\b`),
  /\byou will (get|receive)\b|\bwill be (sent|paid|delivered|refunded)\b/,
];
const MOST = 5;

/** What somebody is to do after the call, in the words in which it was said. */
export function actionItemsOf(sentences: Sentence[]): Claim[] {
  return sentences
    .filter(({ isQuestion, plain }) => !isQuestion && PROMISES.some((promise) => promise.test(plain)))
    .slice(-MOST)
    .map(({ speaker, text, evidence }) => ({
      text: `${speaker === 'agent' ? 'Agent' : 'Caller'}: ${text}`,
      evidence,
    }));
}
