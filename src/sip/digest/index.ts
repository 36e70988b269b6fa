/**
 * Digest authentication for SIP (RFC 7616, RFC 8760), both ends: answering the challenge of a trunk, and
 * challenging a phone. MD5, SHA-256 and SHA-512-256 with `qop=auth`, worn-out nonces, no replay.
 */
export { type Algorithm, ha1 } from './algorithm.ts';
export { answerChallenge, type Challenge, parseChallenge } from './client.ts';
export { NonceStore } from './nonce-store.ts';
export { type Credentials, challenge, parseCredentials, type Secret, verify } from './server.ts';
