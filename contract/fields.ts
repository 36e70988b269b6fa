import { z } from 'zod';
import type { DetailCode } from './errors.ts';
import { parseHostPort } from './network-address.ts';
import { ssmlIn } from './speech-rules.ts';

/** No text of a form is longer: what is longer costs no search for the form. */
const LONGEST = 10_000;

/** What a refinement reports when it fails. @param expected how a person would say what is expected. */
export const expecting = (expected: string, code: DetailCode = 'invalid_format') => ({
  params: { code, expected },
  error: expected,
});

/** The size of a value as JSON, in bytes of UTF-8. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** A text of a form that is more than its type; `expected` is how a person would say the form. */
export const formatted = (pattern: RegExp, expected: string) =>
  checked((text) => pattern.test(text), expected).meta({ pattern: pattern.source });

/** The same for a form that is more than a pattern. */
const checked = (test: (text: string) => boolean, expected: string) =>
  z.string().refine((text) => text.length <= LONGEST && test(text), { ...expecting(expected), abort: true });

/** A text that may become part of a header field: one line, without control characters. */
export const oneLine = (longest: number) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it.
  formatted(/^[^\u0000-\u001f\u007f]*$/, 'one line without control characters').max(longest);

/** Where a carrier is. */
export const host = checked(
  (text) => parseHostPort(text) !== undefined,
  'a host name or an IP address (IPv6 in brackets), with or without a port from 1 to 65535, such as sip.example.com:5060',
).max(260);

/** A phone number in E.164, with its plus. */
export const e164 = formatted(/^\+[1-9]\d{1,14}$/, 'a phone number in E.164, such as +15550100000');

// RFC 3261 §19.1.1 and §25.1, without headers: sip:user@host:port;transport=tls
const SIP_URI =
  /^sips?:(?:([\w\-.!~*'()&=+$,;?/:%#]+)@)?([^\s@<>"?;]+)((?:;[\w\-.!~*'()&+$,:/%[\]][\w\-.!~*'()&=+$,:/%[\]]*)*)$/i;
const E164 = /^\+[1-9]\d{1,14}$/;

/** Whether everything in it can be read: its host and port, and what is escaped. */
function isSipUri(text: string): boolean {
  const match = SIP_URI.exec(text);
  return (
    match !== null && parseHostPort(match[2]!) !== undefined && areEscapes(`${match[1] ?? ''}${match[3]}`)
  );
}

function areEscapes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const isAddress = (text: string): boolean => E164.test(text) || isSipUri(text);

export const sipUri = checked(isSipUri, 'a SIP URI, such as sip:desk@example.com').max(512);

/** Whom to call, or who calls: a number or a SIP URI. */
export const address = checked(
  isAddress,
  'a phone number in E.164, such as +15550100000, or a SIP URI, such as sip:desk@example.com',
).max(512);

/** Who is shown as the caller: a number, a SIP URI, or `anonymous`. */
export const caller = checked(
  (text) => text === 'anonymous' || isAddress(text),
  'a phone number in E.164, such as +15550100000, a SIP URI, such as sip:desk@example.com, or anonymous',
).max(512);

type Scheme = 'http' | 'https' | 'ws' | 'wss';

/** What stands in a URL is written down and shown: a password is not for there. */
const NO_PASSWORD = 'a URL without user name and password';

/** An absolute URL of at most 2,048 characters with one of the schemes. */
export const url = (...schemes: Scheme[]) =>
  absolute(schemes).meta({ format: 'uri', pattern: `^(${schemes.join('|')})://` });

/** A URL of a document: it is written absolute, or relative to the document's URL, and checked when it is absolute. */
export const documentUrl = (...schemes: Scheme[]) => absolute(schemes).meta({ format: 'uri-reference' });

function absolute(schemes: Scheme[]) {
  const starts = schemes.map((scheme) => `${scheme}://`);
  const expected = `a URL that begins with ${starts.join(' or ')}`;
  return z
    .string()
    .max(2048, { abort: true })
    .refine((text) => starts.some((start) => text.toLowerCase().startsWith(start)) && URL.canParse(text), {
      ...expecting(expected),
      abort: true,
    })
    .refine((text) => !isPersonal(text), expecting(NO_PASSWORD));
}

function isPersonal(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** A language tag such as `en` or `en-US` (BCP 47). */
export const language = formatted(
  /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
  'a BCP 47 language tag, such as en-US',
).max(35);

const PLAIN_TEXT = 'plain text, without SSML tags such as <break/>: they would be read aloud';

/** Text to be spoken, at most so many characters long. */
export const spoken = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => ssmlIn(text) === undefined, expecting(PLAIN_TEXT));

/** A voice's name, as the speech engine knows it. */
export const voice = z.string().min(1).max(100);
