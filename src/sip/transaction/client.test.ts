import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Defect, defects } from '../../core/index.ts';
import { serialize } from '../message/index.ts';
import { RecordingFlow, requestOf, responseOf } from '../testing/recording-flow.ts';
import type { TransportName } from '../transport/index.ts';
import { InviteClientTransaction } from './invite-client.ts';
import { NonInviteClientTransaction } from './non-invite-client.ts';

let flow: RecordingFlow;
let events: string[];

type Client = InviteClientTransaction | NonInviteClientTransaction;

function start(
  Machine: new (...parts: ConstructorParameters<typeof InviteClientTransaction>) => Client,
  method: string,
  transport: TransportName = 'udp',
): Client {
  flow = new RecordingFlow(transport);
  const request = requestOf(method);
  const transaction = new Machine(flow.context, request, serialize(request), flow, {
    response: ({ status }) => events.push(String(status)),
    failed: (cause) => events.push(cause),
    ended: () => events.push('ended'),
  });
  transaction.start();
  return transaction;
}

beforeEach(() => {
  events = [];
});

test('an error at the end of a connection affects only its own transaction', () => {
  const seen: Defect[] = [];
  onTestFinished(defects.on((defect) => seen.push(defect)));
  flow = new RecordingFlow('tcp');
  const begin = (branch: string, failed: () => void) => {
    const request = requestOf('OPTIONS', branch);
    const user = { response: () => {}, failed };
    new NonInviteClientTransaction(flow.context, request, serialize(request), flow, user).start();
  };
  begin('z9hG4bKa', () => {
    throw new Error('a defect');
  });
  begin('z9hG4bKb', () => events.push('failed'));
  flow.ended.emit();
  expect(events).toEqual(['failed']);
  expect(seen.map(({ origin }) => origin)).toEqual(['sip.connection']);
});

describe('an INVITE client transaction', () => {
  const invite = (transport?: TransportName) => start(InviteClientTransaction, 'INVITE', transport);

  test('retransmits the INVITE at doubling intervals (Timer A) and times out after 64 × T1 (Timer B)', async () => {
    invite();
    await flow.clock.advance(40_000);
    expect(flow.times('INVITE')).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(events).toEqual(['ended', 'timeout']);
    expect(flow.clock.pending).toBe(0);
  });

  test('does not retransmit over TCP, but times out', async () => {
    invite('tcp');
    await flow.clock.advance(40_000);
    expect(flow.times('INVITE')).toEqual([0]);
    expect(events).toEqual(['ended', 'timeout']);
  });

  test('stops retransmitting at the first provisional response, and then waits without limit', async () => {
    const transaction = invite();
    await flow.clock.advance(600);
    transaction.receive(responseOf(transaction.request, 180));
    await flow.clock.advance(600_000);
    expect(flow.times('INVITE')).toEqual([0, 500]);
    expect(events).toEqual(['180']);
    transaction.terminate();
  });

  test('acknowledges a refusal and its retransmissions until Timer D', async () => {
    const transaction = invite();
    transaction.receive(responseOf(transaction.request, 486));
    await flow.clock.advance(500);
    transaction.receive(responseOf(transaction.request, 486));
    expect(flow.times('ACK')).toEqual([0, 500]);
    expect(events).toEqual(['486']);
    await flow.clock.advance(32_000);
    expect(events).toEqual(['486', 'ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('ends immediately after a refusal over TCP (Timer D is 0)', () => {
    const transaction = invite('tcp');
    transaction.receive(responseOf(transaction.request, 486));
    expect(events).toEqual(['486', 'ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('reports every 2xx to its user until Timer M, and leaves the ACK to it (RFC 6026)', async () => {
    const transaction = invite();
    transaction.receive(responseOf(transaction.request, 200));
    await flow.clock.advance(1000);
    transaction.receive(responseOf(transaction.request, 200));
    transaction.receive(responseOf(transaction.request, 486));
    expect(flow.times('ACK')).toEqual([]);
    expect(events).toEqual(['200', '200']);
    await flow.clock.advance(31_000);
    expect(events).toEqual(['200', '200', 'ended']);
  });
});

describe('a non-INVITE client transaction', () => {
  const options = (transport?: TransportName) => start(NonInviteClientTransaction, 'OPTIONS', transport);

  test('retransmits at intervals up to T2 (Timer E) and times out after 64 × T1 (Timer F)', async () => {
    options();
    await flow.clock.advance(40_000);
    expect(flow.times('OPTIONS')).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(events).toEqual(['ended', 'timeout']);
    expect(flow.clock.pending).toBe(0);
  });

  test('retransmits every T2 after a provisional response', async () => {
    const transaction = options();
    transaction.receive(responseOf(transaction.request, 100));
    await flow.clock.advance(9000);
    expect(flow.times('OPTIONS')).toEqual([0, 500, 4500, 8500]);
    transaction.terminate();
  });

  test('reports the final response once, and absorbs its retransmissions until Timer K', async () => {
    const transaction = options();
    transaction.receive(responseOf(transaction.request, 200));
    transaction.receive(responseOf(transaction.request, 200));
    await flow.clock.advance(4999);
    expect(events).toEqual(['200']);
    await flow.clock.advance(1);
    expect(events).toEqual(['200', 'ended']);
  });

  test('ends immediately after the final response over TCP (Timer K is 0)', () => {
    const transaction = options('tcp');
    transaction.receive(responseOf(transaction.request, 200));
    expect(events).toEqual(['200', 'ended']);
    expect(flow.clock.pending).toBe(0);
  });
});

test.each([
  ['INVITE', InviteClientTransaction],
  ['OPTIONS', NonInviteClientTransaction],
] as const)(
  'a repeated %s that the network refuses ends the transaction with an error',
  async (method, Machine) => {
    start(Machine, method);
    flow.broken = true;
    await flow.clock.advance(500);
    expect(events).toEqual(['ended', 'transport_error']);
    expect(flow.clock.pending).toBe(0);
  },
);
