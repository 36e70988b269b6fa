import { describe, detailsOf, MAX_DETAILS } from '../details.ts';
import type { Detail, DetailCode } from '../errors.ts';
import { readJson } from '../json.ts';
import { nearest } from '../nearest.ts';
import { pointer } from '../pointer.ts';
import { type SpeechRules, speechFaults } from '../speech-rules.ts';
import type { UrlRules } from '../url-rules.ts';
import { urlFault, withAbsoluteUrl } from './document-urls.ts';
import { elsewhere, fieldsElsewhere } from './other-platforms.ts';
import { ACTION_TYPES, ACTIONS, type Action, type ActionType } from './table.ts';

/** A document holds at most this many actions. */
export const MAX_ACTIONS = 100;
/** A document's text has at most this many bytes. */
export const MAX_BYTES = 1024 * 1024;

export interface CheckOptions extends UrlRules {
  /** The URL that the document came from: relative ones in it are resolved against this. */
  base?: string | undefined;
  /** The voices and languages that there are; undefined: any. */
  speech?: SpeechRules | undefined;
}

/** The actions as they run, or everything that is wrong with the document at once, up to 200 faults. */
export type Verdict = { ok: true; actions: Action[] } | { ok: false; details: Detail[] };

/** Checks the text of a document: first that it is JSON and not too long, then as `checkDocument` does. */
export function checkDocumentText(text: string, options: CheckOptions = {}): Verdict {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) {
    return refuse({
      pointer: '',
      code: 'payload_too_large',
      message: 'the document must be at most 1 MiB long',
    });
  }
  const json = readJson(text);
  if ('value' in json) return checkDocument(json.value, options);
  const { line, column, reason } = json.fault;
  const isXml = /^\s*</.test(text.slice(0, 100));
  const hint = isXml ? '; this is XML, and a document is JSON: {"actions":[…]}' : '';
  return refuse({
    pointer: '',
    code: 'invalid_json',
    message: `line ${line}, column ${column}: ${reason}${hint}`,
    expected: 'JSON',
    found: describe(text.slice(0, 60)),
  });
}

/** Checks a document as a whole and makes its actions ready to run. Never throws. */
export function checkDocument(input: unknown, options: CheckOptions = {}): Verdict {
  if (Array.isArray(input)) return bareList(input, options);
  if (!isObject(input)) return refuse(wrongType(input, [], 'an object with the field actions'));
  const details = Object.keys(input)
    .filter((key) => key !== 'actions')
    .slice(0, MAX_DETAILS)
    .map((key) => unknownField(input, key));
  const list = Object.hasOwn(input, 'actions') ? input['actions'] : undefined;
  if (!Array.isArray(list)) return refuse(...details, wrongType(list, ['actions'], 'an array of actions'));
  if (list.length > MAX_ACTIONS) return refuse(...details, tooMany(list));
  const actions: Action[] = [];
  for (const index of list.keys()) {
    if (details.length >= MAX_DETAILS) break;
    const found = checkAction(input, ['actions', index], list[index], options);
    if (Array.isArray(found)) details.push(...found);
    else actions.push(found);
  }
  return details.length > 0 ? refuse(...details) : { ok: true, actions };
}

function checkAction(
  document: object,
  path: (string | number)[],
  entry: unknown,
  options: CheckOptions,
): Action | Detail[] {
  if (!isObject(entry)) return [wrongType(entry, path, 'an object that names an action')];
  const named = Object.hasOwn(entry, 'type') ? typed(entry, path) : shorthand(entry, path);
  if (Array.isArray(named)) return named;
  const { type, base } = named;
  const { schema } = ACTIONS[type];
  const fields = withAbsoluteUrl(type, named.fields, options.base);
  const parsed = schema.safeParse(fields);
  if (!parsed.success) {
    const names = Object.keys(schema.in.shape);
    const fieldsAt = (within: readonly PropertyKey[]) => (within.length === 0 ? names : []);
    return detailsOf(parsed.error, { document, base, fieldsAt, elsewhere: fieldsElsewhere(type) });
  }
  const fault = urlFault(type, fields as Fields, base, options);
  const faults = [...(fault ? [fault] : []), ...speechFaults(fields as Fields, base, options.speech)];
  return faults.length > 0 ? faults : ({ type, ...parsed.data } as Action);
}

/** A list alone, as Vonage and jambonz have it: told together with what is wrong in it. */
function bareList(list: unknown[], options: CheckOptions): Verdict {
  const entries = list
    .slice(0, MAX_ACTIONS)
    .map((entry, index) => checkAction(list, [index], entry, options));
  const whole = wrongType(list, [], 'an object with the field actions');
  const message = `${whole.message}: {"actions":[…]}`;
  return refuse({ ...whole, message }, ...entries.flatMap((entry) => (Array.isArray(entry) ? entry : [])));
}

/** An action in either shape: which one, its fields, and where they stand in the document. */
interface Named {
  type: ActionType;
  fields: unknown;
  base: (string | number)[];
}

/** `{"type":"say","text":"Hi"}` */
function typed(entry: Fields, path: (string | number)[]): Named | Detail[] {
  const { type, ...fields } = entry;
  if (typeof type !== 'string') return [wrongType(type, [...path, 'type'], 'the name of an action')];
  if (!isActionType(type)) return [unknownAction(type, [...path, 'type'])];
  const own = Object.keys(ACTIONS[type].schema.in.shape);
  const other = Object.keys(fields).find((key) => isActionType(key) && !own.includes(key));
  if (other !== undefined) {
    const message = `an action is written either as {"${type}":{…}} or with "type", not in both shapes at once`;
    return [fault('mixed_shapes', [...path, other], message, 'one shape')];
  }
  return { type, fields, base: path };
}

/** `{"say":{"text":"Hi"}}` */
function shorthand(entry: Fields, path: (string | number)[]): Named | Detail[] {
  const keys = Object.keys(entry).slice(0, MAX_DETAILS);
  const types = keys.filter(isActionType);
  const [type] = types;
  if (keys.length === 0) return [fault('empty_action', path, 'the object names no action', oneOfThem)];
  if (type === undefined) {
    const other = ['action', 'verb', 'name', 'kind'].find((key) => typeof entry[key] === 'string');
    if (other) return [namedOtherwise(entry[other] as string, [...path, other])];
    return keys.map((key) => unknownAction(key, [...path, key]));
  }
  if (types.length > 1) {
    const message = `one object holds one action, and this one holds ${types.join(', ')}`;
    return [fault('several_actions', path, message, 'one action in each object')];
  }
  const beside = keys.filter((key) => key !== type);
  if (beside.length > 0) return beside.map((key) => fieldBeside(type, [...path, key]));
  return { type, fields: entry[type], base: [...path, type] };
}

type Fields = Record<string, unknown>;

const oneOfThem = `one of ${ACTION_TYPES.join(', ')}`;

const isActionType = (name: string): name is ActionType => Object.hasOwn(ACTIONS, name);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refuse = (...details: Detail[]): Verdict => ({ ok: false, details: details.slice(0, MAX_DETAILS) });

function fault(code: DetailCode, path: (string | number)[], message: string, expected: string): Detail {
  return { pointer: pointer(path), code, message, expected };
}

function wrongType(value: unknown, path: (string | number)[], expected: string): Detail {
  const name = path.at(-1) ?? 'the document';
  const code = value === undefined ? 'required' : 'invalid_type';
  const message = code === 'required' ? `${name} is required` : `${subject(name)} must be ${expected}`;
  return { ...fault(code, path, message, expected), found: describe(value) };
}

const subject = (name: string | number): string => (typeof name === 'number' ? 'an action' : name);

function unknownField(document: Fields, key: string): Detail {
  const message = `there is no field ${JSON.stringify(key)} in a document`;
  return { ...fault('unknown_field', [key], message, 'actions alone'), found: describe(document[key]) };
}

function unknownAction(name: string, path: (string | number)[]): Detail {
  const message = `there is no action ${describe(name)}${advice(name)}`;
  return { ...fault('unknown_action', path, message, oneOfThem), found: describe(name) };
}

/** Which action is meant, where that can be guessed. */
function advice(name: string): string {
  const { action = nearest(name, ACTION_TYPES), hint } = elsewhere(name) ?? {};
  if (hint && !elsewhere(name)?.action) return `: ${hint}`;
  return `${action ? `; did you mean "${action}"?` : ''}${hint ? ` ${hint}` : ''}`;
}

/** `{"action":"talk"}` and `{"verb":"say"}`, as Vonage and jambonz have it. */
function namedOtherwise(name: string, path: (string | number)[]): Detail {
  const field = `the field that names an action is "type", not "${path.at(-1)}"`;
  const unknown = isActionType(name) ? '' : `; there is no action ${describe(name)}${advice(name)}`;
  return { ...fault('unknown_action', path, field + unknown, oneOfThem), found: describe(name) };
}

function fieldBeside(type: ActionType, path: (string | number)[]): Detail {
  const message = `fields of ${type} stand inside of {"${type}":{…}}, not beside it`;
  return fault('unknown_field', path, message, `"${type}" alone`);
}

function tooMany(list: unknown[]): Detail {
  const expected = `at most ${MAX_ACTIONS} actions`;
  const message = `a document holds ${expected}`;
  return { ...fault('too_long', ['actions'], message, expected), found: describe(list) };
}
