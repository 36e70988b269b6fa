import { isIP } from 'node:net';
import type { UrlRules } from '../../contract/url-rules.ts';
import type { Config } from '../config.ts';
import { whyNotPublic } from '../net/index.ts';

/** Which URLs customers may name, by the operator's settings. */
export const urlRules = ({ allowPrivateUrls }: Pick<Config, 'allowPrivateUrls'>): UrlRules => ({
  allowPrivateUrls,
  whyPrivate: (host) => (isIP(host) === 0 ? undefined : whyNotPublic(host)),
});

/** Who is believed to be who, and who may read the metrics. */
export const accessRules = ({ httpHost, metricsToken, trustedProxies }: Config) => ({
  trustedProxies,
  metrics: { token: metricsToken, open: metricsToken === '' && isLoopback(httpHost) },
});

const isLoopback = (host: string): boolean => /^(127\.|::1$|\[::1\]$|localhost$)/.test(host);
