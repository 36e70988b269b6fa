import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detail } from '../errors.ts';
import { checkDocument, checkDocumentText } from './document.ts';
import { ACTION_TYPES, ACTIONS } from './table.ts';

const details = (input: unknown): Detail[] => {
  const verdict = checkDocument(input);
  return verdict.ok ? [] : verdict.details;
};
const errors = (...actions: unknown[]) =>
  details({ actions }).map(({ pointer, code }) => `${pointer} ${code}`);
const action = (entry: unknown) => {
  const verdict = checkDocument({ actions: [entry] });
  return verdict.ok ? verdict.actions[0] : verdict.details;
};

describe('a document', () => {
  it('may mix both forms, which result in the same action', () => {
    const shorthand = { say: { text: 'Hi' } };
    const typed = { type: 'say', text: 'Hi' };
    expect(checkDocument({ actions: [shorthand, typed] })).toEqual({
      ok: true,
      actions: [
        { type: 'say', text: 'Hi', loop: 1 },
        { type: 'say', text: 'Hi', loop: 1 },
      ],
    });
  });

  it('results in at most 200 errors, however invalid it is', () => {
    const unknownFields = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field_${n}`, n]));
    expect(details(unknownFields)).toHaveLength(200);
    expect(errors(unknownFields)).toHaveLength(200);
    expect(errors({ say: unknownFields })).toHaveLength(200);
    expect(errors(...Array.from({ length: 100 }, () => ({ say: unknownFields })))).toHaveLength(200);
  });

  it('cannot contain a URL with a password', () => {
    expect(errors({ redirect: { url: 'https://user:secret@example.com/' } })).toEqual([
      '/actions/0/redirect/url invalid_format',
    ]);
  });

  it('may be empty', () => {
    expect(checkDocument({ actions: [] })).toEqual({ ok: true, actions: [] });
  });

  it.each([
    ['an array', [], ' invalid_type'],
    ['null', null, ' invalid_type'],
    ['without actions', {}, '/actions required'],
    ['with actions that are no list', { actions: {} }, '/actions invalid_type'],
    ['with a field beside actions', { actions: [], version: 1 }, '/version unknown_field'],
    ['with 101 actions', { actions: Array(101).fill({ hold: {} }) }, '/actions too_long'],
  ])('is rejected: %s', (_, input, error) => {
    expect(details(input).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([error]);
  });

  it('may have 100 actions', () => {
    expect(checkDocument({ actions: Array(100).fill({ hold: {} }) }).ok).toBe(true);
  });

  it('results in all errors at once', () => {
    expect(
      errors(
        { say: { txt: 'Hi', loop: 11 } },
        { type: 'gather', num_digits: 0, max_digits: 2 },
        { transfer: {} },
        { hold: {}, mute: { direction: 'up' } },
        'hangup',
      ),
    ).toEqual([
      '/actions/0/say/text required',
      '/actions/0/say/loop out_of_range',
      '/actions/0/say/txt unknown_field',
      '/actions/1/num_digits out_of_range',
      '/actions/1/num_digits conflict',
      '/actions/2/transfer/destination required',
      '/actions/3 several_actions',
      '/actions/4 invalid_type',
    ]);
  });

  it('results in errors with the expected and the found value', () => {
    expect(details({ actions: [{ say: { text: 5 } }] })).toEqual([
      {
        pointer: '/actions/0/say/text',
        code: 'invalid_type',
        message: 'text must be a string',
        expected: 'a string',
        found: '5',
      },
    ]);
  });

  it('results in pointers with the escapes of RFC 6901', () => {
    expect(errors({ say: { text: 'x', 'a/b~c': 1 } })).toEqual(['/actions/0/say/a~1b~0c unknown_field']);
  });
});

describe('an action', () => {
  it.each([
    ['startRecording', 'start_recording'],
    ['Say', 'say'],
    ['gahter', 'gather'],
    ['hang_up', 'hangup'],
  ])('named %s is rejected with a suggestion', (written, suggestion) => {
    const [detail] = details({ actions: [{ type: written }] });
    expect(detail).toMatchObject({ code: 'unknown_action', pointer: '/actions/0/type' });
    expect(detail?.message).toContain(`did you mean "${suggestion}"?`);
  });

  it('with an unrelated name is rejected without a suggestion', () => {
    expect(details({ actions: [{ constructor: {} }] })[0]?.message).toBe('there is no action "constructor"');
  });

  it.each([
    ['that is empty', {}, '/actions/0 empty_action'],
    ['that is a list', [], '/actions/0 invalid_type'],
    ['whose type is no string', { type: 1 }, '/actions/0/type invalid_type'],
    ['with null for its fields', { hold: null }, '/actions/0/hold invalid_type'],
    ['in both forms', { type: 'say', text: 'x', hold: {} }, '/actions/0/hold mixed_shapes'],
    ['in both forms of one name', { type: 'say', say: { text: 'x' } }, '/actions/0/say mixed_shapes'],
    ['with fields beside its name', { say: { text: 'x' }, loop: 2 }, '/actions/0/loop unknown_field'],
  ])('%s is rejected', (_, entry, error) => {
    expect(errors(entry)).toEqual([error]);
  });

  it('may have a field with the name of another action', () => {
    expect(action({ type: 'conference', room: 'a', mute: true })).toMatchObject({ room: 'a', mute: true });
  });

  it.each(ACTION_TYPES)('%s accepts its example in both forms', (type) => {
    const { example } = ACTIONS[type];
    const short = checkDocument({ actions: [{ [type]: example }] });
    expect(short.ok).toBe(true);
    expect(checkDocument({ actions: [{ type, ...example }] })).toEqual(short);
  });
});

describe('the text of a document', () => {
  it('may begin with a byte order mark', () => {
    expect(checkDocumentText('\uFEFF{"actions":[]}')).toEqual({ ok: true, actions: [] });
  });

  it('that is not JSON is rejected with line and column', () => {
    const verdict = checkDocumentText('{"actions":[\n  {"hold":{},}\n]}');
    expect(verdict).toMatchObject({ ok: false, details: [{ pointer: '', code: 'invalid_json' }] });
    expect(!verdict.ok && verdict.details[0]?.message).toMatch(/^line 2, column 14: /);
  });

  it('is rejected above 1 MiB', () => {
    const text = (bytes: number) => `{"actions":[]}${' '.repeat(bytes - 14)}`;
    expect(checkDocumentText(text(1024 * 1024)).ok).toBe(true);
    expect(checkDocumentText(text(1024 * 1024 + 1))).toMatchObject({
      details: [{ code: 'payload_too_large' }],
    });
    expect(checkDocumentText(`{"actions":[]}${'\u00a0'.repeat(600_000)}`)).toMatchObject({
      details: [{ code: 'payload_too_large' }],
    });
  });
});

describe('any input', () => {
  const names = fc.constantFrom(...ACTION_TYPES, 'type', 'actions', '__proto__', 'constructor', 'text', 'to');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(null, true, '', 'say', -1, 0.5, Infinity),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 4 }),
    ),
  }));

  it('never makes the check throw, and every rejection has a message', () => {
    fc.assert(
      fc.property(fc.oneof(tree, fc.record({ actions: fc.array(tree) }), fc.jsonValue()), (input) => {
        const verdict = checkDocument(input);
        if (!verdict.ok) {
          expect(verdict.details.length).toBeGreaterThan(0);
          for (const { message } of verdict.details) expect(message).toMatch(/\S/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has the same result in both forms', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ACTION_TYPES), fc.dictionary(fc.string(), tree), (type, fields) => {
        fc.pre(
          !Object.keys(fields).some((key) => key === 'type' || (ACTION_TYPES as string[]).includes(key)),
        );
        const short = checkDocument({ actions: [{ [type]: fields }] });
        const typed = checkDocument({ actions: [{ ...fields, type }] });
        expect(typed.ok).toBe(short.ok);
        if (short.ok) expect(typed).toEqual(short);
      }),
    );
  });
});
