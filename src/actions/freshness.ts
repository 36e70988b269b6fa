/** What HTTP says of how long an answer may be used again (RFC 9111). */
export interface Freshness {
  /** Whether it may be kept at all. */
  store: boolean;
  /** Until when it may be used without asking, in milliseconds of the monotonic clock. */
  freshUntil: number;
  /** Headers that ask whether it has changed; none where the server gave nothing to ask with. */
  validators: Record<string, string>;
}

/** Longer than a day nothing is used without asking, whatever the server says. */
const MAX_FRESH_SECONDS = 86_400;

/** @param headers of a 200 or 304, with names in lower case. @param now of the monotonic clock. */
export function freshnessOf(headers: Record<string, string>, now: number): Freshness {
  const control = directivesOf(headers['cache-control'] ?? '');
  const validators: Record<string, string> = {};
  if (headers['etag']) validators['if-none-match'] = headers['etag'];
  // RFC 9110 §13.1.3: the date counts only where there is no entity tag.
  else if (headers['last-modified']) validators['if-modified-since'] = headers['last-modified'];
  const seconds = control.has('no-cache') ? 0 : lifetimeOf(control, headers) - (Number(headers['age']) || 0);
  const isVarying = headers['vary']?.includes('*') ?? false;
  return {
    store: !control.has('no-store') && !isVarying && (seconds > 0 || Object.keys(validators).length > 0),
    freshUntil: now + Math.max(0, Math.min(MAX_FRESH_SECONDS, seconds)) * 1000,
    validators,
  };
}

/** RFC 9111 §4.2.1: how many seconds it is fresh; nothing said is nothing assumed. */
function lifetimeOf(control: Map<string, string>, headers: Record<string, string>): number {
  const age = control.get('s-maxage') ?? control.get('max-age');
  if (age !== undefined) return Number(age) || 0;
  const [expires, date] = [Date.parse(headers['expires'] ?? ''), Date.parse(headers['date'] ?? '')];
  return Number.isNaN(expires) || Number.isNaN(date) ? 0 : (expires - date) / 1000;
}

function directivesOf(text: string): Map<string, string> {
  const directives = text.toLowerCase().split(',');
  return new Map(
    directives.map((each) => each.trim().split('=')).map(([name, value]) => [name!, unquoted(value)]),
  );
}

const unquoted = (value = ''): string => value.trim().replace(/^"|"$/g, '');
