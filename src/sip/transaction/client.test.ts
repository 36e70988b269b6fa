import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Defect, defects } from '../../core/index.ts';
import { serialize } from '../message/index.ts';
import { requestOf, responseOf, Wire } from '../testing/wire.ts';
import type { TransportName } from '../transport/index.ts';
import { InviteClientTransaction } from './invite-client.ts';
import { NonInviteClientTransaction } from './non-invite-client.ts';

let wire: Wire;
let told: string[];

type Client = InviteClientTransaction | NonInviteClientTransaction;

function start(
  Machine: new (...parts: ConstructorParameters<typeof InviteClientTransaction>) => Client,
  method: string,
  transport: TransportName = 'udp',
): Client {
  wire = new Wire(transport);
  const request = requestOf(method);
  const transaction = new Machine(wire.context, request, serialize(request), wire, {
    response: ({ status }) => told.push(String(status)),
    failed: (cause) => told.push(cause),
    ended: () => told.push('ended'),
  });
  transaction.start();
  return transaction;
}

beforeEach(() => {
  told = [];
});

test('a transaction that cannot handle the end of its connection fails alone', () => {
  const seen: Defect[] = [];
  onTestFinished(defects.on((defect) => seen.push(defect)));
  wire = new Wire('tcp');
  const begin = (branch: string, failed: () => void) => {
    const request = requestOf('OPTIONS', branch);
    const user = { response: () => {}, failed };
    new NonInviteClientTransaction(wire.context, request, serialize(request), wire, user).start();
  };
  begin('z9hG4bKa', () => {
    throw new Error('a defect');
  });
  begin('z9hG4bKb', () => told.push('failed'));
  wire.ended.emit();
  expect(told).toEqual(['failed']);
  expect(seen.map(({ origin }) => origin)).toEqual(['sip.connection']);
});

describe('an INVITE client transaction', () => {
  const invite = (transport?: TransportName) => start(InviteClientTransaction, 'INVITE', transport);

  test('repeats the INVITE with doubling intervals (Timer A) and gives up after 64 × T1 (Timer B)', async () => {
    invite();
    await wire.clock.advance(40_000);
    expect(wire.times('INVITE')).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(told).toEqual(['ended', 'timeout']);
    expect(wire.clock.pending).toBe(0);
  });

  test('repeats nothing over TCP, but gives up all the same', async () => {
    invite('tcp');
    await wire.clock.advance(40_000);
    expect(wire.times('INVITE')).toEqual([0]);
    expect(told).toEqual(['ended', 'timeout']);
  });

  test('stops repeating at the first provisional response, and then waits as long as it rings', async () => {
    const transaction = invite();
    await wire.clock.advance(600);
    transaction.receive(responseOf(transaction.request, 180));
    await wire.clock.advance(600_000);
    expect(wire.times('INVITE')).toEqual([0, 500]);
    expect(told).toEqual(['180']);
    transaction.terminate();
  });

  test('acknowledges a refusal, each time that it comes, until Timer D', async () => {
    const transaction = invite();
    transaction.receive(responseOf(transaction.request, 486));
    await wire.clock.advance(500);
    transaction.receive(responseOf(transaction.request, 486));
    expect(wire.times('ACK')).toEqual([0, 500]);
    expect(told).toEqual(['486']);
    await wire.clock.advance(32_000);
    expect(told).toEqual(['486', 'ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('over TCP a refusal ends it at once (Timer D is 0)', () => {
    const transaction = invite('tcp');
    transaction.receive(responseOf(transaction.request, 486));
    expect(told).toEqual(['486', 'ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('hands up every 2xx until Timer M, and leaves the ACK to its user (RFC 6026)', async () => {
    const transaction = invite();
    transaction.receive(responseOf(transaction.request, 200));
    await wire.clock.advance(1000);
    transaction.receive(responseOf(transaction.request, 200));
    transaction.receive(responseOf(transaction.request, 486));
    expect(wire.times('ACK')).toEqual([]);
    expect(told).toEqual(['200', '200']);
    await wire.clock.advance(31_000);
    expect(told).toEqual(['200', '200', 'ended']);
  });
});

describe('a non-INVITE client transaction', () => {
  const options = (transport?: TransportName) => start(NonInviteClientTransaction, 'OPTIONS', transport);

  test('repeats with intervals up to T2 (Timer E) and gives up after 64 × T1 (Timer F)', async () => {
    options();
    await wire.clock.advance(40_000);
    expect(wire.times('OPTIONS')).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(told).toEqual(['ended', 'timeout']);
    expect(wire.clock.pending).toBe(0);
  });

  test('repeats every T2 once it has had a provisional response', async () => {
    const transaction = options();
    transaction.receive(responseOf(transaction.request, 100));
    await wire.clock.advance(9000);
    expect(wire.times('OPTIONS')).toEqual([0, 500, 4500, 8500]);
    transaction.terminate();
  });

  test('tells the final response once, and takes up its repetitions until Timer K', async () => {
    const transaction = options();
    transaction.receive(responseOf(transaction.request, 200));
    transaction.receive(responseOf(transaction.request, 200));
    await wire.clock.advance(4999);
    expect(told).toEqual(['200']);
    await wire.clock.advance(1);
    expect(told).toEqual(['200', 'ended']);
  });

  test('over TCP the final response ends it at once (Timer K is 0)', () => {
    const transaction = options('tcp');
    transaction.receive(responseOf(transaction.request, 200));
    expect(told).toEqual(['200', 'ended']);
    expect(wire.clock.pending).toBe(0);
  });
});

test.each([
  ['INVITE', InviteClientTransaction],
  ['OPTIONS', NonInviteClientTransaction],
] as const)(
  'a repeated %s that the network refuses ends the transaction with an error',
  async (method, Machine) => {
    start(Machine, method);
    wire.broken = true;
    await wire.clock.advance(500);
    expect(told).toEqual(['ended', 'transport_error']);
    expect(wire.clock.pending).toBe(0);
  },
);
