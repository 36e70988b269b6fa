import { describe, detailsOf, MAX_DETAILS, pointer } from '../details.ts';
import type { Detail, DetailCode } from '../errors.ts';
import { readJson } from '../json.ts';
import { nearest } from '../nearest.ts';
import { type SpeechRules, speechErrors } from '../speech-rules.ts';
import { type UrlRules, urlError, withAbsoluteUrl } from '../urls.ts';
import { equivalentAction, equivalentFields } from './other-platforms.ts';
import { ACTION_TYPES, ACTIONS, type Action, type ActionType } from './table.ts';

/** The maximum number of actions in a document. */
export const MAX_ACTIONS = 100;
/** The maximum size of a document in bytes. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

export interface CheckOptions extends UrlRules {
  /** The URL of the document; relative URLs in it are resolved against this. */
  base?: string | undefined;
  /** The available voices and languages; undefined allows any. */
  speech?: SpeechRules | undefined;
}

/** The actions in the form in which they run, or all errors in the document, up to 200. */
export type Verdict = { ok: true; actions: Action[] } | { ok: false; details: Detail[] };

/** Checks the text of a document: its size, its JSON syntax, then its content like `checkDocument`. */
export function checkDocumentText(text: string, options: CheckOptions = {}): Verdict {
  if (text.length > MAX_DOCUMENT_BYTES || Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    return reject({
      pointer: '',
      code: 'payload_too_large',
      message: 'the document must be at most 1 MiB long',
    });
  }
  const json = readJson(text);
  if ('value' in json) return checkDocument(json.value, options);
  const { line, column, reason } = json.error;
  const isXml = /^\s*</.test(text.slice(0, 100));
  const hint = isXml ? '; this is XML, and a document is JSON: {"actions":[…]}' : '';
  return reject({
    pointer: '',
    code: 'invalid_json',
    message: `line ${line}, column ${column}: ${reason}${hint}`,
    expected: 'JSON',
    found: describe(text.slice(0, 60)),
  });
}

/** Checks a whole document and prepares its actions to run. Never throws. */
export function checkDocument(input: unknown, options: CheckOptions = {}): Verdict {
  if (Array.isArray(input)) return bareList(input, options);
  if (!isObject(input)) return reject(wrongType(input, [], 'an object with the field actions'));
  const details = Object.keys(input)
    .filter((key) => key !== 'actions')
    .slice(0, MAX_DETAILS)
    .map((key) => unknownField(input, key));
  const list = Object.hasOwn(input, 'actions') ? input['actions'] : undefined;
  if (!Array.isArray(list)) return reject(...details, wrongType(list, ['actions'], 'an array of actions'));
  if (list.length > MAX_ACTIONS) return reject(...details, tooMany(list));
  const actions: Action[] = [];
  for (const index of list.keys()) {
    if (details.length >= MAX_DETAILS) break;
    const found = checkAction(input, ['actions', index], list[index], options);
    if (Array.isArray(found)) details.push(...found);
    else actions.push(found);
  }
  return details.length > 0 ? reject(...details) : { ok: true, actions };
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
    return detailsOf(parsed.error, { document, base, fieldsAt, equivalents: equivalentFields(type) });
  }
  const badUrl = urlError(type, fields as Fields, base, options);
  const errors = [...(badUrl ? [badUrl] : []), ...speechErrors(fields as Fields, base, options.speech)];
  return errors.length > 0 ? errors : ({ type, ...parsed.data } as Action);
}

/** Rejects a list without an object around it, as on Vonage and jambonz. Also reports the errors in the list. */
function bareList(list: unknown[], options: CheckOptions): Verdict {
  const entries = list
    .slice(0, MAX_ACTIONS)
    .map((entry, index) => checkAction(list, [index], entry, options));
  const whole = wrongType(list, [], 'an object with the field actions');
  const message = `${whole.message}: {"actions":[…]}`;
  return reject({ ...whole, message }, ...entries.flatMap((entry) => (Array.isArray(entry) ? entry : [])));
}

/** The type of an action, its fields, and their path in the document, independent of the form. */
interface Named {
  type: ActionType;
  fields: unknown;
  base: (string | number)[];
}

/** Reads the typed form: `{"type":"say","text":"Hi"}`. */
function typed(entry: Fields, path: (string | number)[]): Named | Detail[] {
  const { type, ...fields } = entry;
  if (typeof type !== 'string') return [wrongType(type, [...path, 'type'], 'the name of an action')];
  if (!isActionType(type)) return [unknownAction(type, [...path, 'type'])];
  const own = Object.keys(ACTIONS[type].schema.in.shape);
  const other = Object.keys(fields).find((key) => isActionType(key) && !own.includes(key));
  if (other !== undefined) {
    const message = `an action has either the form {"${type}":{…}} or a "type", not both`;
    return [detail('mixed_shapes', [...path, other], message, 'one form')];
  }
  return { type, fields, base: path };
}

/** Reads the shorthand form: `{"say":{"text":"Hi"}}`. */
function shorthand(entry: Fields, path: (string | number)[]): Named | Detail[] {
  const keys = Object.keys(entry).slice(0, MAX_DETAILS);
  const types = keys.filter(isActionType);
  const [type] = types;
  if (keys.length === 0) return [detail('empty_action', path, 'the object names no action', ONE_OF_ALL)];
  if (type === undefined) {
    const other = ['action', 'verb', 'name', 'kind'].find((key) => typeof entry[key] === 'string');
    if (other) return [namedOtherwise(entry[other] as string, [...path, other])];
    return keys.map((key) => unknownAction(key, [...path, key]));
  }
  if (types.length > 1) {
    const message = `an object holds one action, but this one holds ${types.join(', ')}`;
    return [detail('several_actions', path, message, 'one action in each object')];
  }
  const beside = keys.filter((key) => key !== type);
  if (beside.length > 0) return beside.map((key) => fieldBeside(type, [...path, key]));
  return { type, fields: entry[type], base: [...path, type] };
}

type Fields = Record<string, unknown>;

const ONE_OF_ALL = `one of ${ACTION_TYPES.join(', ')}`;

const isActionType = (name: string): name is ActionType => Object.hasOwn(ACTIONS, name);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const reject = (...details: Detail[]): Verdict => ({ ok: false, details: details.slice(0, MAX_DETAILS) });

function detail(code: DetailCode, path: (string | number)[], message: string, expected: string): Detail {
  return { pointer: pointer(path), code, message, expected };
}

function wrongType(value: unknown, path: (string | number)[], expected: string): Detail {
  const name = path.at(-1) ?? 'the document';
  const code = value === undefined ? 'required' : 'invalid_type';
  const message = code === 'required' ? `${name} is required` : `${subject(name)} must be ${expected}`;
  return { ...detail(code, path, message, expected), found: describe(value) };
}

const subject = (name: string | number): string => (typeof name === 'number' ? 'an action' : name);

function unknownField(document: Fields, key: string): Detail {
  const message = `a document has no field ${JSON.stringify(key)}`;
  return { ...detail('unknown_field', [key], message, 'actions alone'), found: describe(document[key]) };
}

function unknownAction(name: string, path: (string | number)[]): Detail {
  const message = `there is no action ${describe(name)}${suggestion(name)}`;
  return { ...detail('unknown_action', path, message, ONE_OF_ALL), found: describe(name) };
}

/** Suggests the action that is probably meant, or explains what to do instead. */
function suggestion(name: string): string {
  const equivalent = equivalentAction(name);
  const { action = nearest(name, ACTION_TYPES), hint } = equivalent ?? {};
  if (hint && !equivalent?.action) return `: ${hint}`;
  return `${action ? `; did you mean "${action}"?` : ''}${hint ? ` ${hint}` : ''}`;
}

/** The error for `{"action":"talk"}` and `{"verb":"say"}`, the forms of Vonage and jambonz. */
function namedOtherwise(name: string, path: (string | number)[]): Detail {
  const field = `the field that names an action is "type", not "${path.at(-1)}"`;
  const unknown = isActionType(name) ? '' : `; there is no action ${describe(name)}${suggestion(name)}`;
  return { ...detail('unknown_action', path, field + unknown, ONE_OF_ALL), found: describe(name) };
}

function fieldBeside(type: ActionType, path: (string | number)[]): Detail {
  const message = `the fields of ${type} belong inside {"${type}":{…}}, not beside it`;
  return detail('unknown_field', path, message, `"${type}" alone`);
}

function tooMany(list: unknown[]): Detail {
  const expected = `at most ${MAX_ACTIONS} actions`;
  const message = `a document holds ${expected}`;
  return { ...detail('too_long', ['actions'], message, expected), found: describe(list) };
}
