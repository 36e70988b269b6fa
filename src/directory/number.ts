import { type NumberingPlan, planOf, planOfCode } from './countries.ts';

/** Whether a text is E.164: a plus, a country code that does not begin with 0, at most 15 digits. */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text);

/**
 * Converts the user part of a SIP URI or tel URI to E.164. Removes separators, replaces `00` by `+`, prepends a global
 * `phone-context` (RFC 3966 §5.1.5), and adds the country code to a national number. Anything else (a short code, an
 * extension, a national number of an unknown country, a name) is returned unchanged, without parameters.
 * @param user the user part with its parameters, such as `5550100001;phone-context=+1`.
 * @param country ISO 3166-1 country of the national formats, such as `US`; none: no number is national.
 */
export function normalizeNumber(user: string, country?: string | null): string {
  const [written = '', ...params] = user.split(';');
  const digits = written.replace(/[\s().\-/]/g, '');
  if (isE164(digits)) return digits;
  if (!/^\d+$/.test(digits)) return written;
  const number =
    inContext(digits, params) ??
    inCountry(digits, country) ??
    (digits.startsWith('00') ? `+${digits.slice(2)}` : written);
  return isE164(number) ? number : written;
}

/**
 * Reads digits as E.164 without its plus, as many carriers send it. Use it only to look up a known number.
 * @returns undefined when the result is not E.164.
 */
export function withPlus(user: string): string | undefined {
  const digits = user.replace(/;.*$/s, '').replace(/[\s().\-/]/g, '');
  return isE164(`+${digits}`) ? `+${digits}` : undefined;
}

function inContext(digits: string, params: string[]): string | undefined {
  const param = params.find((each) => /^\s*phone-context\s*=/i.test(each));
  const context = param
    ?.slice(param.indexOf('=') + 1)
    .trim()
    .replace(/^"|"$/g, '');
  const prefix = context?.replace(/[().-]/g, '');
  if (prefix === undefined || !/^\+[1-9]\d*$/.test(prefix)) return undefined;
  const plan = planOfCode(prefix.slice(1));
  // Some senders keep the national trunk prefix, which is not part of the number.
  const isNational = plan?.trunkPrefix === '0' && digits.startsWith('0');
  return prefix + (isNational ? digits.slice(1) : digits);
}

function inCountry(digits: string, country: string | null | undefined): string | undefined {
  const plan = country ? planOf(country) : undefined;
  if (!plan) return undefined;
  const { code, trunkPrefix, internationalPrefix } = plan;
  if (digits.startsWith(internationalPrefix)) return `+${digits.slice(internationalPrefix.length)}`;
  if (trunkPrefix !== '' && digits.startsWith(trunkPrefix)) {
    const rest = digits.slice(trunkPrefix.length);
    if (isNational(rest, plan)) return `+${code}${rest}`;
  }
  // Where a trunk prefix exists, digits without it can be a local number; in the NANP they cannot.
  const complete = trunkPrefix === '' || trunkPrefix === code;
  if (complete && isNational(digits, plan)) return `+${code}${digits}`;
  return digits.startsWith(code) && isNational(digits.slice(code.length), plan) ? `+${digits}` : undefined;
}

const isNational = ({ length }: string, { shortest, longest }: NumberingPlan): boolean =>
  length >= shortest && length <= longest;
