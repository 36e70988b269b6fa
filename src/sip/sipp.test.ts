import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginPeer, freePort, missing } from '../../e2e/support/peers.ts';
import { until } from '../../tests/support/until.ts';
import { silentLog, sleep, systemClock, systemRandom } from '../core/index.ts';
import { systemNetwork } from '../net/index.ts';
import { ANSWER } from './testing/pair.ts';
import { createUserAgent } from './user-agent.ts';

const SCENARIOS = join(import.meta.dirname, '../../e2e/sipp');
const SDP = `${ANSWER}c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n`;

// Shorter timers in the proportions of the RFC, so that the tests do not take minutes.
const agent = createUserAgent({
  clock: systemClock,
  random: systemRandom,
  network: systemNetwork,
  log: silentLog,
  host: '127.0.0.1',
  port: 0,
  userAgent: 'MiniVoice',
  timers: { t1: 50, t2: 400, t4: 500 },
  minSe: 2,
});

let port: number;

/** Incoming calls by scenario, which is sipp's service name. */
const calls = new Map<string, number>();

beforeAll(async () => {
  ({ port } = await agent.listen());
  agent.onInvite = async (invite) => {
    const name = /^sip:([^@]*)@/.exec(invite.request.uri)?.[1] ?? '';
    calls.set(name, (calls.get(name) ?? 0) + 1);
    invite.dialog.onOffer = () => SDP;
    // sipp cannot send while it receives an unexpected response.
    if (name === 'retransmits-invite') await sleep(systemClock, 400);
    else invite.progress(name === 'prack' ? 183 : 180, name === 'prack' ? { sdp: SDP } : {});
    if (name === 'cancels-while-ringing') return;
    const dialog = await invite.accept(SDP);
    if (name === 'bye-crosses-bye') systemClock.after(200, () => void dialog.bye());
  };
});

afterAll(() => agent.close());

describe
  .skipIf(missing.sipp)
  .concurrent(`calls from an independent implementation ${missing.sipp ?? '(sipp)'}`, () => {
    test.each([
      ['never-acks'],
      ['acks-late'],
      ['cancels-while-ringing'],
      ['retransmits-invite'],
      ['reinvites-without-sdp'],
      ['bye-crosses-bye'],
      ['garbage-in-dialog'],
      ['session-timer-expires'],
      ['prack'],
      ['unknown-method'],
      ['options-ping'],
      ['updates'],
      ['multipart-and-odd-names'],
      ['over-tcp', '-t', 't1'],
    ])('%s', async (name, ...options) => {
      await sipp(name, options);
      const callless = name === 'unknown-method' || name === 'options-ping';
      expect(calls.get(name)).toBe(callless ? undefined : 1);
    });
  });

test.skipIf(missing.sipp)('nothing is open after all calls', async () => {
  await until(() => agent.counters.open.transactions === 0, 'no transaction is open');
  expect(agent.counters.open).toEqual({ transactions: 0, dialogs: 0, invites: 0 });
});

/** Rejects with the output of sipp unless the call of the scenario succeeds. */
async function sipp(name: string, options: string[]): Promise<void> {
  const local = String(freePort());
  const args = [
    ...[`127.0.0.1:${port}`, '-sf', join(SCENARIOS, `${name}.xml`), '-s', name, '-m', '1', '-nostdin'],
    ...['-i', '127.0.0.1', '-p', local, '-recv_timeout', '30000', '-timeout', '60s', ...options],
  ];
  const child = beginPeer('sipp', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], output, errors] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout!),
    text(child.stderr!),
  ]);
  if (code !== 0) throw new Error(`${name}: ${errors.slice(-1500)}${output.slice(-2500)}`);
}
