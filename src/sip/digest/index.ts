/**
 * Digest authentication for SIP (RFC 7616, RFC 8760). Answers the challenges of carriers, and challenges phones. MD5, SHA-256 and SHA-512-256 with `qop=auth`, nonce expiry and replay protection.
 */
export { Authorization, answerChallenge, type Login, parseChallenge } from './client.ts';
export { type Algorithm, ha1 } from './digest.ts';
export { NonceStore } from './nonce-store.ts';
export { challenge, parseCredentials, verify } from './server.ts';
