import type { Line } from '../../e2e/support/harness.ts';
import { systemClock } from '../../src/core/index.ts';
import { until } from '../support/until.ts';
import { BYE_AGAIN, byeAgain, callees, hungUpAfter, QUIET_MS, UNANSWERED, unanswered } from './callees.ts';
import { seconds } from './caller.ts';
import type { Chapter, Fault } from './fault.ts';
import { type Lies, RawCall } from './raw-call.ts';
import { body, RawPeer, sdp, tagOf } from './raw-peer.ts';
import { type Account, accountOf, type World } from './world.ts';

const NORMAL = '`call.completed` (`application`)';

/** A number whose application records the call, and lets the caller hear music, for a minute if not said otherwise. */
const listened = (world: World, seconds = 60) =>
  world.harness.line([{ start_recording: {} }, { hold: {} }, { pause: { seconds } }]);

/** Whether sound comes in from now on. */
async function goesOn({ peer }: RawCall): Promise<string> {
  const before = peer.loud;
  await until(() => peer.loud - before >= 15, 'sound goes on');
  return 'the call continues';
}

/** Ends the last call of a line from the side of its application, and waits until the caller knows. */
async function hangUp(line: Line, { peer }: RawCall): Promise<void> {
  const { data } = await line.get('/v1/calls?limit=1');
  await line.callOf(data[0].id).hangUp();
  await peer.hear('BYE');
  peer.close();
}

const cut = async (caller: string, account: Account) => ({
  caller,
  application: await account.events(),
  operator: account.logged(),
});

const CUT = (code: string) =>
  `\`recording.started\`, \`recording.completed\` (\`hangup\`), \`call.failed\` (\`${code}\`)`;

const neverAcks: Fault = {
  name: 'a caller who never acknowledges the answer',
  async happen(world) {
    const line = await listened(world);
    const { call } = await RawCall.ask(world, line);
    await call.peer.hear('BYE');
    const times = call.peer.count('200 INVITE');
    const sound = call.peer.loud > 15 ? 'hears audio' : 'hears silence';
    call.peer.close();
    const again = times >= 5 ? 'gets the 200 repeatedly' : `gets the 200 ${times} times`;
    return cut(`${sound}, ${again}, and a BYE after 64 × T1`, await accountOf(line));
  },
  promised: {
    caller: 'hears audio, gets the 200 repeatedly, and a BYE after 64 × T1',
    application: CUT('no_ack'),
    operator: 'log: `call cut off` (the caller did not send an ACK after the call was answered)',
  },
};

const goesQuiet: Fault = {
  name: 'a caller who stops sending packets and never hangs up',
  async happen(world) {
    const line = await listened(world);
    const call = await RawCall.open(world, line);
    await seconds(0.3);
    call.peer.stopAudio();
    const quietAt = systemClock.monotonic();
    const { at } = await call.peer.hear('BYE');
    const account = await accountOf(line);
    call.peer.close();
    return cut(hungUpAfter(at - quietAt), account);
  },
  promised: {
    caller: hungUpAfter(QUIET_MS),
    application: CUT('media_timeout'),
    operator: 'log: `call cut off` (no more audio arrived from the far end)',
  },
};

const holdsForEver: Fault = {
  slow: true,
  name: 'a caller who holds the call, stops sending packets, and never resumes',
  async happen(world) {
    const line = await listened(world);
    const call = await RawCall.open(world, line);
    await seconds(0.3);
    call.peer.stopAudio();
    const held = await call.say('INVITE', { body: sdp(call.peer.mediaPort, { says: 'sendonly' }) });
    call.acknowledge(call.seq);
    await call.peer.hear('BYE');
    call.peer.close();
    return cut(`gets ${held}, and is ended after \`MINIVOICE_MAX_CALL_SECONDS\``, await accountOf(line));
  },
  promised: {
    caller: 'gets 200, and is ended after `MINIVOICE_MAX_CALL_SECONDS`',
    application: CUT('max_duration'),
    operator: 'log: `call cut off` (the call reached the maximum duration)',
  },
};

const neverAnswersBye: Fault = {
  name: 'a caller who does not answer the BYE',
  async happen(world) {
    const line = await listened(world, 0.3);
    const call = await RawCall.open(world, line);
    call.peer.deaf = true;
    await call.peer.hear('BYE');
    const account = await accountOf(line);
    const caller = await byeAgain(call.peer);
    const operator = await unanswered(world.harness, call.peer);
    call.peer.close();
    return { caller, application: await account.events(), operator };
  },
  promised: {
    caller: BYE_AGAIN,
    application: `\`recording.started\`, \`recording.completed\` (\`hangup\`), ${NORMAL}`,
    operator: UNANSWERED,
  },
};

const repeatsAll: Fault = {
  name: 'a caller who repeats each INVITE, ACK, and BYE forever',
  async happen(world) {
    const line = await world.harness.line([{ pause: { seconds: 20 } }]);
    const { call, ok } = await RawCall.ask(world, line);
    const ack = call.text('ACK', { seq: 1 });
    // For longer than the transaction of the INVITE lives.
    await until(() => {
      for (const text of [call.invite, ack]) call.peer.send(text, call.sip);
      return call.peer.count('482 INVITE') > 0;
    }, 'the INVITE is a new one');
    const tags = new Set(
      call.peer.heard.all.filter(({ what }) => what === '200 INVITE').map((each) => tagOf(each, 'To')),
    );
    const bye = call.text('BYE', { seq: 2 });
    for (let times = 0; times < 5; times++) call.peer.send(bye, call.sip);
    const account = await accountOf(line);
    const { data } = await line.get('/v1/calls');
    await until(() => call.peer.count('200 BYE') >= 5, 'each BYE is answered');
    const byes = call.peer.count('200 BYE');
    call.peer.close();
    const same = tags.size === 1 && tags.has(tagOf(ok, 'To')) ? 'the same answer' : `${tags.size} answers`;
    return {
      caller: `gets ${same} to each INVITE, later 482, and ${byes === 5 ? '200 for each BYE' : `${byes} × 200 for BYE`}`,
      application: `${await account.events()}; ${data.length} call`,
      operator: account.logged(),
    };
  },
  promised: {
    caller: 'gets the same answer to each INVITE, later 482, and 200 for each BYE',
    application: '`call.completed` (`caller`); 1 call',
    operator: 'nothing',
  },
};

type Saying = [what: string, method: string, status: number, lies?: (call: RawCall) => Lies];

/** A caller who sends all this, in a call that goes on all the while. */
const says = (name: string, sayings: Saying[], after?: (call: RawCall) => Promise<string[]>): Fault => ({
  name: `a caller who sends ${name}: ${sayings.map(([what]) => what).join(', ')}`,
  async happen(world) {
    const line = await listened(world);
    const call = await RawCall.open(world, line);
    const got: (number | string)[] = [];
    for (const [, method, , lies] of sayings) {
      got.push(await call.say(method, lies?.(call)));
      if (method === 'INVITE') call.acknowledge(call.seq);
    }
    got.push(...((await after?.(call)) ?? []));
    const goes = await goesOn(call);
    await hangUp(line, call);
    const account = await accountOf(line);
    return {
      caller: `gets ${got.join(', ')}, and ${goes}`,
      application: await account.events(),
      operator: account.logged(),
    };
  },
  promised: {
    caller: `gets ${sayings.map(([, , status]) => status).join(', ')}, and the call continues`,
    application: `\`recording.started\`, \`recording.completed\` (\`hangup\`), ${NORMAL}`,
    operator: 'nothing',
  },
});

const offer = (text: (port: number) => string) => (call: RawCall) => ({ body: text(call.peer.mediaPort) });
const asked =
  (...headers: string[]) =>
  () => ({ headers, ...(headers[0]?.startsWith('Content-Type') && { body: 'x' }) });

const garbage: Fault[] = [
  says('what belongs to no dialog', [
    ['BYE with another To tag', 'BYE', 481, () => ({ toTag: 'other' })],
    ['BYE with another From tag', 'BYE', 481, () => ({ fromTag: 'other' })],
    ['BYE with an old CSeq', 'BYE', 500, () => ({ seq: 1 })],
  ]),
  says('what nobody asked for', [
    ['INFO with a body', 'INFO', 415, asked('Content-Type: text/x')],
    ['INFO without a body', 'INFO', 200],
    ['MESSAGE', 'MESSAGE', 405, asked('Content-Type: text/plain')],
    ['NOTIFY', 'NOTIFY', 481, asked('Event: refer', 'Subscription-State: active')],
    ['PRACK', 'PRACK', 481, asked('RAck: 1 1 INVITE')],
    ['REFER', 'REFER', 603, asked('Refer-To: <sip:else@192.0.2.1>')],
    ['SUBSCRIBE', 'SUBSCRIBE', 405, asked('Event: presence')],
    ['UPDATE without a body', 'UPDATE', 200],
    ['FROBNICATE', 'FROBNICATE', 405],
    ['OPTIONS with an unknown Require', 'OPTIONS', 420, asked('Require: telepathy')],
  ]),
  says('in a re-INVITE or UPDATE', [
    ['text instead of SDP', 'INVITE', 488, () => ({ body: 'let us talk' })],
    ['another body type', 'INVITE', 415, asked('Content-Type: text/html')],
    ['an unknown codec', 'INVITE', 488, offer((port) => sdp(port, { codecs: '18' }))],
    ['port 0', 'INVITE', 488, offer(() => sdp(0))],
    ['a c= line with a host name', 'UPDATE', 488, offer((port) => sdp(port, { address: 'x.example' }))],
  ]),
];

const lies: Fault = {
  name: 'a caller who sends a wrong Content-Length, cancels the answered INVITE, and acknowledges a response that was never sent',
  async happen(world) {
    const line = await listened(world);
    const call = await RawCall.open(world, line);
    const longer = await call.say('INFO', { body: 'x', length: 1000, headers: ['Content-Type: text/x'] });
    const none = await call.say('INFO', { body: 'x'.repeat(50), length: 0 });
    const canceled = await call.cancel();
    call.acknowledge(77);
    const goes = await goesOn(call);
    const first = await call.say('BYE');
    const second = await call.say('BYE');
    call.peer.close();
    const account = await accountOf(line);
    return {
      caller: `gets ${longer}, ${none} and ${canceled}, and ${goes}; gets ${first} for the BYE, and ${second} for another`,
      application: await account.events(),
      operator: account.logged(),
    };
  },
  promised: {
    caller: 'gets 415, 200 and 200, and the call continues; gets 200 for the BYE, and 481 for another',
    application: '`recording.started`, `recording.completed` (`hangup`), `call.completed` (`caller`)',
    operator: 'nothing',
  },
};

const glare: Fault = {
  name: 'a caller who sends a re-INVITE while another one is pending',
  async happen(world) {
    const line = await listened(world);
    const call = await RawCall.open(world, line);
    const first = await call.say('INVITE');
    const waiting = call.seq;
    const second = await call.say('INVITE', offer(sdp)(call));
    call.acknowledge(call.seq);
    call.peer.send(call.text('ACK', { seq: waiting, body: sdp(call.peer.mediaPort) }), call.sip);
    const goes = await goesOn(call);
    await hangUp(line, call);
    const account = await accountOf(line);
    const caller = `gets ${first} and ${second}, and ${goes}`;
    return { caller, application: await account.events(), operator: account.logged() };
  },
  promised: {
    caller: 'gets 200 and 491, and the call continues',
    application: `\`recording.started\`, \`recording.completed\` (\`hangup\`), ${NORMAL}`,
    operator: 'nothing',
  },
};

const moves: Fault = {
  name: 'a caller who changes port, codec, and SSRC by re-INVITE',
  async happen(world) {
    const line = await listened(world);
    const began = systemClock.monotonic();
    const call = await RawCall.open(world, line);
    await until(() => call.peer.said >= 50, 'a second was said');
    const elsewhere = await RawPeer.open();
    Object.assign(elsewhere, { ssrc: 2, payloadType: 8 });
    const before = call.peer.said;
    call.peer.stopAudio();
    const branch = 'z9hG4bKmoves';
    const status = await call.say('INVITE', { branch, body: sdp(elsewhere.mediaPort, { codecs: '8' }) });
    call.acknowledge(call.seq);
    const answer = call.peer.heard.all.find(
      ({ what, text }) => what === '200 INVITE' && text.includes(branch),
    )!;
    elsewhere.talk(body(answer));
    await until(() => elsewhere.loud > 40 && elsewhere.said >= 50, 'sound is heard at the new place');
    const least = (before + elsewhere.said) * 20;
    await hangUp(line, call);
    elsewhere.close();
    const account = await accountOf(line);
    const { audio } = await account.recording();
    // On a busy machine, moving and hanging up take long, and the recording includes that time.
    const most = systemClock.monotonic() - began;
    const durationMs = audio?.durationMs ?? 0;
    const whole = durationMs > least - 500 && durationMs < most;
    const { first = 0, last = 0 } = audio?.span(0) ?? {};
    const ends = first / 8 < 300 && last / 8 > durationMs - 300;
    // On a busy machine the caller's audio has gaps, but both parts of it are recorded.
    const heard =
      ends && (audio?.loudMs(0) ?? 0) > durationMs / 2
        ? 'the caller’s audio'
        : 'a part of the caller’s audio';
    return {
      caller: `gets ${status}, and hears audio at the new port`,
      application: await account.events(),
      operator: `a recording ${whole ? 'of the whole time' : `of ${durationMs} ms, not ${least} to ${most}`}, with ${heard} from start to end`,
    };
  },
  promised: {
    caller: 'gets 200, and hears audio at the new port',
    application: `\`recording.started\`, \`recording.completed\` (\`hangup\`), ${NORMAL}`,
    operator: 'a recording of the whole time, with the caller’s audio from start to end',
  },
};

/** A short T1 keeps 64 × T1 short. */
export const peers: Chapter = {
  title: 'SIP peers',
  env: {
    MINIVOICE_SIP_T1_MS: '30',
    MINIVOICE_MEDIA_TIMEOUT_SECONDS: String(QUIET_MS / 1000),
    // Longer than any other fault of this chapter takes.
    MINIVOICE_MAX_CALL_SECONDS: '30',
  },
  atOnce: 9,
  faults: [
    ...[holdsForEver, repeatsAll, neverAnswersBye, neverAcks, goesQuiet],
    ...[...garbage, glare, moves, lies],
    ...callees,
  ],
};
