import { seededRandom } from '../../../src/core/index.ts';
import {
  answerChallenge,
  challenge,
  NonceStore,
  parseChallenge,
  parseCredentials,
  verify,
} from '../../../src/sip/index.ts';
import type { Chance } from '../chance.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';

const ASKED = { method: 'REGISTER', uri: 'sip:minivoice', username: 'anna', nonceCount: 1, cnonce: '0a4f' };

/** Whatever is said, nobody is let in without the password, and a challenge is answered by what can be read again. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const nonces = new NonceStore(clock, seededRandom(5), { capacity: 50 });
  const [offered] = challenge({ nonces, realm: 'minivoice' });
  const known = parseChallenge(offered!)!;
  const answered = answerChallenge({ ...ASKED, challenge: known, password: 'known to nobody' });
  return {
    take(input) {
      const text = input.toString('latin1');
      // Half of what is tried is a sound answer to a challenge of ours, made with another password.
      const value = text
        .replace('NONCE', known.nonce)
        .replace('RESPONSE', /response="(\w+)/.exec(answered)![1]!);
      const credentials = parseCredentials(value);
      if (credentials) {
        const secret = { password: 'another' };
        const verdict = verify({ credentials, method: 'REGISTER', realm: 'minivoice', nonces, secret });
        if (verdict !== 'refused') throw new Error(`${verdict} without the password`);
      }
      const asked = parseChallenge(text);
      if (asked) {
        const answer = parseCredentials(answerChallenge({ ...ASKED, challenge: asked, password: 'pw' }));
        const read = asked.qop && asked.nonce && answer?.nonce !== asked.nonce;
        if (read) throw new Error('our answer cannot be read again');
      }
      return credentials || asked ? 'taken' : 'refused';
    },
    async settle() {
      return nonces.size > 0 ? [`${nonces.size} nonces`] : [];
    },
    async close() {},
  };
}

const quoted = (chance: Chance, value: string) => (chance.once(8) ? value : `"${value}"`);
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

function write(chance: Chance): Buffer {
  const fields = Object.entries(FIELDS)
    .filter(() => !chance.once(6))
    .map(([name, values]) => `${name}=${quoted(chance, chance.once(2) ? values[0]! : chance.pick(values))}`);
  if (chance.once(8)) fields.push(chance.pick(fields.length > 0 ? fields : ['x']));
  const scheme = chance.pick(['Digest', 'Digest', 'Digest', 'digest ', 'Basic', '']);
  return Buffer.from(`${scheme} ${fields.join(chance.pick([', ', ',', ' ,', ',,', ' ']))}`, 'latin1');
}

const corpus = [
  'Digest username="anna", realm="minivoice", nonce="NONCE", uri="sip:minivoice", response="RESPONSE", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="0a4f"',
  'Digest realm="minivoice", algorithm=MD5, nonce="abc", qop="auth,auth-int", opaque="x", stale=true',
].map((text) => Buffer.from(text));

/** Fields of Authorization and WWW-Authenticate. */
export const digest: Target = { name: 'digest', share: 40, corpus, write, open };
