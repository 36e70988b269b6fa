import type { UserAgent, UserAgentCounters } from '../sip/index.ts';

/** What `/metrics` tells of SIP: what is open, what made no sense, and who is not answered any more. */
export function sipFigures(
  userAgent: Pick<UserAgent, 'counters'>,
  strangers: { silenced: number; ignored: number },
) {
  const sum = (name: 'received' | 'malformed' | 'defects') => () =>
    Object.values(userAgent.counters.transport).reduce((total, transport) => total + transport[name], 0);
  const open = (name: keyof UserAgentCounters['open']) => () => userAgent.counters.open[name];
  return {
    sip_dialogs_open: { help: 'dialogs that are not over, early ones too', value: open('dialogs') },
    sip_invites_open: { help: 'INVITEs, ours and theirs, without a final response', value: open('invites') },
    sip_transactions_open: {
      help: 'transactions that may still repeat a message',
      value: open('transactions'),
    },
    sip_messages_received: { help: 'SIP messages so far', value: sum('received') },
    sip_messages_malformed: { help: 'those of them that could not be read', value: sum('malformed') },
    sip_messages_failed: {
      help: 'those of them that a defect kept from being handled',
      value: sum('defects'),
    },
    sip_addresses_silenced: {
      help: 'addresses that were not answered any more after ten refusals',
      value: () => strangers.silenced,
    },
    sip_requests_ignored: { help: 'requests from such addresses', value: () => strangers.ignored },
  };
}
