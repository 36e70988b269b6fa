import { type Clock, type Log, reportDefect } from '../../core/index.ts';
import {
  createResponse,
  faultOf,
  type Headers,
  type SipMessage,
  type SipResponse,
  SipSyntaxError,
  serialize,
  setTopVia,
  statelessTag,
  topVia,
  validate,
  warningOf,
} from '../message/index.ts';
import type { Counters } from './counters.ts';
import type { Flow } from './flow.ts';

/** Takes every sound request that comes in, and every response, with its fault where it has one. */
export type Received = (message: SipMessage, flow: Flow) => void;

/** Responses that cannot be read are logged once in this time: a peer must not fill the log. */
const LOG_EVERY_MS = 10_000;

/** The gate: what is sound goes in, what is not is counted, and answered where that is possible. */
export class Intake {
  received: Received = () => {};
  #counters: Counters;
  #clock: Clock;
  #log: Log;
  #logged = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor(counters: Counters, clock: Clock, log: Log) {
    this.#counters = counters;
    this.#clock = clock;
    this.#log = log;
  }

  take(message: SipMessage, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    if (message.kind === 'response') {
      this.#takeResponse(message, flow);
      return;
    }
    const refusal = validate(message);
    if (refusal) this.#refuse(message, refusal.status, refusal.message, flow);
    else {
      stampVia(message, flow);
      this.#pass(message, flow);
    }
  }

  /** Of bytes that could not be made a message. */
  reject(error: SipSyntaxError, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    if (error.response) this.#takeResponse(error.response, flow);
    else this.#refuse(error.partial, error.status, error.message, flow);
  }

  /** Also a response that cannot be read is an answer: its transaction must not wait for another one. */
  #takeResponse(response: SipResponse, flow: Flow): void {
    const fault = response.fault ?? faultOf(response);
    if (fault !== undefined) {
      response.fault = fault;
      this.#counters[flow.remote.transport].malformed++;
      this.#report(response.status, fault, flow);
    }
    this.#pass(response, flow);
  }

  #report(status: number, error: string, { remote }: Flow): void {
    const now = this.#clock.monotonic();
    if (now - this.#logged < LOG_EVERY_MS) {
      this.#unlogged++;
      return;
    }
    const more = this.#unlogged > 0 ? { more: this.#unlogged } : {};
    this.#log.warn({ source: remote.address, status, error, ...more }, 'could not read a SIP response');
    this.#logged = now;
    this.#unlogged = 0;
  }

  /** One message that we cannot handle must not take down the calls of all others. */
  #pass(message: SipMessage, flow: Flow): void {
    try {
      this.received(message, flow);
    } catch (error) {
      this.#counters[flow.remote.transport].defects++;
      reportDefect('sip.message', error);
    }
  }

  #refuse(
    message: { method: string; headers: Headers } | undefined,
    status: number,
    why: string,
    flow: Flow,
  ): void {
    this.#counters[flow.remote.transport].malformed++;
    // RFC 3261 §17.1.1.3: nothing answers an ACK.
    if (!message || message.method === 'ACK') return;
    const back = stampedFlow(message, flow);
    const response = createResponse(message, status, undefined, statelessTag(message));
    response.headers.append('Warning', warningOf(why));
    back.send(serialize(response));
  }
}

/** Where to refuse a request: as its Via says, or back to its source when the Via cannot be read. */
function stampedFlow(request: { headers: Headers }, flow: Flow): Flow {
  try {
    stampVia(request, flow);
    return replyFlow(request, flow);
  } catch (error) {
    if (error instanceof SipSyntaxError) return flow;
    throw error;
  }
}

/** RFC 3261 §18.2.1 and RFC 3581 §4: notes in the top Via where the request really came from. */
function stampVia(request: { headers: Headers }, flow: Flow): void {
  const via = topVia(request);
  const { address, port } = flow.remote;
  if (via.rport === undefined && via.host === address) return;
  const rport = via.rport === undefined ? undefined : String(port);
  setTopVia(request, { ...via, received: address, rport });
}

/** RFC 3261 §18.2.2: where the response to a request goes. */
export function replyFlow(request: { headers: Headers }, flow: Flow): Flow {
  if (!flow.at) return flow;
  const via = topVia(request);
  // RFC 3581 §4: with rport back to the very port, else to the one that the sender has named.
  const port = via.rport === undefined ? (via.port ?? 5060) : flow.remote.port;
  return port === flow.remote.port ? flow : flow.at(port);
}
