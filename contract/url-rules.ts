/** The URLs that the operator lets customers name. */
export interface UrlRules {
  /** Lets URLs be http and ws, and reach private addresses: for development. */
  allowPrivateUrls?: boolean;
  /** Why a host that is written as an address may not be reached, such as `a loopback address`; undefined where it may. */
  whyPrivate?: (host: string) => string | undefined;
}

const SETTING = 'unless the server is started with MINIVOICE_ALLOW_PRIVATE_URLS=true';
const SECURE: Record<string, string> = { 'http:': 'https://', 'ws:': 'wss://' };

/**
 * What a URL would have to be to be requested; undefined where it may be as it is. Host names are checked again, by
 * their addresses, when the URL is requested.
 * @param url is valid and absolute.
 * @param plain whether http is allowed to public addresses.
 */
export function urlExpected(url: string, rules: UrlRules, plain = false): string | undefined {
  if (rules.allowPrivateUrls) return undefined;
  const { protocol, hostname } = new URL(url);
  const secure = SECURE[protocol];
  if (secure && !plain) return `a URL that begins with ${secure}, ${SETTING}`;
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const why = /(^|\.)localhost$/.test(host) ? 'a loopback address' : rules.whyPrivate?.(host);
  return why && `a URL of the public internet (${host} is ${why}), ${SETTING}`;
}
