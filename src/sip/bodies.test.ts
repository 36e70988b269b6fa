import { expect, test } from 'vitest';
import { Callee } from './testing/callee.ts';
import { ANSWER, leftovers, NOTHING, OFFER } from './testing/pair.ts';
import { Scene } from './testing/scene.ts';

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
  const scene = await Scene.open();
  await scene.invite(MIXED, beside(OFFER));
  expect(scene.invited.offer).toBe(OFFER);
  scene.invited.reject(486);

  const heard: string[] = [];
  const headers = { 'Call-ID': 'offerless', From: '<sip:peer@10.0.0.9>;tag=2' };
  await scene.invite(headers, '');
  const dialog = await scene.invited.accept(OFFER);
  dialog.onAnswer = (sdp) => void heard.push(sdp);
  await scene.wait(20);
  await scene.send(scene.peer.within(scene.last(), 'ACK', 1, { ...headers, ...MIXED }, beside(ANSWER)));
  expect(heard).toEqual([ANSWER]);
});

test('finds the offer beside other bodies in a re-INVITE and an UPDATE', async () => {
  const scene = await Scene.open();
  const { dialog, ok } = await scene.talking();
  const offers: unknown[] = [];
  dialog.onOffer = (sdp) => {
    offers.push(sdp);
    return ANSWER;
  };
  await scene.send(scene.peer.within(ok, 'UPDATE', 2, MIXED, beside(OFFER)));
  await scene.send(scene.peer.within(ok, 'INVITE', 3, MIXED, beside(OFFER)));
  expect([...scene.statuses('UPDATE'), scene.last('INVITE').status]).toEqual([200, 200]);
  expect(offers).toEqual([OFFER, OFFER]);
});

test('finds the description in a 183 and in the 200 to our INVITE', async () => {
  const callee = await Callee.open();
  const { outgoing, invite } = await callee.ringing();
  const early: unknown[] = [];
  outgoing.provisional.on(({ sdp }) => void early.push(sdp));
  await callee.respond(invite, 183, 'x', MIXED, beside(ANSWER));
  await callee.respond(invite, 200, 'x', MIXED, beside(ANSWER));
  expect(early).toEqual([ANSWER]);
  expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: ANSWER });
});

test('finds a description without Content-Type in an INVITE, a 200 and an ACK', async () => {
  const scene = await Scene.open();
  const untyped = (request: ReturnType<typeof scene.peer.request>) => {
    request.headers.remove('Content-Type');
    return request;
  };
  await scene.send(untyped(scene.peer.request('INVITE', {}, OFFER)));
  expect(scene.invited.offer).toBe(OFFER);

  const callee = await Callee.open();
  const { outgoing, invite } = await callee.ringing();
  const ok = callee.peer.response(invite, 200, 'x', {}, ANSWER);
  ok.headers.remove('Content-Type');
  callee.peer.send(ok, '10.0.0.1');
  await callee.wait(10);
  expect(await outgoing.result).toMatchObject({ kind: 'accepted', answer: ANSWER });
});

test('refuses an INVITE with 415, Accept and the type that it does not know', async () => {
  const scene = await Scene.open();
  await scene.invite(MIXED, beside(OFFER, ISUP.replace('optional', 'required')));
  expect(scene.last().status).toBe(415);
  expect(scene.last().headers.get('Accept')).toBe('application/sdp');
  expect(scene.last().headers.get('Warning')).toContain('application/isup');
  expect(scene.both.invites).toHaveLength(0);
  await scene.send(scene.peer.request('ACK', { To: scene.last().headers.get('To')! }));
  expect(await leftovers(scene.both)).toEqual(NOTHING);
});
