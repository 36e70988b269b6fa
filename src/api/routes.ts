import { actionRoutes } from './actions/routes.ts';
import { customerRoutes } from './admin/customers.ts';
import { adminDidRoutes } from './admin/dids.ts';
import { moneyRoutes } from './admin/money.ts';
import { nodeRoutes } from './admin/nodes.ts';
import { quarantineRoutes } from './admin/quarantine.ts';
import { rateRoutes } from './admin/rates.ts';
import { adminTrunkRoutes } from './admin/trunks.ts';
import { verifiedNumberRoutes } from './admin/verified-numbers.ts';
import { applicationRoutes } from './applications/routes.ts';
import { usageRoutes } from './billing/routes.ts';
import { eraseCallRoutes } from './calls/erase.ts';
import { recordingControlRoutes } from './calls/recording-control.ts';
import { callRoutes } from './calls/routes.ts';
import { didRoutes } from './dids/routes.ts';
import { eventRoutes } from './events/routes.ts';
import { insightRoutes } from './insights/routes.ts';
import { phoneRoutes } from './phones/routes.ts';
import { recordingRoutes } from './recordings/routes.ts';
import type { Route } from './route.ts';
import { systemRoutes } from './system/routes.ts';
import { trunkRoutes } from './trunks/routes.ts';
import { voiceRoutes } from './voices/routes.ts';

/** Every route there is: the server, the reference and the tests go by this one table. */
export const ROUTES: readonly Route[] = [
  ...applicationRoutes,
  ...callRoutes,
  ...eraseCallRoutes,
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
  ...moneyRoutes,
  ...rateRoutes,
  ...nodeRoutes,
  ...quarantineRoutes,
  ...systemRoutes,
];
