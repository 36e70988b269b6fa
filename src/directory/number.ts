/** E.164: a plus, a country code that does not begin with 0, at most 15 digits. */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text);

/**
 * The number that the user part of a SIP URI means, as E.164: separators go, `00` becomes `+`, and digits that
 * can only be international get their `+`. What can be no such number, as a short code, an extension, a national
 * number with its leading 0 or a name, is left as it is.
 */
export function normaliseNumber(user: string): string {
  const compact = user.replace(/;.*$/, '').replace(/[\s().\-/]/g, '');
  const number = compact.replace(/^00/, '+');
  if (isE164(number)) return number;
  // Without a country code a number rarely has more than seven digits and no leading 0.
  return /^[1-9]\d{7,14}$/.test(number) ? `+${number}` : user;
}
