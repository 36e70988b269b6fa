import type { Hop, InviteOptions } from '../sip/index.ts';

/** One way to reach a destination: over a trunk, straight to a host, or to where a phone has registered. */
export interface Way
  extends Pick<InviteOptions, 'target' | 'to' | 'from' | 'route' | 'headers' | 'credentials'> {
  /** For the log. */
  name: string;
  /** Where the INVITE is sent: a URI whose host is still to be found, or a hop that is known. */
  destination: string | Hop;
  /** Whether the host was given by a customer, and so must be one of the public internet. */
  guarded: boolean;
  /** For whom a host is called that must be no trunk of others: they would pay for the call, or lend it their name. */
  straightFor?: string;
  /** Only encrypted sound will do. */
  srtp?: boolean;
}
