import { beforeEach, describe, expect, test } from 'vitest';
import { requestOf, responseOf, Wire } from '../testing/wire.ts';
import type { TransportName } from '../transport/index.ts';
import { InviteServerTransaction } from './invite-server.ts';
import { NonInviteServerTransaction } from './non-invite-server.ts';

let wire: Wire;
let told: string[];

beforeEach(() => {
  told = [];
});

describe('an INVITE server transaction', () => {
  const request = requestOf('INVITE');
  const ack = requestOf('ACK');
  const begin = (transport: TransportName = 'udp') => {
    wire = new Wire(transport);
    return new InviteServerTransaction(wire.context, request, wire, {
      acked: () => told.push('acked'),
      ended: () => told.push('ended'),
    });
  };

  test('says 100 by itself after 200 ms', async () => {
    const transaction = begin();
    await wire.clock.advance(199);
    expect(wire.sent).toEqual([]);
    await wire.clock.advance(1);
    expect(wire.times('100 INVITE')).toEqual([200]);
    transaction.terminate();
  });

  test('says no 100 when it has an answer by then', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 180));
    await wire.clock.advance(1000);
    expect(wire.sent).toEqual([{ at: 0, what: '180 INVITE' }]);
    transaction.terminate();
  });

  test('answers a repeated INVITE with what it said last', async () => {
    const transaction = begin();
    transaction.receive(request);
    transaction.respond(responseOf(request, 180));
    transaction.receive(request);
    expect(wire.sent.map(({ what }) => what)).toEqual(['180 INVITE', '180 INVITE']);
    transaction.terminate();
  });

  test('repeats a refusal (Timer G) until it gives up (Timer H)', async () => {
    begin().respond(responseOf(request, 486));
    await wire.clock.advance(40_000);
    expect(wire.times('486 INVITE')).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(told).toEqual(['ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('is silent after the ACK of a refusal, takes up repeated ACKs, and ends with Timer I', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 486));
    transaction.receive(ack);
    transaction.receive(ack);
    await wire.clock.advance(4999);
    expect(wire.times('486 INVITE')).toEqual([0]);
    expect(told).toEqual([]);
    await wire.clock.advance(1);
    expect(told).toEqual(['ended']);
  });

  test('over TCP it repeats no refusal, and ends with the ACK', async () => {
    const transaction = begin('tcp');
    transaction.respond(responseOf(request, 486));
    await wire.clock.advance(10_000);
    expect(wire.times('486 INVITE')).toEqual([0]);
    transaction.receive(ack);
    expect(told).toEqual(['ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('takes up repeated INVITEs after a 2xx, hands up its ACK, and ends with Timer L (RFC 6026)', async () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 200));
    transaction.receive(request);
    transaction.receive(ack);
    transaction.repeat();
    expect(wire.times('200 INVITE')).toEqual([0, 0]);
    await wire.clock.advance(31_999);
    expect(told).toEqual(['acked']);
    await wire.clock.advance(1);
    expect(told).toEqual(['acked', 'ended']);
  });

  test('says nothing more after its final response', () => {
    const transaction = begin();
    transaction.respond(responseOf(request, 486));
    transaction.respond(responseOf(request, 200));
    transaction.respond(responseOf(request, 180));
    expect(wire.sent.map(({ what }) => what)).toEqual(['486 INVITE']);
    transaction.terminate();
  });
});

describe('a non-INVITE server transaction', () => {
  const request = requestOf('OPTIONS');
  const begin = (transport: TransportName = 'udp') => {
    wire = new Wire(transport);
    return new NonInviteServerTransaction(wire.context, request, wire, () => told.push('ended'));
  };

  test('answers a repeated request with its final response, until Timer J', async () => {
    const transaction = begin();
    transaction.receive(request);
    expect(wire.sent).toEqual([]);
    transaction.respond(responseOf(request, 200));
    transaction.respond(responseOf(request, 500));
    transaction.receive(request);
    expect(wire.sent.map(({ what }) => what)).toEqual(['200 OPTIONS', '200 OPTIONS']);
    await wire.clock.advance(32_000);
    expect(told).toEqual(['ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('over TCP its final response ends it (Timer J is 0)', () => {
    begin('tcp').respond(responseOf(request, 200));
    expect(told).toEqual(['ended']);
    expect(wire.clock.pending).toBe(0);
  });

  test('does not wait for ever for a user that never answers', async () => {
    begin();
    await wire.clock.advance(32_000);
    expect(told).toEqual(['ended']);
  });
});
