import type { Attribute, Media } from './description.ts';

/** The supported suites of RFC 4568 §6.2, with an RTP authentication tag of 10 or 4 bytes. */
export type CryptoSuite = 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32';

const SUITES: readonly string[] = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];
/**
 * Key parameters of RFC 4568 §9.2. Key and salt are 30 octets in 40 characters of base64; a lifetime and the master key
 * identifier with its length in octets are optional.
 */
const KEY = /^inline:([A-Za-z0-9+/]{40})={0,2}(?:\|(?:2\^)?\d+)?(?:\|\d+:(\d{1,3}))?$/i;
/** Most octets of a master key identifier (RFC 4568 §6.1). */
const MAX_MKI_BYTES = 128;

/** An `a=crypto` line: the key of the packets that its sender sends. */
export interface Crypto {
  /** Identifies the line of the offer in the answer. */
  tag: string;
  suite: CryptoSuite;
  /** Key and salt, 30 octets in base64. */
  key: string;
  /** Length of the master key identifier in its packets, in octets; 0: none. */
  mkiBytes: number;
}

/**
 * The supported `a=crypto` lines of a stream, in order of preference. Ignores other suites, several keys, and session
 * parameters that change the packets.
 */
export function cryptosOf(media: Media): Crypto[] {
  return media.attributes.flatMap(([name, value = '']) => (name === 'crypto' && readCrypto(value)) || []);
}

function readCrypto(value: string): Crypto | undefined {
  const [tag = '', suite = '', parameters = '', ...session] = value.trim().split(/\s+/);
  const key = KEY.exec(parameters);
  const mkiBytes = Number(key?.[2] ?? 0);
  // RFC 4568 §6.3.6: the window size is only a hint.
  const plain = session.every((parameter) => /^WSH=/i.test(parameter));
  const name = SUITES.find((each) => each === suite.toUpperCase());
  if (!/^\d{1,9}$/.test(tag) || !name || !key || !plain || mkiBytes > MAX_MKI_BYTES) return undefined;
  return { tag, suite: name as CryptoSuite, key: key[1]!, mkiBytes };
}

/** Writes our `a=crypto` line, without master key identifier, because there is only one key. */
export const cryptoLine = ({ tag, suite, key }: Omit<Crypto, 'mkiBytes'>): Attribute => [
  'crypto',
  `${tag} ${suite} inline:${key}`,
];
