import type { Route } from '../route.ts';
import { actionRoutes } from './actions.ts';
import { applicationRoutes, customerRoutes } from './applications.ts';
import { balanceRoutes, usageRoutes } from './billing.ts';
import { callRoutes } from './calls.ts';
import { eventRoutes } from './events.ts';
import { insightRoutes } from './insights.ts';
import { adminDidRoutes, didRoutes, verifiedNumberRoutes } from './numbers.ts';
import { nodeRoutes, quarantineRoutes } from './operations.ts';
import { phoneRoutes } from './phones.ts';
import { rateRoutes } from './rates.ts';
import { recordingControlRoutes, recordingRoutes } from './recordings.ts';
import { voiceRoutes } from './speech.ts';
import { systemRoutes } from './system.ts';
import { adminTrunkRoutes, trunkRoutes } from './trunks.ts';

/** All routes, in the order of the reference. The server, the reference and the tests use this table. */
export const ROUTES: readonly Route[] = [
  ...applicationRoutes,
  ...callRoutes,
  ...recordingControlRoutes,
  ...recordingRoutes,
  ...insightRoutes,
  ...eventRoutes,
  ...actionRoutes,
  ...didRoutes,
  ...trunkRoutes,
  ...phoneRoutes,
  ...voiceRoutes,
  ...usageRoutes,
  ...customerRoutes,
  ...adminDidRoutes,
  ...adminTrunkRoutes,
  ...verifiedNumberRoutes,
  ...balanceRoutes,
  ...rateRoutes,
  ...nodeRoutes,
  ...quarantineRoutes,
  ...systemRoutes,
];
