import type { Digit } from '../calls/index.ts';
import { bodyOf, type Reply, type SipRequest, unsupportedBodyType } from '../sip/index.ts';

const RELAY = 'application/dtmf-relay';
const PLAIN = 'application/dtmf';
/** RFC 4733 §3.2: some send the number of the event. 16 is a flash, which is no key. */
const EVENTS = '0123456789*#ABCD';
const FLASH = /^(16|!|f|h|hf|flash|hook-?flash)$/i;
/** What a press is said to last, in milliseconds, where that is not said, or cannot be. */
const DURATION_MS = { usual: 160, longest: 5000 };

/**
 * Takes the key press in an INFO, in one of the two forms that phones send. An INFO without a body only asks whether
 * we are there (RFC 6086); other bodies are refused with 415, and what is no key with 400.
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
      why: `${type ?? 'The body'} is not understood in an INFO`,
    };
  }
  const text = body.toString('latin1');
  const signal = field(text, 'Signal') ?? text.trim();
  if (FLASH.test(signal)) return { status: 200 };
  const digit = keyOf(signal);
  if (digit === undefined) return { status: 400, reason: 'Signal Is Not A Key' };
  const ms = Number(/^\d{1,9}/.exec(field(text, 'Duration') ?? '')?.[0] ?? DURATION_MS.usual);
  press({ digit, durationMs: Math.min(ms, DURATION_MS.longest) });
  return { status: 200 };
}

/** The value of `name=value` or `name: value` on a line of its own, whatever its case and spaces; quotes are taken off. */
function field(text: string, name: string): string | undefined {
  const line = new RegExp(`^[ \\t]*${name}[ \\t]*[=:][ \\t]*"?([^"\\r\\n]*)`, 'im').exec(text);
  return line?.[1]?.trim();
}

function keyOf(signal: string): string | undefined {
  const key = signal.toUpperCase();
  if (key.length === 1) return EVENTS.includes(key) ? key : undefined;
  return /^(0\d|1[0-5])$/.test(key) ? EVENTS[Number(key)] : undefined;
}
