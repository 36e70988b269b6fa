import { z } from 'zod';
import type { DetailCode } from './errors.ts';
import { parseHostPort } from './network-address.ts';
import { ssmlIn } from './speech-rules.ts';

/** Longer texts are rejected before their format is checked, to save time. */
const MAX_LENGTH = 10_000;

/** The error of a failed refinement. @param expected describes a valid value in plain words. */
export const expecting = (expected: string, code: DetailCode = 'invalid_format') => ({
  params: { code, expected },
  error: expected,
});

/** The size of a value as JSON, in bytes of UTF-8. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** A text that matches a pattern. @param expected describes the format in plain words. */
export const formatted = (pattern: RegExp, expected: string) =>
  checked((text) => pattern.test(text), expected).meta({ pattern: pattern.source });

/** A text that passes a test. @param expected describes the format in plain words. */
const checked = (test: (text: string) => boolean, expected: string) =>
  z
    .string()
    .refine((text) => text.length <= MAX_LENGTH && test(text), { ...expecting(expected), abort: true });

/** A text that is safe in a header field: one line, without control characters. */
export const oneLine = (maxLength: number) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes them.
  formatted(/^[^\u0000-\u001f\u007f]*$/, 'one line without control characters').max(maxLength);

/** The host of a carrier, with an optional port. */
export const host = checked(
  (text) => parseHostPort(text) !== undefined,
  'a host name or an IP address (IPv6 in brackets), with or without a port from 1 to 65535, such as sip.example.com:5060',
).max(260);

/** A phone number in E.164 with a plus sign. */
export const e164 = formatted(/^\+[1-9]\d{1,14}$/, 'a phone number in E.164, such as +15550100000');

// RFC 3261 §19.1.1 and §25.1, without headers: sip:user@host:port;transport=tls
const SIP_URI =
  /^sips?:(?:([\w\-.!~*'()&=+$,;?/:%#]+)@)?([^\s@<>"?;]+)((?:;[\w\-.!~*'()&+$,:/%[\]][\w\-.!~*'()&=+$,:/%[\]]*)*)$/i;
const E164 = /^\+[1-9]\d{1,14}$/;

/** Whether a text is a SIP URI with a valid host, port and escapes. */
function isSipUri(text: string): boolean {
  const match = SIP_URI.exec(text);
  return (
    match !== null &&
    parseHostPort(match[2]!) !== undefined &&
    hasValidEscapes(`${match[1] ?? ''}${match[3]}`)
  );
}

function hasValidEscapes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const isAddress = (text: string): boolean => E164.test(text) || isSipUri(text);

export const sipUri = checked(isSipUri, 'a SIP URI, such as sip:desk@example.com').max(512);

/** A party of a call: a phone number or a SIP URI. */
export const address = checked(
  isAddress,
  'a phone number in E.164, such as +15550100000, or a SIP URI, such as sip:desk@example.com',
).max(512);

/** A caller ID: a phone number, a SIP URI, or `anonymous`. */
export const caller = checked(
  (text) => text === 'anonymous' || isAddress(text),
  'a phone number in E.164, such as +15550100000, a SIP URI, such as sip:desk@example.com, or anonymous',
).max(512);

type Scheme = 'http' | 'https' | 'ws' | 'wss';

/** URLs appear in logs and responses, so they must not contain a password. */
const NO_PASSWORD = 'a URL without user name and password';

/** An absolute URL with one of the schemes, at most 2,048 characters. */
export const url = (...schemes: Scheme[]) =>
  absolute(schemes).meta({ format: 'uri', pattern: `^(${schemes.join('|')})://` });

/** A URL in a document, absolute or relative to the URL of the document. It is checked after it is made absolute. */
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
    .refine((text) => !hasCredentials(text), expecting(NO_PASSWORD));
}

function hasCredentials(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** A BCP 47 language tag such as `en` or `en-US`. */
export const language = formatted(
  /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
  'a BCP 47 language tag, such as en-US',
).max(35);

const PLAIN_TEXT = 'plain text without SSML tags such as <break/>, which would be read aloud';

/** A text to speak, with at most `max` characters. */
export const spoken = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => ssmlIn(text) === undefined, expecting(PLAIN_TEXT));

/** The name of a voice. */
export const voice = z.string().min(1).max(100);
