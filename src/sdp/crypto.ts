import type { Attribute, Media } from './description.ts';

/** The suites of RFC 4568 §6.2 that are supported: they differ in the tag of RTP, 10 bytes or 4. */
export type CryptoSuite = 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32';

const SUITES: readonly string[] = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];
/**
 * RFC 4568 §9.2: key and salt, 30 octets, are 40 characters of base64; then a lifetime, and the identifier of the key
 * with its length in octets, both optional.
 */
const KEY = /^inline:([A-Za-z0-9+/]{40})={0,2}(?:\|(?:2\^)?\d+)?(?:\|\d+:(\d{1,3}))?$/i;
/** RFC 4568 §6.1 */
const LONGEST_MKI = 128;

/** The key with which the writer of a description encrypts what it sends. */
export interface Crypto {
  /** Says in an answer which line of the offer was taken. */
  tag: string;
  suite: CryptoSuite;
  /** Key and salt, 30 octets in base64. */
  key: string;
  /** Octets of the master key identifier in each of its packets; 0: there is none. */
  mkiBytes: number;
}

/**
 * The `a=crypto` lines that are supported, the preferred one first. Those of other suites, with several keys, or with
 * session parameters that change the packets are ignored.
 */
export function cryptosOf(media: Media): Crypto[] {
  return media.attributes.flatMap(([name, value = '']) => (name === 'crypto' && readCrypto(value)) || []);
}

function readCrypto(value: string): Crypto | undefined {
  const [tag = '', suite = '', parameters = '', ...session] = value.trim().split(/\s+/);
  const key = KEY.exec(parameters);
  const mkiBytes = Number(key?.[2] ?? 0);
  // RFC 4568 §6.3.6: a window size is but a hint.
  const plain = session.every((parameter) => /^WSH=/i.test(parameter));
  const name = SUITES.find((each) => each === suite.toUpperCase());
  if (!/^\d{1,9}$/.test(tag) || !name || !key || !plain || mkiBytes > LONGEST_MKI) return undefined;
  return { tag, suite: name as CryptoSuite, key: key[1]!, mkiBytes };
}

/** Our packets carry no key identifier: there is one key. */
export const cryptoLine = ({ tag, suite, key }: Omit<Crypto, 'mkiBytes'>): Attribute => [
  'crypto',
  `${tag} ${suite} inline:${key}`,
];
