import { createHash } from 'node:crypto';

/** RFC 8760 §2; the `-sess` forms hash the nonces into the secret as well. */
export type Algorithm = 'MD5' | 'SHA-256' | 'SHA-512-256' | 'MD5-sess' | 'SHA-256-sess' | 'SHA-512-256-sess';

const HASHES: Record<string, string> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };
const ALGORITHMS = new Map<string, Algorithm>();
for (const base of Object.keys(HASHES)) {
  ALGORITHMS.set(base.toLowerCase(), base as Algorithm);
  ALGORITHMS.set(`${base.toLowerCase()}-sess`, `${base}-sess` as Algorithm);
}

/** In any case; nothing said means MD5. @returns undefined for one that is not known here. */
export function algorithmOf(name: string | undefined): Algorithm | undefined {
  return name === undefined ? 'MD5' : ALGORITHMS.get(name.toLowerCase());
}

/** Joins the parts with colons and hashes their UTF-8, as hex in lower case. */
export function hash(algorithm: Algorithm, ...parts: string[]): string {
  return createHash(HASHES[algorithm.replace('-sess', '')]!).update(parts.join(':'), 'utf8').digest('hex');
}

/**
 * What a server may keep in place of a password: it proves the knowledge of it for one user in one realm.
 * The same for an algorithm and its `-sess` form.
 */
export function ha1(algorithm: Algorithm, username: string, realm: string, password: string): string {
  return hash(algorithm, username, realm, password);
}

/** RFC 7616 §3.4.1: the proof itself. Without `qop` it is that of RFC 2069, which old servers want. */
export function proof(parts: {
  algorithm: Algorithm;
  ha1: string;
  method: string;
  uri: string;
  nonce: string;
  qop: { nonceCount: string; cnonce: string } | undefined;
}): string {
  const { algorithm, nonce, qop } = parts;
  const session = algorithm.endsWith('-sess');
  const secret = session ? hash(algorithm, parts.ha1, nonce, qop?.cnonce ?? '') : parts.ha1;
  const ha2 = hash(algorithm, parts.method, parts.uri);
  if (!qop) return hash(algorithm, secret, nonce, ha2);
  return hash(algorithm, secret, nonce, qop.nonceCount, qop.cnonce, 'auth', ha2);
}
