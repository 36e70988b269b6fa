import { expect, test } from 'vitest';
import { UacHarness, UasHarness } from './testing/harness.ts';
import { ANSWER, NONE_OPEN, OFFER, openResources } from './testing/pair.ts';

const MIXED = { 'Content-Type': 'multipart/mixed;boundary="b 1"' };
const ISUP = [
  'Content-Type: application/isup;version=itu-t92+',
  'Content-Disposition: signal;handling=optional',
  '',
  'x',
].join('\r\n');
const beside = (sdp: string, other = ISUP) =>
  `preamble\r\n--b 1\r\n${other}\r\n--b 1\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b 1--\r\n`;

test('finds the offer beside ISUP in an INVITE, and the answer in its ACK', async () => {
  const uas = await UasHarness.open();
  await uas.invite(MIXED, beside(OFFER));
  expect(uas.lastInvite.offer).toBe(OFFER);
  uas.lastInvite.reject(486);

  const received: string[] = [];
  const headers = { 'Call-ID': 'offerless', From: '<sip:peer@10.0.0.9>;tag=2' };
  await uas.invite(headers, '');
  const dialog = await uas.lastInvite.accept(OFFER);
  dialog.onAnswer = (sdp) => void received.push(sdp);
  await uas.wait(20);
  await uas.send(uas.peer.inDialog(uas.lastResponse(), 'ACK', 1, { ...headers, ...MIXED }, beside(ANSWER)));
  expect(received).toEqual([ANSWER]);
});

test('finds the offer beside other bodies in a re-INVITE and an UPDATE', async () => {
  const uas = await UasHarness.open();
  const { dialog, ok } = await uas.establish();
  const offers: unknown[] = [];
  dialog.onOffer = (sdp) => {
    offers.push(sdp);
    return ANSWER;
  };
  await uas.send(uas.peer.inDialog(ok, 'UPDATE', 2, MIXED, beside(OFFER)));
  await uas.send(uas.peer.inDialog(ok, 'INVITE', 3, MIXED, beside(OFFER)));
  expect([...uas.statuses('UPDATE'), uas.lastResponse('INVITE').status]).toEqual([200, 200]);
  expect(offers).toEqual([OFFER, OFFER]);
});

test('finds the description in a 183 and in the 200 to our INVITE', async () => {
  const uac = await UacHarness.open();
  const { outgoing, invite } = await uac.startCall();
  const early: unknown[] = [];
  outgoing.provisional.on(({ sdp }) => void early.push(sdp));
  await uac.respond(invite, 183, 'x', MIXED, beside(ANSWER));
  await uac.respond(invite, 200, 'x', MIXED, beside(ANSWER));
  expect(early).toEqual([ANSWER]);
  expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: ANSWER });
});

test('finds a description without Content-Type in an INVITE, a 200 and an ACK', async () => {
  const uas = await UasHarness.open();
  const untyped = (request: ReturnType<typeof uas.peer.request>) => {
    request.headers.remove('Content-Type');
    return request;
  };
  await uas.send(untyped(uas.peer.request('INVITE', {}, OFFER)));
  expect(uas.lastInvite.offer).toBe(OFFER);

  const uac = await UacHarness.open();
  const { outgoing, invite } = await uac.startCall();
  const ok = uac.peer.response(invite, 200, 'x', {}, ANSWER);
  ok.headers.remove('Content-Type');
  uac.peer.send(ok, '10.0.0.1');
  await uac.wait(10);
  expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: ANSWER });
});

test('refuses an INVITE with an unsupported body type with 415 and Accept', async () => {
  const uas = await UasHarness.open();
  await uas.invite(MIXED, beside(OFFER, ISUP.replace('optional', 'required')));
  expect(uas.lastResponse().status).toBe(415);
  expect(uas.lastResponse().headers.get('Accept')).toBe('application/sdp');
  expect(uas.lastResponse().headers.get('Warning')).toContain('application/isup');
  expect(uas.pair.invites).toHaveLength(0);
  await uas.send(uas.peer.request('ACK', { To: uas.lastResponse().headers.get('To')! }));
  expect(await openResources(uas.pair)).toEqual(NONE_OPEN);
});
