import { beforeEach, describe, expect, test } from 'vitest';
import { RecordingFlow, requestOf, responseOf } from '../testing/recording-flow.ts';
import type { TransportName } from '../transport/index.ts';
import { InviteServerTransaction } from './invite-server.ts';
import { NonInviteServerTransaction } from './non-invite-server.ts';

let flow: RecordingFlow;
let events: string[];

beforeEach(() => {
  events = [];
});

describe('an INVITE server transaction', () => {
  const request = requestOf('INVITE');
  const ack = requestOf('ACK');
  const begin = (transport: TransportName = 'udp') => {
    flow = new RecordingFlow(transport);
    return new InviteServerTransaction(flow.context, request, flow, {
      acked: () => events.push('acked'),
      ended: () => events.push('ended'),
    });
  };

  test('sends 100 after 200 ms', async () => {
    const transaction = begin();
    await flow.clock.advance(199);
    expect(flow.sent).toEqual([]);
    await flow.clock.advance(1);
    expect(flow.times('100 INVITE')).toEqual([200]);
    transaction.terminate();
  });

  test('sends no 100 if there is a response by then', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 180));
    await flow.clock.advance(1000);
    expect(flow.sent).toEqual([{ at: 0, what: '180 INVITE' }]);
    transaction.terminate();
  });

  test('answers a retransmitted INVITE with its last response', async () => {
    const transaction = begin();
    transaction.receive(request);
    transaction.respond(responseOf(request, 180));
    transaction.receive(request);
    expect(flow.sent.map(({ what }) => what)).toEqual(['180 INVITE', '180 INVITE']);
    transaction.terminate();
  });

  test('retransmits a refusal (Timer G) until it times out (Timer H)', async () => {
    begin().respond(responseOf(request, 486));
    await flow.clock.advance(40_000);
    expect(flow.times('486 INVITE')).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(events).toEqual(['ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('absorbs retransmitted ACKs of a refusal, and ends with Timer I', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 486));
    transaction.receive(ack);
    transaction.receive(ack);
    await flow.clock.advance(4999);
    expect(flow.times('486 INVITE')).toEqual([0]);
    expect(events).toEqual([]);
    await flow.clock.advance(1);
    expect(events).toEqual(['ended']);
  });

  test('does not retransmit a refusal over TCP, and ends with the ACK', async () => {
    const transaction = begin('tcp');
    transaction.respond(responseOf(request, 486));
    await flow.clock.advance(10_000);
    expect(flow.times('486 INVITE')).toEqual([0]);
    transaction.receive(ack);
    expect(events).toEqual(['ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('absorbs retransmitted INVITEs after a 2xx, reports its ACK, and ends with Timer L (RFC 6026)', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 200));
    transaction.receive(request);
    transaction.receive(ack);
    transaction.retransmit();
    expect(flow.times('200 INVITE')).toEqual([0, 0]);
    await flow.clock.advance(31_999);
    expect(events).toEqual(['acked']);
    await flow.clock.advance(1);
    expect(events).toEqual(['acked', 'ended']);
  });

  test('sends nothing after its final response', () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 486));
    transaction.respond(responseOf(request, 200));
    transaction.respond(responseOf(request, 180));
    expect(flow.sent.map(({ what }) => what)).toEqual(['486 INVITE']);
    transaction.terminate();
  });
});

describe('a non-INVITE server transaction', () => {
  const request = requestOf('OPTIONS');
  const begin = (transport: TransportName = 'udp') => {
    flow = new RecordingFlow(transport);
    return new NonInviteServerTransaction(flow.context, request, flow, () => events.push('ended'));
  };

  test('answers a retransmitted request with its final response until Timer J', async () => {
    const transaction = begin();
    transaction.receive(request);
    expect(flow.sent).toEqual([]);
    transaction.respond(responseOf(request, 200));
    transaction.respond(responseOf(request, 500));
    transaction.receive(request);
    expect(flow.sent.map(({ what }) => what)).toEqual(['200 OPTIONS', '200 OPTIONS']);
    await flow.clock.advance(32_000);
    expect(events).toEqual(['ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('ends with its final response over TCP (Timer J is 0)', () => {
    begin('tcp').respond(responseOf(request, 200));
    expect(events).toEqual(['ended']);
    expect(flow.clock.pending).toBe(0);
  });

  test('times out if its user never responds', async () => {
    begin();
    await flow.clock.advance(32_000);
    expect(events).toEqual(['ended']);
  });
});
