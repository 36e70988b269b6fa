import {
  ACTION_TYPES,
  ACTIONS,
  type ActionType,
  checkDocumentText,
} from '../../../contract/actions/index.ts';
import type { Chance } from '../chance.ts';
import { stateless, type Target, type Verdict } from '../target.ts';

/** A document runs, or everything that is wrong with it is said, each with its place. Nothing else comes out. */
function take(input: Buffer): Verdict {
  const verdict = checkDocumentText(input.toString());
  if (verdict.ok) {
    const { actions } = JSON.parse(input.toString().replace('\uFEFF', ''));
    const types = verdict.actions.map(({ type }) => type);
    const asked = actions.map((each: { type?: string }) => each.type ?? Object.keys(each)[0]);
    if (types.join() !== asked.join()) throw new Error(`asked for ${asked}, got ${types}`);
    return 'taken';
  }
  if (verdict.details.length === 0) throw new Error('refused without a word');
  for (const { pointer, code, message } of verdict.details) {
    if (pointer !== '' && !pointer.startsWith('/')) throw new Error(`no pointer: ${pointer}`);
    if (!code || !message) throw new Error('a detail without code or message');
  }
  return 'refused';
}

const VALUES: readonly ((chance: Chance) => unknown)[] = [
  () => null,
  () => true,
  (chance) => chance.int(200) - 50,
  (chance) => chance.int(100) / 7,
  () => 1e308,
  (chance) =>
    chance.pick(['', 'Hi', 'read', 'both', '+15550100000', 'sip:a@b', 'room', '1234#', '\u0000', '\ud800']),
  (chance) => chance.pick(['https://example.com/x', 'http://127.0.0.1', 'wss://example.com', 'javascript:1']),
  (chance) => 'x'.repeat(chance.int(5000)),
  (chance) => chance.some(3, () => chance.int(9)),
  (chance) => ({ [chance.pick(['__proto__', 'constructor', 'type', 'text'])]: chance.int(9) }),
];

const fieldsOf = (type: ActionType) => Object.keys(ACTIONS[type].schema.in.shape);
const FIELDS = [...new Set(ACTION_TYPES.flatMap(fieldsOf))];

function action(chance: Chance): unknown {
  const type = chance.once(20)
    ? chance.pick(['juggle', '__proto__', 'toString', ''])
    : chance.pick(ACTION_TYPES);
  const known = ACTION_TYPES.find((name) => name === type);
  const names = known && !chance.once(5) ? fieldsOf(known) : FIELDS;
  const fields = Object.fromEntries(
    names.filter(() => chance.once(2)).map((name) => [name, chance.pick(VALUES)(chance)]),
  );
  if (chance.once(15)) return chance.pick(VALUES)(chance);
  return chance.once(2) ? { type, ...fields } : { [type]: fields };
}

function write(chance: Chance): Buffer {
  if (chance.once(50)) return Buffer.from('['.repeat(chance.int(60_000)));
  const actions = chance.some(4, () => action(chance));
  return Buffer.from(JSON.stringify(chance.once(20) ? actions : { actions }));
}

const corpus = ACTION_TYPES.map((type) => Buffer.from(JSON.stringify({ actions: [ACTIONS[type].example] })));

/** What an application answers: the JSON that says what to do. */
export const documents: Target = { name: 'documents', share: 170, corpus, write, open: stateless(take) };
