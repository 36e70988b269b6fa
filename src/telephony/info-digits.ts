import type { Digit } from '../calls/index.ts';
import { bodyOf, type Reply, type SipRequest, unsupportedBodyType } from '../sip/index.ts';

const RELAY = 'application/dtmf-relay';
const PLAIN = 'application/dtmf';
/** Keys by event number (RFC 4733 §3.2), which some phones send. Event 16 is a flash and not a key. */
const EVENTS = '0123456789*#ABCD';
const FLASH = /^(16|!|f|h|hf|flash|hook-?flash)$/i;
/** The duration of a press in milliseconds: the default, and the maximum. */
const DURATION_MS = { default: 160, max: 5000 };

/**
 * Takes the key press from an INFO, in one of the two forms that phones send. An INFO without a body is a keepalive
 * (RFC 6086). Other bodies get 415, and a signal that is not a key gets 400.
 */
export function takeInfo(request: SipRequest, press: (digit: Digit) => void): Reply {
  if (request.body.length === 0) return { status: 200 };
  const body = bodyOf(request, RELAY) ?? bodyOf(request, PLAIN);
  const type = unsupportedBodyType(request, bodyOf(request, RELAY) ? RELAY : PLAIN);
  if (body === undefined || type !== undefined) {
    return {
      status: 415,
      headers: [
        ['Accept', `${RELAY}, ${PLAIN}`],
        ['Accept-Encoding', 'identity'],
      ],
      why: `${type ?? 'The body'} is not supported in an INFO`,
    };
  }
  const text = body.toString('latin1');
  const signal = field(text, 'Signal') ?? text.trim();
  if (FLASH.test(signal)) return { status: 200 };
  const digit = keyOf(signal);
  if (digit === undefined) return { status: 400, reason: 'Signal Is Not A Key' };
  const ms = Number(/^\d{1,9}/.exec(field(text, 'Duration') ?? '')?.[0] ?? DURATION_MS.default);
  press({ digit, durationMs: Math.min(ms, DURATION_MS.max) });
  return { status: 200 };
}

/** The value of a line `name=value` or `name: value` without quotes. Case and spaces are ignored. */
function field(text: string, name: string): string | undefined {
  const line = new RegExp(`^[ \\t]*${name}[ \\t]*[=:][ \\t]*"?([^"\\r\\n]*)`, 'im').exec(text);
  return line?.[1]?.trim();
}

function keyOf(signal: string): string | undefined {
  const key = signal.toUpperCase();
  if (key.length === 1) return EVENTS.includes(key) ? key : undefined;
  return /^(0\d|1[0-5])$/.test(key) ? EVENTS[Number(key)] : undefined;
}
