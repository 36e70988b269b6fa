import { Signal } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { createRequest, createResponse, type SipRequest, type SipResponse } from '../message/index.ts';
import { standardTimers } from '../transaction/index.ts';
import type { Flow, TransportName } from '../transport/index.ts';
import { summary } from './pair.ts';

/** A flow without peer that records what is sent, with the time in ms since the start. */
export class RecordingFlow implements Flow {
  readonly clock = new VirtualClock();
  readonly context = { clock: this.clock, timers: standardTimers };
  readonly sent: { at: number; what: string }[] = [];
  readonly reliable: boolean;
  readonly remote;
  readonly ended = new Signal<void>();
  broken = false;

  constructor(transport: TransportName) {
    this.reliable = transport === 'tcp';
    this.remote = { transport, address: '10.0.0.2', port: 5060 };
  }

  send(data: Buffer, failed?: (error: Error) => void): void {
    if (this.broken) failed?.(new Error('the network is unreachable'));
    else this.sent.push({ at: this.clock.monotonic(), what: summary(data) });
  }

  /** Times in ms at which a message was sent. */
  times(what: string): number[] {
    return this.sent.filter((each) => each.what === what).map(({ at }) => at);
  }
}

export function requestOf(method: string, branch = 'z9hG4bKtest'): SipRequest {
  const request = createRequest({ method, uri: 'sip:bob@10.0.0.2' });
  request.headers
    .append('Via', `SIP/2.0/UDP 10.0.0.1:5060;branch=${branch};rport=5060;received=10.0.0.2`)
    .append('Max-Forwards', '70')
    .append('From', '<sip:alice@10.0.0.1>;tag=a')
    .append('To', '<sip:bob@10.0.0.2>')
    .append('Call-ID', 'call')
    .append('CSeq', `1 ${method}`);
  return request;
}

export const responseOf = (request: SipRequest, status: number): SipResponse =>
  createResponse(request, status, undefined, 'b');
