// RFC 3261 §7.3.3 and the IANA registry of compact forms.
const COMPACT: Record<string, string> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Fields whose value is a comma list; in all others (Date, Subject, Authorization…) a comma is just a comma. */
const LISTS = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'alert-info',
  'allow',
  'allow-events',
  'call-info',
  'contact',
  'content-encoding',
  'content-language',
  'diversion',
  'error-info',
  'history-info',
  'in-reply-to',
  'p-asserted-identity',
  'p-preferred-identity',
  'path',
  'proxy-require',
  'reason',
  'record-route',
  'reject-contact',
  'require',
  'route',
  'security-client',
  'security-server',
  'security-verify',
  'service-route',
  'supported',
  'unsupported',
  'via',
  'warning',
]);

// The spellings that nearly every peer uses, so that they need not be lowered anew for each message.
const COMMON = new Map<string, string>();
for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'User-Agent', 'Allow'])
  COMMON.set(name, name.toLowerCase());
for (const name of [
  'Supported',
  'Content-Type',
  'Content-Length',
  'Route',
  'Record-Route',
  'Require',
  'Server',
])
  COMMON.set(name, name.toLowerCase());

/** The key under which a field is found: long form, lower case. */
export function headerKey(name: string): string {
  const common = COMMON.get(name);
  if (common) return common;
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** May this field hold several values, joined by commas? */
export function isListHeader(key: string): boolean {
  return LISTS.has(key);
}
