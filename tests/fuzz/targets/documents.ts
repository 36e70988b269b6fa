import {
  ACTION_TYPES,
  ACTIONS,
  type ActionType,
  checkDocumentText,
} from '../../../contract/actions/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { stateless, type Target, type Verdict } from '../target.ts';

/** A document is valid, or its refusal names every fault with its position. */
function process(input: Buffer): Verdict {
  const verdict = checkDocumentText(input.toString());
  if (verdict.ok) {
    const { actions } = JSON.parse(input.toString().replace('\uFEFF', ''));
    const types = verdict.actions.map(({ type }) => type);
    const requested = actions.map((each: { type?: string }) => each.type ?? Object.keys(each)[0]);
    if (types.join() !== requested.join()) throw new Error(`requested ${requested}, got ${types}`);
    return 'accepted';
  }
  if (verdict.details.length === 0) throw new Error('refused without details');
  for (const { pointer, code, message } of verdict.details) {
    if (pointer !== '' && !pointer.startsWith('/')) throw new Error(`not a pointer: ${pointer}`);
    if (!code || !message) throw new Error('a detail without code or message');
  }
  return 'refused';
}

const VALUES: readonly ((random: RandomChoice) => unknown)[] = [
  () => null,
  () => true,
  (random) => random.int(200) - 50,
  (random) => random.int(100) / 7,
  () => 1e308,
  (random) =>
    random.pick(['', 'Hi', 'read', 'both', '+15550100000', 'sip:a@b', 'team', '1234#', '\u0000', '\ud800']),
  (random) => random.pick(['https://example.com/x', 'http://127.0.0.1', 'wss://example.com', 'javascript:1']),
  (random) => 'x'.repeat(random.int(5000)),
  (random) => random.some(3, () => random.int(9)),
  (random) => ({ [random.pick(['__proto__', 'constructor', 'type', 'text'])]: random.int(9) }),
];

const fieldsOf = (type: ActionType) => Object.keys(ACTIONS[type].schema.in.shape);
const FIELDS = [...new Set(ACTION_TYPES.flatMap(fieldsOf))];

function action(random: RandomChoice): unknown {
  const type = random.once(20)
    ? random.pick(['juggle', '__proto__', 'toString', ''])
    : random.pick(ACTION_TYPES);
  const known = ACTION_TYPES.find((name) => name === type);
  const names = known && !random.once(5) ? fieldsOf(known) : FIELDS;
  const fields = Object.fromEntries(
    names.filter(() => random.once(2)).map((name) => [name, random.pick(VALUES)(random)]),
  );
  if (random.once(15)) return random.pick(VALUES)(random);
  return random.once(2) ? { type, ...fields } : { [type]: fields };
}

function generate(random: RandomChoice): Buffer {
  if (random.once(50)) return Buffer.from('['.repeat(random.int(60_000)));
  const actions = random.some(4, () => action(random));
  return Buffer.from(JSON.stringify(random.once(20) ? actions : { actions }));
}

const corpus = ACTION_TYPES.map((type) => Buffer.from(JSON.stringify({ actions: [ACTIONS[type].example] })));

/** Action documents, as applications answer them. */
export const documents: Target = {
  name: 'documents',
  share: 170,
  corpus,
  generate,
  open: stateless(process),
};
