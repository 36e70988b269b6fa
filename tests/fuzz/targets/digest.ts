import { seededRandom } from '../../../src/core/index.ts';
import {
  answerChallenge,
  challenge,
  NonceStore,
  parseChallenge,
  parseCredentials,
  verify,
} from '../../../src/sip/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';

const REQUEST = { method: 'REGISTER', uri: 'sip:minivoice', username: 'anna', nonceCount: 1, cnonce: '0a4f' };

/** Credentials without the password are refused, and our answers to challenges are readable. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const nonces = new NonceStore(clock, seededRandom(5), { capacity: 50 });
  const [offered] = challenge({ nonces, realm: 'minivoice' });
  const known = parseChallenge(offered!)!;
  const answered = answerChallenge({ ...REQUEST, challenge: known, password: 'unknown' });
  return {
    process(input) {
      const text = input.toString('latin1');
      // Half of the inputs are valid answers to our challenge, computed with another password.
      const value = text
        .replace('NONCE', known.nonce)
        .replace('RESPONSE', /response="(\w+)/.exec(answered)![1]!);
      const credentials = parseCredentials(value);
      if (credentials) {
        const secret = { password: 'another' };
        const verdict = verify({ credentials, method: 'REGISTER', realm: 'minivoice', nonces, secret });
        if (verdict !== 'refused') throw new Error(`${verdict} without the password`);
      }
      const challenged = parseChallenge(text);
      if (challenged) {
        const answer = parseCredentials(
          answerChallenge({ ...REQUEST, challenge: challenged, password: 'pw' }),
        );
        const isUnreadable = challenged.qop && challenged.nonce && answer?.nonce !== challenged.nonce;
        if (isUnreadable) throw new Error('our answer is unreadable');
      }
      return credentials || challenged ? 'accepted' : 'refused';
    },
    async settle() {
      return nonces.size > 0 ? [`${nonces.size} nonces`] : [];
    },
    async close() {},
  };
}

const quoted = (random: RandomChoice, value: string) => (random.once(8) ? value : `"${value}"`);
const FIELDS: Record<string, readonly string[]> = {
  username: ['anna', '', '\\"', '\xff\xfe', 'x'.repeat(300)],
  realm: ['minivoice', 'other', ''],
  nonce: ['NONCE', 'x', '', '1.2.3'],
  uri: ['sip:minivoice', '*', ''],
  response: ['RESPONSE', '0'.repeat(64), 'g', ''],
  algorithm: ['SHA-256', 'MD5', 'md5-SESS', 'SHA-1', '__proto__'],
  qop: ['auth', 'auth,auth-int', 'auth-int', 'AUTH'],
  nc: ['00000001', 'ffffffff', '1', '-0000001'],
  cnonce: ['0a4f', '', '\\'],
  opaque: ['', 'abc', '\\\\"'],
  stale: ['true', 'FALSE', ''],
};

function generate(random: RandomChoice): Buffer {
  const fields = Object.entries(FIELDS)
    .filter(() => !random.once(6))
    .map(([name, values]) => `${name}=${quoted(random, random.once(2) ? values[0]! : random.pick(values))}`);
  if (random.once(8)) fields.push(random.pick(fields.length > 0 ? fields : ['x']));
  const scheme = random.pick(['Digest', 'Digest', 'Digest', 'digest ', 'Basic', '']);
  return Buffer.from(`${scheme} ${fields.join(random.pick([', ', ',', ' ,', ',,', ' ']))}`, 'latin1');
}

const corpus = [
  'Digest username="anna", realm="minivoice", nonce="NONCE", uri="sip:minivoice", response="RESPONSE", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="0a4f"',
  'Digest realm="minivoice", algorithm=MD5, nonce="abc", qop="auth,auth-int", opaque="x", stale=true',
].map((text) => Buffer.from(text));

/** Authorization and WWW-Authenticate fields. */
export const digest: Target = { name: 'digest', share: 40, corpus, generate, open };
