import type { Attribute, Media } from './description.ts';

/** RFC 4568 §6.2.1: the suite that everybody has. */
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** 30 octets of key and salt are 40 characters of base64. */
const KEY = /^inline:([A-Za-z0-9+/]{40})(\|[^|:]+)?$/;

/** The key with which the writer of a description encrypts what it sends. */
export interface Crypto {
  /** Says in an answer which line of the offer was taken. */
  tag: string;
  /** Key and salt, 30 octets in base64. */
  key: string;
}

/**
 * The first `a=crypto` line that is understood here. One that wants a key identifier in every packet (MKI), or
 * another way of encrypting, is not.
 */
export function cryptoOf(media: Media): Crypto | undefined {
  for (const [name, value = ''] of media.attributes) {
    if (name !== 'crypto') continue;
    const [tag = '', suite, parameters = '', ...session] = value.trim().split(/\s+/);
    const key = KEY.exec(parameters)?.[1];
    // RFC 4568 §6.3.6: a window size is but a hint.
    const plain = session.every((parameter) => parameter.startsWith('WSH='));
    if (/^\d{1,9}$/.test(tag) && suite === SUITE && key && plain) return { tag, key };
  }
  return undefined;
}

export const cryptoLine = ({ tag, key }: Crypto): Attribute => ['crypto', `${tag} ${SUITE} inline:${key}`];
