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
import type { Counters, Flow } from './flow.ts';

/** Handles every valid request, and every response, which may have a `fault`. */
export type Received = (message: SipMessage, flow: Flow) => void;

/** Malformed responses are logged at most once in this time, so that a peer cannot flood the log. */
const LOG_INTERVAL_MS = 10_000;

/** Validates received messages: passes on valid ones, counts and answers the others (RFC 3261 §18.2.1). */
export class MessageReceiver {
  received: Received = () => {};
  #counters: Counters;
  #clock: Clock;
  #log: Log;
  #lastLogged = Number.NEGATIVE_INFINITY;
  #notLogged = 0;

  constructor(counters: Counters, clock: Clock, log: Log) {
    this.#counters = counters;
    this.#clock = clock;
    this.#log = log;
  }

  receive(message: SipMessage, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    if (message.kind === 'response') {
      this.#receiveResponse(message, flow);
      return;
    }
    const refusal = validate(message);
    if (refusal) this.#refuse(message, refusal.status, refusal.message, flow);
    else {
      addReceived(message, flow);
      this.#deliver(message, flow);
    }
  }

  /** Counts and answers bytes that are not a message. */
  reject(error: SipSyntaxError, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    if (error.response) this.#receiveResponse(error.response, flow);
    else this.#refuse(error.partial, error.status, error.message, flow);
  }

  /** Passes on malformed responses too, so that their transaction ends. */
  #receiveResponse(response: SipResponse, flow: Flow): void {
    const fault = response.fault ?? faultOf(response);
    if (fault !== undefined) {
      response.fault = fault;
      this.#counters[flow.remote.transport].malformed++;
      this.#report(response.status, fault, flow);
    }
    this.#deliver(response, flow);
  }

  #report(status: number, error: string, { remote }: Flow): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastLogged < LOG_INTERVAL_MS) {
      this.#notLogged++;
      return;
    }
    const more = this.#notLogged > 0 ? { more: this.#notLogged } : {};
    this.#log.warn({ source: remote.address, status, error, ...more }, 'received a malformed SIP response');
    this.#lastLogged = now;
    this.#notLogged = 0;
  }

  /** Contains an error while handling one message, so that no other call is affected. */
  #deliver(message: SipMessage, flow: Flow): void {
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
    // RFC 3261 §17.1.1.3: an ACK is never answered.
    if (!message || message.method === 'ACK') return;
    const back = refusalFlow(message, flow);
    const response = createResponse(message, status, undefined, statelessTag(message));
    response.headers.append('Warning', warningOf(why));
    back.send(serialize(response));
  }
}

/** The flow of a refusal: as the Via specifies, or to the source if the Via is malformed. */
function refusalFlow(request: { headers: Headers }, flow: Flow): Flow {
  try {
    addReceived(request, flow);
    return replyFlow(request, flow);
  } catch (error) {
    if (error instanceof SipSyntaxError) return flow;
    throw error;
  }
}

/** Adds `received` and `rport` to the top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
function addReceived(request: { headers: Headers }, flow: Flow): void {
  const via = topVia(request);
  const { address, port } = flow.remote;
  if (via.rport === undefined && via.host === address) return;
  const rport = via.rport === undefined ? undefined : String(port);
  setTopVia(request, { ...via, received: address, rport });
}

/** The flow of the responses to a request (RFC 3261 §18.2.2). */
export function replyFlow(request: { headers: Headers }, flow: Flow): Flow {
  if (!flow.at) return flow;
  const via = topVia(request);
  // RFC 3581 §4: with rport to the source port, else to the port of the Via.
  const port = via.rport === undefined ? (via.port ?? 5060) : flow.remote.port;
  return port === flow.remote.port ? flow : flow.at(port);
}
