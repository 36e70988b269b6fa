import { beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import type { Dialog, SipRequest, SipResponse } from '../sip/index.ts';
import { UacHarness, UasHarness } from '../sip/testing/harness.ts';
import { ANSWER } from '../sip/testing/pair.ts';
import { referTo } from './refer.ts';

type Fields = Record<string, string>;

let uas: UasHarness;
let dialog: Dialog;
let ok: SipResponse;
let seq: number;
let aborting: AbortController;

beforeEach(async () => {
  uas = await UasHarness.open();
  ({ dialog, ok } = await uas.establish());
  seq = 10;
  aborting = new AbortController();
});

/** Sends the REFER. `outcome` is `pending`, `done`, or the error's message. */
async function refer() {
  const state = { outcome: 'pending' };
  void referTo(dialog, 'sip:desk@example.com', aborting.signal).then(
    () => {
      state.outcome = 'done';
    },
    (error: Error) => {
      state.outcome = error.message;
    },
  );
  await uas.wait(20);
  return state;
}
const asked = (): SipRequest => uas.peer.requests('REFER').at(-1)!;
async function respond(status: number, headers: Fields = {}): Promise<void> {
  uas.peer.send(uas.peer.response(asked(), status, undefined, headers));
  await uas.wait(20);
}
const TERMINATED = { 'Subscription-State': 'terminated;reason=noresource' };

async function notify(body: string, headers: Fields = {}): Promise<number> {
  const fields = {
    Event: 'refer',
    'Subscription-State': 'active;expires=60',
    ...(body && { 'Content-Type': 'message/sipfrag;version=2.0' }),
    ...headers,
  };
  await uas.send(uas.peer.inDialog(ok, 'NOTIFY', seq++, fields, body));
  return uas.lastResponse('NOTIFY').status;
}
const bye = () => uas.send(uas.peer.inDialog(ok, 'BYE', seq++));

const RESULT = {
  done: 'done',
  refused: "the far end's call was refused with 486",
  unknown: 'the far end ended its reports without a result',
};

describe('a far end that accepts the REFER', () => {
  test.each<[string, string, Fields, keyof typeof RESULT]>([
    ['200', 'SIP/2.0 200 OK', {}, 'done'],
    ['200, and ends the subscription', 'SIP/2.0 200 OK\r\n', TERMINATED, 'done'],
    ['486', 'SIP/2.0 486 Busy Here\r\n', TERMINATED, 'refused'],
    ['a status behind a blank line', '\r\nSIP/2.0 200 OK\r\n', {}, 'done'],
    ['a status behind LFs', '\n\n SIP/2.0 486 Busy Here\n', {}, 'refused'],
    ['a status behind header fields', 'Content-Length: 0\r\nTo: <sip:x@y>\r\n\r\nSIP/2.0 200 OK', {}, 'done'],
    ['a status between LFs alone', 'Via: x\nSIP/2.0 486 Busy Here\nTo: x\n', {}, 'refused'],
    ['a status without a reason', 'SIP/2.0 200', {}, 'done'],
    ['a status in lower case, spaced', 'sip/2.0  200  ok\r\n', {}, 'done'],
    ['a status as plain text', 'SIP/2.0 200 OK', { 'Content-Type': 'text/plain' }, 'done'],
    ['a status in another type', 'SIP/2.0 486 Busy', { 'Content-Type': 'application/sipfrag' }, 'refused'],
    [
      'a status in a part',
      '--b\r\nContent-Type: message/sipfrag\r\n\r\nSIP/2.0 200 OK\r\n\r\n--b--\r\n',
      { 'Content-Type': 'multipart/mixed;boundary=b' },
      'done',
    ],
    ['no Event and no state', 'SIP/2.0 200 OK', { Event: 'refer;id=7' }, 'done'],
    ['the end without a body', '', TERMINATED, 'unknown'],
    [
      'the end without a body, in capitals',
      '',
      { 'Subscription-State': ' Terminated ; Reason=timeout' },
      'unknown',
    ],
    ['the end while it rings', 'SIP/2.0 180 Ringing', TERMINATED, 'unknown'],
    ['the end with another body', 'hello', { ...TERMINATED, 'Content-Type': 'text/plain' }, 'unknown'],
    ['the end with an invalid status', 'SIP/2.0 999 ?', TERMINATED, 'unknown'],
  ])('decides the transfer at once when it reports %s', async (_what, body, headers, result) => {
    const transfer = await refer();
    await respond(202);
    expect(await notify('SIP/2.0 100 Trying')).toBe(200);
    expect(transfer.outcome).toBe('pending');
    expect(await notify(body, headers)).toBe(200);
    expect(transfer.outcome).toBe(RESULT[result]);
  });

  test('leaves the transfer pending while it reports only provisional states', async () => {
    const transfer = await refer();
    await respond(202);
    for (const body of ['', 'SIP/2.0 100 Trying', 'SIP/2.0 180 Ringing', 'SIP/2.0', 'SIP/2.0 20'])
      await notify(body);
    expect(transfer.outcome).toBe('pending');
  });

  test('completes the transfer at once with Refer-Sub: false', async () => {
    const transfer = await refer();
    await respond(202, { 'Refer-Sub': 'false' });
    expect(transfer.outcome).toBe('done');
  });

  test.each([200, 202])('with %i completes the transfer when it hangs up', async (status) => {
    const transfer = await refer();
    await respond(status);
    await bye();
    expect(transfer.outcome).toBe('done');
  });

  test('completes the transfer when it hangs up while the target rings', async () => {
    const transfer = await refer();
    await notify('SIP/2.0 180 Ringing');
    await bye();
    expect(transfer.outcome).toBe('done');
  });

  test('may report before it accepts', async () => {
    const transfer = await refer();
    await notify('SIP/2.0 100 Trying');
    await notify('SIP/2.0 200 OK', TERMINATED);
    expect(transfer.outcome).toBe('done');
    await respond(202);
  });

  test('cannot change the outcome with a second report', async () => {
    const transfer = await refer();
    await respond(202);
    await notify('SIP/2.0 486 Busy Here');
    expect(await notify('SIP/2.0 200 OK', TERMINATED)).toBe(200);
    expect(transfer.outcome).toBe(RESULT.refused);
  });

  test('may repeat reports and send them out of order', async () => {
    const transfer = await refer();
    await respond(202);
    const fields = { Event: 'refer', 'Content-Type': 'message/sipfrag', ...TERMINATED };
    const first = uas.peer.inDialog(ok, 'NOTIFY', 20, fields, 'SIP/2.0 180 Ringing');
    first.headers.set('Subscription-State', 'active');
    const second = uas.peer.inDialog(ok, 'NOTIFY', 21, fields, 'SIP/2.0 200 OK');
    for (const each of [second, second, first]) await uas.send(each);
    expect(transfer.outcome).toBe('done');
    expect(uas.statuses('NOTIFY')).toEqual([200, 200, 500]);
  });

  test('that reports nothing leaves the transfer pending until the signal aborts', async () => {
    const transfer = await refer();
    await respond(202);
    aborting.abort(new Failure('transfer_failed', 'too late'));
    await uas.wait(1);
    expect(transfer.outcome).toBe('too late');
    expect(await notify('SIP/2.0 200 OK', TERMINATED)).toBe(200);
    expect(dialog.phase).toBe('confirmed');
  });

  test('cannot decide a later REFER with a report about an earlier one', async () => {
    await refer();
    await respond(202);
    const id = asked().headers.get('CSeq')!.split(' ')[0];
    aborting.abort(new Failure('transfer_failed', 'too late'));
    await uas.wait(1);
    aborting = new AbortController();
    const next = await refer();
    await respond(202);
    await notify('SIP/2.0 486 Busy Here', { Event: `refer;id=${id}` });
    expect(next.outcome).toBe('pending');
    await notify('SIP/2.0 200 OK', { Event: `refer ; id=${asked().headers.get('CSeq')!.split(' ')[0]}` });
    expect(next.outcome).toBe('done');
  });
});

describe('a far end that does not accept the REFER', () => {
  test.each([302, 400, 401, 403, 405, 407, 420, 491, 500, 501, 503, 603])(
    'with %i fails the transfer',
    async (status) => {
      const transfer = await refer();
      await respond(status);
      expect(transfer.outcome).toBe(`the far end refused the transfer with ${status}`);
      expect(dialog.phase).toBe('confirmed');
    },
  );

  test('and sends no response ends the call after the transaction timeout', async () => {
    const transfer = await refer();
    await uas.wait(33_000);
    expect(transfer.outcome).not.toBe('pending');
    expect(dialog.phase).toBe('terminated');
  });

  test('with 481 ends the call', async () => {
    const transfer = await refer();
    await respond(481);
    expect(transfer.outcome).not.toBe('pending');
    expect(dialog.phase).toBe('terminated');
  });

  test('and hangs up fails the transfer', async () => {
    const transfer = await refer();
    await bye();
    expect(transfer.outcome).toBe('The call has ended.');
  });
});

test('ends the transfer when we hang up', async () => {
  const transfer = await refer();
  await respond(202);
  void dialog.bye();
  await uas.wait(1);
  expect(transfer.outcome).toBe('The call has ended.');
});

test('answers a NOTIFY of another event with 489', async () => {
  const transfer = await refer();
  await respond(202);
  expect(await notify('SIP/2.0 486 Busy', { Event: 'message-summary' })).toBe(489);
  expect(transfer.outcome).toBe('pending');
});

describe('a far end that challenges the REFER', () => {
  const CHALLENGE = 'Digest realm="r", nonce="n", qop="auth"';

  test.each([
    [401, 'WWW-Authenticate', 'Authorization'],
    [407, 'Proxy-Authenticate', 'Proxy-Authorization'],
  ] as const)('with %i gets credentials once', async (status, challenge, credentials) => {
    const uac = await UacHarness.open();
    const { outgoing, invite } = await uac.startCall({ credentials: { username: 'a', password: 'b' } });
    await uac.respond(invite, 200, 'x', {}, ANSWER);
    const result = await outgoing.result;
    if (result.kind !== 'accepted') throw new Error(result.reason);
    let outcome = 'pending';
    referTo(result.dialog, 'sip:desk@example.com', new AbortController().signal).then(
      () => {
        outcome = 'done';
      },
      (error: Error) => {
        outcome = error.message;
      },
    );
    await uac.wait(20);
    const refers = () => uac.peer.requests('REFER');
    await uac.respond(refers()[0]!, status, undefined, { [challenge]: CHALLENGE });
    expect(refers().at(-1)!.headers.get(credentials)).toContain('username="a"');
    await uac.respond(refers().at(-1)!, status, undefined, { [challenge]: CHALLENGE });
    expect(outcome).toBe(`the far end refused the transfer with ${status}`);
  });
});
