import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import {
  type Algorithm,
  answerChallenge,
  challenge,
  ha1,
  NonceStore,
  parseChallenge,
  parseCredentials,
  verify,
} from './index.ts';

// RFC 7616 §3.9.1
const MUFASA = {
  method: 'GET',
  uri: '/dir/index.html',
  username: 'Mufasa',
  password: 'Circle of Life',
  nonceCount: 1,
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};
const CHALLENGE =
  'Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

const responseOf = (authorization: string) => /response="([0-9a-f]+)"/.exec(authorization)?.[1];

describe('answering a challenge', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('with %s gives the response of RFC 7616 §3.9.1', (algorithm, response) => {
    const parsed = parseChallenge(`${CHALLENGE}, algorithm=${algorithm}`)!;
    expect(responseOf(answerChallenge({ ...MUFASA, challenge: parsed }))).toBe(response);
  });

  it('with SHA-512-256 gives the response of RFC 7616 §3.9.2, as erratum 4897 corrects it', () => {
    const parsed = parseChallenge(
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8',
    )!;
    const answer = answerChallenge({
      challenge: parsed,
      method: 'GET',
      uri: '/doe.json',
      username: 'Jäsøn Doe',
      password: 'Secret, or not?',
      nonceCount: 1,
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
    });
    expect(responseOf(answer)).toBe('3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5');
  });

  it('without qop gives the response of RFC 2069, as RFC 2617 §3.5 shows it with an older password', () => {
    const parsed = parseChallenge(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    )!;
    const answer = answerChallenge({ ...MUFASA, password: 'CircleOfLife', challenge: parsed });
    expect(responseOf(answer)).toBe('1949323746fe6a43ef61f9606e7febea');
    expect(answer).not.toContain('qop');
  });

  it('repeats the opaque value of the server', () => {
    const answer = answerChallenge({ ...MUFASA, nonceCount: 26, challenge: parseChallenge(CHALLENGE)! });
    expect(answer).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
    expect(answer).toContain('qop=auth, nc=0000001a, ');
  });

  it.each([
    ['another scheme', 'Basic realm="a"'],
    ['an unknown algorithm', 'Digest realm="a", nonce="b", algorithm=SHA-1'],
    ['only auth-int', 'Digest realm="a", nonce="b", qop="auth-int"'],
    ['no nonce', 'Digest realm="a"'],
    ['an open quote', 'Digest realm="a, nonce="b"'],
    ['a field twice', 'Digest realm="a", nonce="b", nonce="c"'],
  ])('is not possible with %s', (_what, value) => {
    expect(parseChallenge(value)).toBeUndefined();
  });
});

function phone(options: { lifetimeMs?: number; capacity?: number } = {}) {
  const clock = new VirtualClock();
  const nonces = new NonceStore(clock, seededRandom(1), options);
  const ask = (stale = false) => challenge({ nonces, realm: 'minivoice', stale });
  const answer = (value: string, nonceCount = 1, password = 'open "sesame"', username = 'anna') =>
    answerChallenge({
      challenge: parseChallenge(value)!,
      method: 'REGISTER',
      uri: 'sip:example.com',
      username,
      password,
      nonceCount,
      cnonce: '0a4f113b',
    });
  const judge = (
    authorization: string,
    secret: Parameters<typeof verify>[0]['secret'],
    method = 'REGISTER',
  ) => verify({ credentials: parseCredentials(authorization)!, method, realm: 'minivoice', nonces, secret });
  return { clock, nonces, ask, answer, judge };
}

const SECRET = { password: 'open "sesame"' };

describe('challenging a phone', () => {
  it('offers the better algorithm first and accepts either', () => {
    const { ask, answer, judge } = phone();
    const offered = ask();
    expect(offered.map((each) => parseChallenge(each)?.algorithm)).toEqual(['SHA-256', 'MD5']);
    expect(judge(answer(offered[0]!, 1), SECRET)).toBe('accepted');
    expect(judge(answer(offered[1]!, 2), SECRET)).toBe('accepted');
  });

  it.each<Algorithm>(['MD5-sess', 'SHA-256-sess', 'SHA-512-256-sess', 'SHA-512-256'])(
    'understands %s',
    (algorithm) => {
      const { nonces, answer } = phone();
      const [value] = challenge({ nonces, realm: 'minivoice', algorithms: [algorithm] });
      const credentials = parseCredentials(answer(value!))!;
      const common = { credentials, method: 'REGISTER', realm: 'minivoice', nonces, secret: SECRET };
      expect(verify({ ...common, algorithms: [algorithm] })).toBe('accepted');
    },
  );

  it('needs no password, only its HA1', () => {
    const { ask, answer, judge } = phone();
    const kept = { ha1: { MD5: ha1('MD5', 'anna', 'minivoice', 'open "sesame"') } };
    const [sha, md5] = ask();
    expect(judge(answer(md5!), kept)).toBe('accepted');
    expect(judge(answer(sha!, 2), kept)).toBe('refused');
  });

  it('refuses a wrong password, another method and an unknown user', () => {
    const { ask, answer, judge } = phone();
    const [value] = ask();
    expect(judge(answer(value!, 1, 'guess'), SECRET)).toBe('refused');
    expect(judge(answer(value!), SECRET, 'INVITE')).toBe('refused');
    expect(judge(answer(value!, 1, ''), undefined)).toBe('refused');
  });

  it('refuses an algorithm that was not offered', () => {
    const { nonces, ask, answer } = phone();
    const credentials = parseCredentials(answer(ask()[1]!))!;
    const common = { credentials, method: 'REGISTER', realm: 'minivoice', nonces, secret: SECRET };
    expect(verify({ ...common, algorithms: ['SHA-256'] })).toBe('refused');
  });

  it('detects a replay, and a count that decreases', () => {
    const { ask, answer, judge } = phone();
    const [value] = ask();
    expect(judge(answer(value!, 5), SECRET)).toBe('accepted');
    expect(judge(answer(value!, 5), SECRET)).toBe('stale');
    expect(judge(answer(value!, 4), SECRET)).toBe('stale');
    expect(judge(answer(value!, 6), SECRET)).toBe('accepted');
  });

  it('expires a nonce, even if the wall clock is set back', async () => {
    const { clock, ask, answer, judge } = phone({ lifetimeMs: 60_000 });
    const [value] = ask();
    clock.jump(-86_400_000);
    await clock.advance(60_000);
    expect(judge(answer(value!, 1), SECRET)).toBe('accepted');
    await clock.advance(1);
    expect(judge(answer(value!, 2), SECRET)).toBe('stale');
    expect(parseChallenge(ask(true)[0]!)?.stale).toBe(true);
  });

  it('treats a nonce that it has not issued as stale', () => {
    const { ask, answer, judge } = phone();
    const [value] = phone().ask();
    const forged = value!.replace(/nonce="./, 'nonce="f');
    expect(judge(answer(forged), SECRET)).toBe('stale');
    expect(judge(answer(ask()[0]!.replace(/nonce="[^"]*"/, 'nonce="x"')), SECRET)).toBe('stale');
  });

  it('stores a limited number of nonces, and never accepts an evicted one again', async () => {
    const { clock, nonces, ask, answer, judge } = phone({ capacity: 3 });
    const answers: string[] = [];
    for (let each = 0; each < 10; each++) {
      answers.push(answer(ask()[0]!));
      expect(judge(answers.at(-1)!, SECRET)).toBe('accepted');
      expect(nonces.size).toBeLessThanOrEqual(3);
      await clock.advance(10);
    }
    for (const used of answers) expect(judge(used, SECRET)).toBe('stale');
  });

  it('takes no memory for unanswered challenges', () => {
    const { nonces, ask, answer, judge } = phone();
    for (let each = 0; each < 100; each++) judge(answer(ask()[0]!, 1, 'guess'), SECRET);
    expect(nonces.size).toBe(0);
  });

  it.each([
    ['no qop', (value: string) => value.replace('qop=auth, ', '')],
    ['a broken count', (value: string) => value.replace('nc=00000001', 'nc=1')],
    ['no name', (value: string) => value.replace('username="anna"', 'username=""')],
    ['no cnonce', (value: string) => value.replace(/cnonce="[^"]*"/, 'x="y"')],
  ])('rejects credentials with %s', (_what, spoil) => {
    const { ask, answer } = phone();
    expect(parseCredentials(spoil(answer(ask()[0]!)))).toBeUndefined();
  });
});
