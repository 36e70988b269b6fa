import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DialedLeg, DialRefusal } from '../src/calls/index.ts';
import { type Failure, silentLog, systemClock, systemRandom } from '../src/core/index.ts';
import { createMediaEngine, type MediaEngine } from '../src/media/index.ts';
import { systemNetwork } from '../src/net/index.ts';
import { createUserAgent, type UserAgent } from '../src/sip/index.ts';
import { createDialer } from '../src/telephony/index.ts';
import { Answerer, type Step } from './support/answerer.ts';
import { missing } from './support/peers.ts';

const clock = systemClock;
let agent: UserAgent;
let media: MediaEngine;

beforeAll(async () => {
  const random = systemRandom;
  const settings = { clock, random, log: silentLog, host: '127.0.0.1', port: 0, userAgent: 'MiniVoice' };
  // Loopback loses nothing: a shorter T1 would only repeat requests when this process is late.
  const timers = { t1: 2000, t2: 4000, t4: 5000 };
  agent = createUserAgent({ ...settings, network: systemNetwork, timers });
  await agent.listen();
  const ports = { from: 30_000, to: 30_999 };
  media = await createMediaEngine({ ...settings, workers: 1, ports });
});

afterAll(async () => {
  await agent.close();
  await media.close();
});

const trunkTo = (far: Answerer, login: { username?: string; password?: string } = {}) => ({
  id: 'trunk_1',
  gatewayName: 'carrier',
  proxy: `127.0.0.1:${far.port}`,
  transport: 'udp' as const,
  username: login.username ?? null,
  password: login.password ?? null,
  realm: null,
  fromDomain: null,
  srtp: false,
  customerId: null,
});

const dial = (to: string, timeoutMs = 10_000, over: ReturnType<typeof trunkTo>[] = []) =>
  createDialer({
    ...{ userAgent: agent, media, clock, random: systemRandom, log: silentLog, publicAddress: undefined },
    ...{
      trunks: () => over,
      phone: () => undefined,
      isHere: () => false,
      mayShow: () => true,
      allowPrivate: true,
    },
    resolve: (host) => systemNetwork.resolve(host),
    services: async () => [],
  }).dial({
    ...{ destination: to, from: '+15550001111', customerId: 'c', timeoutMs },
    signal: new AbortController().signal,
  });

const outcome = (leg: DialedLeg): Promise<string> =>
  leg.answer().then(
    () => 'answered',
    (error: Failure) => `${error.code} ${error.cause instanceof DialRefusal ? error.cause.sipStatus : error}`,
  );

describe.skipIf(missing.sipp).concurrent('an outbound call to sipp', () => {
  async function called(steps: Step[], timeoutMs?: number) {
    const far = await Answerer.start(steps);
    const leg = await dial(far.uri, timeoutMs);
    return { far, leg, result: await outcome(leg) };
  }

  test('that is busy fails with busy 486', async () => {
    const { far, result } = await called([{ say: 100 }, { say: 486 }, { hear: 'ACK' }]);
    expect(result).toBe('busy 486');
    await far.done;
  });

  test('that rings and does not answer fails with no_answer', async () => {
    const { far, result } = await called(
      [{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }],
      1000,
    );
    expect(result).toBe('no_answer 408');
    await far.done;
  });

  test('that sends no response fails with unreachable', async () => {
    const { far, result } = await called([{ wait: 30_000 }], 1000);
    expect(result).toBe('unreachable 408');
    await far.close();
  });

  test('that sends early media, talks, and is hung up', async () => {
    const steps: Step[] = [
      ...([{ say: 100 }, { say: 183, sdp: true }, { wait: 300 }, { say: 200, sdp: true }] as Step[]),
      ...([{ hear: 'ACK' }, { hear: 'BYE' }] as Step[]),
    ];
    const far = await Answerer.start(steps, { echo: true });
    const leg = await dial(far.uri);
    const heard: string[] = [];
    leg.progress.on((what) => heard.push(what));
    expect(await outcome(leg)).toBe('answered');
    expect(heard).toEqual(['early_media']);
    await leg.hangup();
    await far.done;
  });

  test('that answers and hangs up ends', async () => {
    const { far, leg, result } = await called([
      ...([{ say: 180 }, { say: 200, sdp: true }, { hear: 'ACK' }, { wait: 100 }, { bye: true }] as Step[]),
    ]);
    expect(result).toBe('answered');
    expect(await leg.ended).toEqual({ by: 'far_end', reason: 'normal' });
    await far.done;
  });

  test('that redirects is followed', async () => {
    const there = await Answerer.start([{ say: 603 }, { hear: 'ACK' }]);
    const { far, result } = await called([
      { say: 302, headers: [`Contact: <${there.uri}>`] },
      { hear: 'ACK' },
    ]);
    expect(result).toBe('rejected 603');
    await Promise.all([far.done, there.done]);
  });

  test('that requires authentication is authenticated', async () => {
    const asks = 'Proxy-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"';
    const far = await Answerer.start([
      { say: 407, headers: [asks] },
      { hear: 'ACK' },
      { hear: 'INVITE', with: 'Proxy-Authorization: Digest username=.acme.' },
      { say: 200, sdp: true },
      { hear: 'ACK', with: 'Proxy-Authorization' },
      { hear: 'BYE' },
    ]);
    const leg = await dial('+4930123456', 5000, [trunkTo(far, { username: 'acme', password: 'secret' })]);
    expect(await outcome(leg)).toBe('answered');
    await leg.hangup();
    await far.done;
  });

  test('that answers 5xx continues over the next trunk', async () => {
    const broken = await Answerer.start([{ say: 503 }, { hear: 'ACK' }]);
    const works = await Answerer.start([{ say: 200, sdp: true }, { hear: 'ACK' }, { hear: 'BYE' }]);
    const leg = await dial('+4930123456', 5000, [trunkTo(broken), trunkTo(works)]);
    expect(await outcome(leg)).toBe('answered');
    await leg.hangup();
    await Promise.all([broken.done, works.done]);
  });
});
