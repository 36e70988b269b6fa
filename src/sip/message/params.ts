import { type Params, quote, splitAt, unquote } from './grammar.ts';
import { SipSyntaxError } from './message.ts';

const PARAM = /\s*;\s*([A-Za-z0-9\-.!%*_+`'~]+)(?:\s*=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?\s*/y;
const KNOWN_PARAM = /^([A-Za-z0-9\-.!%*_+`'~]+)\s*(?:=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?/;
// Values that need no quotes: a token or a host (`received` may be an IPv6 address).
const UNQUOTED = /^[A-Za-z0-9\-.!%*_+`'~[\]:]+$/;

/** Reads `;name=value;flag;name="quoted"`; of repeated names the first counts. @throws SipSyntaxError */
export function parseParams(text: string): Params {
  const params: Params = new Map();
  PARAM.lastIndex = 0;
  for (let at = 0; at < text.length; at = PARAM.lastIndex) {
    const match = PARAM.exec(text);
    if (!match) throw new SipSyntaxError(`The parameters ${JSON.stringify(text)} are malformed`);
    const name = match[1]!.toLowerCase();
    if (!params.has(name)) params.set(name, unquote(match[2] ?? ''));
  }
  return params;
}

/** Like `parseParams`, but skips malformed ones: `;;`, a trailing `;`, a value with spaces. Never throws. */
export function parseParamsLeniently(text: string): Params {
  const params: Params = new Map();
  for (const part of splitAt(text, ';')) {
    const [, name, value = ''] = KNOWN_PARAM.exec(part) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !params.has(key)) params.set(key, unquote(value));
  }
  return params;
}

/** Writes what `parseParams` reads, with quotes where a value needs them. */
export function formatParams(params: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${quoteIfNeeded(value)}`;
  return text;
}

function quoteIfNeeded(value: string): string {
  return UNQUOTED.test(value) ? value : quote(value);
}
